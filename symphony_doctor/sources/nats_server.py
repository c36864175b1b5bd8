"""Live NATS: greetings of all addresses at once and, with credentials, what every server says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from symphony_doctor.model.certificate import Port, PortCertificate
from symphony_doctor.sources import info
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import Address, Observation, RouteProbe, ServerAnswers
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.reasons import at


async def collect(
    addresses: Iterable[Address],
    credentials: Credentials | None,
    reading: Reading,
    seconds: float,
) -> list[Observation]:
    """Ask every address at once; each has ``seconds`` in all, whatever the others do."""
    every = tuple(addresses)
    if credentials is None:
        deadline = Deadline.after(seconds)
        return [*await asyncio.gather(*(greet(each, deadline) for each in every))]
    from symphony_doctor.sources.cluster_inquiry import inquire  # noqa: PLC0415 - the client is imported only if used

    return await inquire(every, credentials, reading, seconds)


async def greet(address: Address, deadline: Deadline) -> ServerAnswers:
    """Read the greeting of one address."""
    found = await info.greet(address.host, address.port, deadline)
    return ServerAnswers(
        address.text,
        address.directory,
        found.greeting,
        certificates=(PortCertificate(Port.CLIENT, address.text, found.certificate),),
    )


async def probe_routes(addresses: Iterable[tuple[str, int]], seconds: float) -> list[RouteProbe]:
    """Connect to every route address at once and read who greets there; no word of NATS is sent."""
    every = tuple(addresses)
    deadline = Deadline.after(seconds)
    found = await asyncio.gather(*(info.greet_route(host, port, deadline) for host, port in every))
    return [
        RouteProbe(at(host, port), answer.greeting, answer.certificate)
        for (host, port), answer in zip(every, found, strict=True)
    ]
