"""What the servers of a cluster say of themselves, asked as their system account.

Servers are asked by their ids and not by a broadcast: a broadcast has no end mark, so it costs a waiting
time on a healthy cluster. A server without an address of its own is asked by way of one that has a
route to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Token
from symphony_doctor.model.jetstream import JetStream, MetaGroup
from symphony_doctor.sources import answers, jsz
from symphony_doctor.sources.attendance import INTERRUPTED
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.nats_server import greet
from symphony_doctor.sources.observation import Address, Observation, ResolverPack, ServerAnswers
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.system_account import Connection, RefusedError, connected

_SILENT = Missing(State.TIMED_OUT, "CLAIMS.LIST was not answered in time", "CLAIMS.LIST")

PAGE = 256
"""Accounts in one page of JSZ: the server holds a lock while it makes one."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """An address: its greeting, the connection or why there is none, and what its server said of itself."""

    greeted: ServerAnswers
    connection: Connection | Missing
    answers: ServerAnswers | None = None


async def inquire(
    addresses: Iterable[Address], credentials: Credentials, reading: Reading, seconds: float
) -> list[Observation]:
    """Ask every server all about itself, each within ``seconds``, and then those found on the way."""
    async with AsyncExitStack() as stack:
        reached = await asyncio.gather(
            *(
                reading.attendance.do(
                    address.who,
                    "connecting",
                    seconds,
                    partial(_reach, stack, address, credentials, reading, Deadline.after(seconds)),
                    partial(_unreached, address),
                )
                for address in addresses
            )
        )
        connections = [each.connection for each in reached if isinstance(each.connection, Connection)]
        asked = {
            each.connection.server.id: each.answers
            for each in reached
            if isinstance(each.connection, Connection) and each.answers is not None
        }
        deadline = Deadline.after(seconds)
        do = reading.attendance.do
        further = partial(_ask_further, connections, asked, reading, deadline)
        asked |= await do("other servers", "found by way of these", seconds, further, lambda _: {})
        holders, pack = await asyncio.gather(
            do(
                "resolvers",
                "their accounts",
                1.0,
                partial(_resolver_accounts, connections, asked, deadline),
                lambda _: {},
            ),
            do(
                "resolvers",
                "account JWTs",
                seconds,
                partial(_pack, connections, reached, reading, deadline),
                ResolverPack,
            ),
        )
    return [pack, *_attributed(reached, asked, holders, INTERRUPTED if reading.attendance.is_over else _SILENT)]


def _unreached(address: Address, missing: Missing) -> _Reached:
    return _Reached(ServerAnswers(address.text, address.directory, missing), missing)


async def _reach(
    stack: AsyncExitStack, address: Address, credentials: Credentials, reading: Reading, deadline: Deadline
) -> _Reached:
    greeted = await greet(address, deadline, credentials.tls)
    if isinstance(greeted.greeting, Missing):
        return _Reached(greeted, greeted.greeting)
    try:
        connection = await stack.enter_async_context(
            connected(greeted.address, credentials, greeted.greeting.value, deadline, reading.record)
        )
    except RefusedError as refused:
        return _Reached(greeted, refused.missing)
    return _Reached(greeted, connection, await _ask(connection, connection.server.id, reading, deadline, address.who))


async def _ask_further(
    connections: list[Connection], asked: dict[str, ServerAnswers], reading: Reading, deadline: Deadline
) -> dict[str, ServerAnswers]:
    """Ask the servers that no address led to, each by way of a server that has a route to it."""
    ways: dict[str, Connection] = {}
    for connection in connections:
        answered = asked.get(connection.server.id)
        for route in answered.routes.value if answered and isinstance(answered.routes, Seen) else ():
            if route.remote_id not in asked:
                ways.setdefault(route.remote_id, connection)
    found = await asyncio.gather(*(_ask(way, each, reading, deadline) for each, way in ways.items()))
    return dict(zip(ways, found, strict=True))


async def _ask(way: Connection, server_id: str, reading: Reading, deadline: Deadline, who: str = "") -> ServerAnswers:
    asked_at = time.time()
    server, routes, jetstream, meta_group, health = await asyncio.gather(
        way.ask(
            server_id,
            "VARZ",
            answers.Varz,
            lambda varz: answers.server(varz, reading.token, asked_at, time.time()),
            deadline,
        ),
        way.ask(server_id, "ROUTEZ", answers.Routez, answers.routes, deadline),
        _jetstream(way, server_id, reading, deadline, who or f"server {server_id[:8]}"),
        way.ask(server_id, "RAFTZ", _Raftz, _meta_group, deadline, group="_meta_"),
        way.ask(server_id, "HEALTHZ", answers.Healthz, answers.health, deadline, details=True),
    )
    group: Evidence[MetaGroup]
    if isinstance(meta_group, Seen):
        group = (
            Seen(meta_group.value, meta_group.where)
            if meta_group.value is not None
            else Missing(State.ABSENT, "the server is in no meta group: JetStream is standalone or off", "RAFTZ")
        )
    else:
        group = meta_group
    return ServerAnswers("", server=server, routes=routes, jetstream=jetstream, meta_group=group, health=health)


_Raftz = dict[str, dict[str, answers.RaftGroup]]


def _meta_group(groups: _Raftz) -> MetaGroup | None:
    found = [account["_meta_"] for account in groups.values() if "_meta_" in account]
    return answers.meta_group(found[0]) if found else None


async def _jetstream(
    way: Connection, server_id: str, reading: Reading, deadline: Deadline, who: str = ""
) -> Evidence[JetStream]:
    pages: list[jsz.Jsz] = []
    accounts = 0
    while True:
        of = f" of {max(1, -(-pages[0].total // PAGE))}" if pages else ""
        with reading.attendance.telling(who, f"asked JSZ page {len(pages) + 1}{of}"):
            page = await way.ask(
                server_id, "JSZ", jsz.Jsz, _itself, deadline,
                accounts=True, streams=True, config=True, offset=accounts, limit=PAGE,
            )  # fmt: skip
        if isinstance(page, Missing):
            return page
        pages.append(page.value)
        got = len(page.value.account_details or ())
        accounts += got
        if got < PAGE or accounts >= page.value.total > 0:
            return Seen(jsz.jetstream(tuple(pages), reading.fingerprint), "JSZ")


def _itself(page: jsz.Jsz) -> jsz.Jsz:
    return page


class _Held(msgspec.Struct):
    server: answers.Identified
    data: tuple[str, ...] | None = ()


async def _resolver_accounts(
    connections: list[Connection], asked: dict[str, ServerAnswers], deadline: Deadline
) -> dict[str, Evidence[frozenset[str]]]:
    """Ask which accounts each resolver holds.

    A broadcast reaches the server it is sent to and those that have a route to it, so who will answer is
    known, and nobody is waited for in vain; a server that it does not reach is asked by its own connection.
    """
    found: dict[str, frozenset[str]] = {}
    alive = {key for key, answered in asked.items() if isinstance(answered.server, Seen)}
    for connection in connections:
        answered = asked.get(connection.server.id)
        routes = answered.routes.value if answered and isinstance(answered.routes, Seen) else ()
        wanted = {connection.server.id, *(route.remote_id for route in routes)} & alive
        if not wanted <= found.keys():
            found = await _list_accounts(connection, wanted, deadline) | found
    return {key: Seen(accounts, "CLAIMS.LIST") for key, accounts in found.items()}


async def _list_accounts(connection: Connection, wanted: set[str], deadline: Deadline) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}

    def enough(replies: list[bytes]) -> bool:
        if replies:
            try:
                held = msgspec.json.decode(replies[-1], type=_Held)
            except (msgspec.MsgspecError, RecursionError):
                return False
            found[held.server.id] = frozenset(held.data or ())
        return wanted <= found.keys()

    # a server behind a cut route is silent here, and is asked by its own connection afterwards
    await connection.gather("$SYS.REQ.CLAIMS.LIST", enough, Deadline.after(min(1.0, deadline.remaining)))
    return found


async def _pack(
    connections: list[Connection], reached: Iterable[_Reached], reading: Reading, deadline: Deadline
) -> ResolverPack:
    """Fetch every account JWT from whichever resolver answers (accounts.go: an empty reply is the last)."""
    if not connections:
        why = next((each.connection for each in reached if isinstance(each.connection, Missing)), None)
        return ResolverPack(why or Missing(State.NOT_ASKED, "no server to ask"))
    connection = connections[0]
    replies = await connection.gather(
        "$SYS.REQ.CLAIMS.PACK", lambda replies: bool(replies) and not replies[-1], deadline
    )
    if not replies or replies[-1]:
        return ResolverPack(
            Missing(State.TIMED_OUT, "the resolvers did not hand out the account JWTs in time", "CLAIMS.PACK")
        )
    tokens = []
    for reply in replies[:-1]:
        _, _, text = reply.decode("ascii", "replace").partition("|")
        token = reading.token(text)
        if isinstance(token, Token):
            tokens.append(token)
    return ResolverPack(Seen(tuple(tokens), "CLAIMS.PACK"))


def _attributed(
    reached: Iterable[_Reached],
    asked: dict[str, ServerAnswers],
    holders: dict[str, Evidence[frozenset[str]]],
    silent: Missing,
) -> list[ServerAnswers]:
    """Put the answers of each server beside the greeting of the address that led to it."""
    complete: list[ServerAnswers] = []
    left = dict(asked)
    for each in reached:
        why = each.connection
        if isinstance(why, Missing):
            complete.append(
                replace(
                    each.greeted,
                    server=why,
                    routes=why,
                    jetstream=why,
                    meta_group=why,
                    health=why,
                    resolver_accounts=why,
                )
            )
        elif each.answers is not None:
            left.pop(why.server.id, None)
            complete.append(
                replace(
                    each.answers,
                    certificates=each.greeted.certificates,
                    address=each.greeted.address,
                    directory=each.greeted.directory,
                    greeting=each.greeted.greeting,
                    resolver_accounts=holders.get(why.server.id, silent),
                )
            )
    complete.extend(
        replace(answered, resolver_accounts=holders.get(server_id, silent)) for server_id, answered in left.items()
    )
    return complete
