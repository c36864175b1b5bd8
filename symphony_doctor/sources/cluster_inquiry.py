"""What the servers of a cluster say of themselves, asked as their system account.

Servers are asked by their ids and not by a broadcast: a broadcast has no end mark, so it costs a waiting
time on a healthy cluster. A server without an address of its own is asked by way of one that has a
route to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.attendance import INTERRUPTED
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.greetings import Greetings, unheard
from symphony_doctor.sources.observation import Address, Observation, ResolverPack, ServerAnswers
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.resolver_claims import answering, fetch_pack, resolver_accounts
from symphony_doctor.sources.server_questions import ask
from symphony_doctor.sources.system_account import Connection, RefusedError, connected
from symphony_doctor.sources.together import Together

_SILENT = Missing(State.TIMED_OUT, "CLAIMS.LIST was not answered in time", "CLAIMS.LIST")

SETTLED = 0.5
"""Seconds that servers which were not heard yet are waited for, before they are asked by way of those that were."""

Told = Callable[[ServerAnswers], None]


@dataclass(frozen=True, slots=True)
class _Reached:
    """An address: its greeting, the connection or why there is none, and what its server said of itself."""

    greeted: ServerAnswers
    connection: Connection | Missing
    answers: ServerAnswers | None = None


async def inquire(
    addresses: Iterable[Address],
    credentials: Credentials,
    reading: Reading,
    greetings: Greetings,
    seconds: float,
    tell: Told,
) -> list[Observation]:
    """Ask every server all about itself, each within ``seconds``, and then those found on the way.

    ``tell`` is given what a server says of itself as soon as it is there.
    """
    async with Together() as together:
        inquiry = _Inquiry(together, credentials, reading, greetings, seconds, tell)
        try:
            return await inquiry.run(tuple(addresses))
        finally:
            await inquiry.close()


class _Inquiry:
    """Servers are asked as they are found; one that is silent holds up nothing but what is asked of itself."""

    def __init__(
        self,
        together: Together,
        credentials: Credentials,
        reading: Reading,
        greetings: Greetings,
        seconds: float,
        tell: Told,
    ) -> None:
        self._together = together
        self._credentials = credentials
        self._reading = reading
        self._greetings = greetings
        self._seconds = seconds
        self._tell = tell
        self._connections: list[Connection] = []
        self._open: list[AsyncExitStack] = []
        self._asked: dict[str, ServerAnswers] = {}
        self._heard: dict[str, ServerAnswers] = {}
        self._any_heard = asyncio.Event()
        self._pack: asyncio.Task[ResolverPack] | None = None

    async def run(self, addresses: tuple[Address, ...]) -> list[Observation]:
        do, seconds = self._reading.attendance.do, self._seconds
        reaching = [
            self._together.begin(
                each, do(each.who, "connecting", seconds, partial(self._reach, each), partial(_unreached, each))
            )
            for each in addresses
        ]
        await self._settled(reaching)
        further = [
            self._together.begin(("further", each), self._further(*way, each)) for each, way in self._ways().items()
        ]
        early = answering(self._heard)
        holders = await self._holders()
        reached = await asyncio.gather(*reaching)
        if further:
            await do("other servers", "found by way of these", seconds, partial(_all, further), lambda _: None)
        # those that were heard late
        holders |= await self._holders(early)
        if self._pack is None:
            why = next((each.connection for each in reached if isinstance(each.connection, Missing)), None)
            pack = ResolverPack(why or Missing(State.NOT_ASKED, "no server to ask"))
        else:
            pack = await do("resolvers", "account JWTs", seconds, partial(_one, self._pack), ResolverPack)
        silent = INTERRUPTED if self._reading.attendance.is_over else _SILENT
        return [pack, *_attributed(reached, self._asked, holders, silent)]

    async def _holders(self, known: Collection[str] = ()) -> dict[str, Evidence[frozenset[str]]]:
        asking = partial(resolver_accounts, tuple(self._connections), self._heard, self._seconds, known)
        return await self._reading.attendance.do("resolvers", "their accounts", 1.0, asking, lambda _: {})

    async def close(self) -> None:
        await asyncio.gather(*(each.aclose() for each in self._open), return_exceptions=True)

    async def _reach(self, address: Address) -> _Reached:
        deadline = Deadline.after(self._seconds)
        greeted = await self._greetings.of(address)
        if isinstance(greeted.greeting, Missing):
            return _Reached(greeted, greeted.greeting)
        stack = AsyncExitStack()
        self._open.append(stack)
        opening = connected(greeted.address, self._credentials, greeted.greeting.value, deadline, self._reading.record)
        try:
            connection = await stack.enter_async_context(opening)
        except RefusedError as refused:
            return _Reached(greeted, refused.missing)
        self._connections.append(connection)
        if self._pack is None:
            self._pack = self._together.begin(
                "pack", fetch_pack(connection, self._reading, Deadline.after(self._seconds))
            )
        server_id = connection.server.id

        def told(heard: ServerAnswers) -> None:
            self._hear(server_id, replace(heard, address=greeted.address, directory=greeted.directory))

        by_way = self._together.has(("server", server_id))
        answers = await self._asking(connection, server_id, deadline, told, address.who)
        if by_way and isinstance(answers.server, Missing):
            # the server that it was asked by way of lost its route to it
            answers = await ask(connection, server_id, self._reading, deadline, told, address.who)
        self._asked[server_id] = answers
        return _Reached(greeted, connection, answers)

    def _asking(
        self, way: Connection, server_id: str, deadline: Deadline, tell: Told, who: str = ""
    ) -> asyncio.Task[ServerAnswers]:
        """Ask a server once, whichever way is open first."""
        return self._together.begin(("server", server_id), ask(way, server_id, self._reading, deadline, tell, who))

    def _hear(self, server_id: str, heard: ServerAnswers) -> None:
        if isinstance(heard.server, Seen):
            self._heard[server_id] = heard
            self._any_heard.set()
        self._tell(heard)

    async def _settled(self, reaching: Collection[asyncio.Task[_Reached]]) -> None:
        """Wait for all; but once a server was heard, no longer than a moment for the others."""
        if not reaching:
            return
        every = self._together.begin("every", asyncio.wait(reaching))
        heard = self._together.begin("heard", self._any_heard.wait())
        await asyncio.wait({every, heard}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({every}, timeout=SETTLED)

    def _ways(self) -> dict[str, tuple[Connection, str]]:
        """Return the servers that no address led to yet, each with one that has a route to it, and with its name."""
        reached = {connection.server.id for connection in self._connections}
        ways: dict[str, tuple[Connection, str]] = {}
        for connection in self._connections:
            heard = self._heard.get(connection.server.id)
            for route in heard.routes.value if heard and isinstance(heard.routes, Seen) else ():
                if route.remote_id not in reached:
                    ways.setdefault(route.remote_id, (connection, route.remote_name))
        return ways

    async def _further(self, way: Connection, name: str, server_id: str) -> None:
        deadline = Deadline.after(self._seconds)
        answers = await self._asking(way, server_id, deadline, lambda heard: self._hear(server_id, heard))
        self._asked.setdefault(server_id, replace(answers, routed_as=name))


async def _all(tasks: Iterable[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)


async def _one(task: asyncio.Task[ResolverPack]) -> ResolverPack:
    return await task


def _unreached(address: Address, missing: Missing) -> _Reached:
    return _Reached(unheard(address, missing), missing)


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
