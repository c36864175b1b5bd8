"""Live NATS: greetings of all addresses at once and, with credentials, what every server says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from symphony_doctor.model.identity import Flaw, Token
from symphony_doctor.sources import info
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import Observation, RouteProbe, ServerAnswers


@dataclass(frozen=True, slots=True)
class Address:
    """A client port to ask, and the directory of the node whose nats.config names it."""

    host: str
    port: int
    directory: str | None = None

    @property
    def text(self) -> str:
        """Return ``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def collect(
    addresses: Iterable[Address],
    credentials: Credentials | None,
    read_token: Callable[[str], Token | Flaw],
    seconds: float,
) -> list[Observation]:
    """Ask every address at once; each has ``seconds`` in all, whatever the others do."""
    deadline = Deadline.after(seconds)
    greetings = await _greetings(tuple(addresses), deadline)
    if credentials is None:
        return [*greetings]
    from symphony_doctor.sources.cluster_inquiry import inquire  # noqa: PLC0415 - the client is imported only if used

    return await inquire(greetings, credentials, read_token, deadline)


async def _greetings(addresses: tuple[Address, ...], deadline: Deadline) -> list[ServerAnswers]:
    found = await asyncio.gather(*(info.greet(each.host, each.port, deadline) for each in addresses))
    return [
        ServerAnswers(address.text, address.directory, greeting)
        for address, greeting in zip(addresses, found, strict=True)
    ]


async def probe_routes(addresses: Iterable[tuple[str, int]], seconds: float) -> list[RouteProbe]:
    """Connect to every route address at once and read who greets there; nothing is sent."""
    every = tuple(addresses)
    deadline = Deadline.after(seconds)
    found = await asyncio.gather(*(info.greet_route(host, port, deadline) for host, port in every))
    return [
        RouteProbe(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", answer)
        for (host, port), answer in zip(every, found, strict=True)
    ]
