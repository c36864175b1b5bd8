"""What the servers of a cluster say of themselves, asked as their system account.

Servers are asked by their ids and not by a broadcast: a broadcast has no end mark, so it costs a waiting
time on a healthy cluster. A server without an address of its own is asked by way of one that has a
route to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace

import msgspec

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Flaw, Token
from symphony_doctor.model.jetstream import JetStream, MetaGroup
from symphony_doctor.sources import answers
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import Observation, ResolverPack, ServerAnswers
from symphony_doctor.sources.system_account import Connection, RefusedError, connected

PAGE = 256
"""Accounts in one page of JSZ: the server holds a lock while it makes one."""

ReadToken = Callable[[str], Token | Flaw]


async def inquire(
    greetings: Iterable[ServerAnswers], credentials: Credentials, read_token: ReadToken, deadline: Deadline
) -> list[Observation]:
    """Connect to every server that greeted, ask it everything, and ask the servers found on the way."""
    greeted = list(greetings)
    async with AsyncExitStack() as stack:
        opened = await asyncio.gather(*(_connect(stack, answers_, credentials, deadline) for answers_ in greeted))
        connections = [each for each in opened if isinstance(each, Connection)]
        by_id = {connection.server.id: connection for connection in connections}
        asked, pack = await asyncio.gather(
            _ask_all(by_id, read_token, deadline),
            _pack(connections[0], read_token, deadline) if connections else _no_pack(opened),
        )
        holders = await _resolver_accounts(connections, asked, deadline)
    return [pack, *_attributed(greeted, opened, asked, holders)]


async def _connect(
    stack: AsyncExitStack, greeted: ServerAnswers, credentials: Credentials, deadline: Deadline
) -> Connection | Missing:
    if isinstance(greeted.greeting, Missing):
        return greeted.greeting
    tls = greeted.greeting.value.tls_required
    try:
        return await stack.enter_async_context(connected(greeted.address, credentials, tls=tls, deadline=deadline))
    except RefusedError as refused:
        return refused.missing


async def _ask_all(by_id: dict[str, Connection], read_token: ReadToken, deadline: Deadline) -> dict[str, ServerAnswers]:
    """Ask the connected servers, then by their routes the ones that no address led to."""
    asked: dict[str, ServerAnswers] = {}
    ways = dict(by_id)
    pending = dict(by_id)
    while pending:
        batch = await asyncio.gather(
            *(_ask(way, server_id, read_token, deadline) for server_id, way in pending.items())
        )
        asked |= dict(zip(pending, batch, strict=True))
        found: dict[str, Connection] = {}
        for server_id, answered in zip(pending, batch, strict=True):
            if isinstance(answered.routes, Seen):
                for route in answered.routes.value:
                    if route.remote_id not in asked and ways[server_id].server.id == server_id:
                        found.setdefault(route.remote_id, ways[server_id])
        ways |= found
        pending = found
    return asked


async def _ask(way: Connection, server_id: str, read_token: ReadToken, deadline: Deadline) -> ServerAnswers:
    server, routes, jetstream, meta_group, health = await asyncio.gather(
        way.ask(server_id, "VARZ", answers.Varz, lambda varz: answers.server(varz, read_token), deadline),
        way.ask(server_id, "ROUTEZ", answers.Routez, answers.routes, deadline),
        _jetstream(way, server_id, deadline),
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


async def _jetstream(way: Connection, server_id: str, deadline: Deadline) -> Evidence[JetStream]:
    pages: list[answers.Jsz] = []
    accounts = 0
    while True:
        page = await way.ask(
            server_id, "JSZ", answers.Jsz, _itself, deadline,
            accounts=True, streams=True, config=True, offset=accounts, limit=PAGE,
        )  # fmt: skip
        if isinstance(page, Missing):
            return page
        pages.append(page.value)
        got = len(page.value.account_details or ())
        accounts += got
        if got < PAGE or accounts >= page.value.total > 0:
            return Seen(answers.jetstream(tuple(pages)), "JSZ")


def _itself(page: answers.Jsz) -> answers.Jsz:
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


async def _pack(connection: Connection, read_token: ReadToken, deadline: Deadline) -> ResolverPack:
    """Fetch every account JWT from whichever resolver answers (accounts.go: an empty reply is the last)."""
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
        token = read_token(text)
        if isinstance(token, Token):
            tokens.append(token)
    return ResolverPack(Seen(tuple(tokens), "CLAIMS.PACK"))


async def _no_pack(opened: Iterable[Connection | Missing]) -> ResolverPack:
    missing = next((each for each in opened if isinstance(each, Missing)), None)
    return ResolverPack(missing or Missing(State.NOT_ASKED, "no server to ask"))


def _attributed(
    greeted: list[ServerAnswers],
    opened: list[Connection | Missing],
    asked: dict[str, ServerAnswers],
    holders: dict[str, Evidence[frozenset[str]]],
) -> list[ServerAnswers]:
    """Put the answers of each server beside the greeting of the address that led to it."""
    silent = Missing(State.TIMED_OUT, "CLAIMS.LIST was not answered in time", "CLAIMS.LIST")
    complete: list[ServerAnswers] = []
    for greeting, connection in zip(greeted, opened, strict=True):
        if isinstance(connection, Missing):
            complete.append(
                replace(
                    greeting,
                    server=connection,
                    routes=connection,
                    jetstream=connection,
                    meta_group=connection,
                    health=connection,
                    resolver_accounts=connection,
                )
            )
            continue
        answered = asked.get(connection.server.id)
        if answered is not None:
            complete.append(
                replace(
                    answered,
                    address=greeting.address,
                    directory=greeting.directory,
                    greeting=greeting.greeting,
                    resolver_accounts=holders.get(connection.server.id, silent),
                )
            )
    reached = {connection.server.id for connection in opened if isinstance(connection, Connection)}
    complete.extend(
        replace(answered, resolver_accounts=holders.get(server_id, silent))
        for server_id, answered in asked.items()
        if server_id not in reached
    )
    return complete
