"""What the account resolvers of a cluster hold: whose JWTs each has, and the JWTs themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Token
from symphony_doctor.sources import answers
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import ResolverPack, ServerAnswers
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.system_account import Connection


class _Held(msgspec.Struct):
    server: answers.Identified
    data: tuple[str, ...] | None = ()


async def resolver_accounts(
    connections: Iterable[Connection],
    asked: Mapping[str, ServerAnswers],
    seconds: float,
    known: Collection[str] = (),
) -> dict[str, Evidence[frozenset[str]]]:
    """Ask which accounts each resolver holds, but for those that are ``known``.

    A broadcast reaches the server it is sent to and those that have a route to it, so who will answer is
    known, and nobody is waited for in vain; a server that it does not reach is asked by its own connection.
    """
    found: dict[str, frozenset[str]] = {}
    alive = answering(asked).difference(known)
    deadline = Deadline.after(seconds)
    for connection in connections:
        answered = asked.get(connection.server.id)
        routes = answered.routes.value if answered and isinstance(answered.routes, Seen) else ()
        wanted = alive & {connection.server.id, *(route.remote_id for route in routes)}
        if not wanted <= found.keys():
            found = await _list_accounts(connection, wanted, deadline) | found
    return {key: Seen(accounts, "CLAIMS.LIST") for key, accounts in found.items()}


def answering(asked: Mapping[str, ServerAnswers]) -> frozenset[str]:
    """Return the ids of the servers that answered."""
    return frozenset(key for key, answered in asked.items() if isinstance(answered.server, Seen))


async def _list_accounts(
    connection: Connection, wanted: frozenset[str], deadline: Deadline
) -> dict[str, frozenset[str]]:
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


async def fetch_pack(connection: Connection, reading: Reading, deadline: Deadline) -> ResolverPack:
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
        token = reading.token(text)
        if isinstance(token, Token):
            tokens.append(token)
    return ResolverPack(Seen(tuple(tokens), "CLAIMS.PACK"))
