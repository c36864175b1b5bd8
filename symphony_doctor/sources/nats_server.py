"""Live NATS: greetings of all addresses at once and, with credentials, what every server says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

from symphony_doctor.model.certificate import Port, PortCertificate
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources import info
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.credentials import Credentials, Tls
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
        return [
            *await asyncio.gather(
                *(
                    reading.attendance.do(
                        each.who, "connecting", seconds, partial(greet, each, deadline), partial(_unheard, each)
                    )
                    for each in every
                )
            )
        ]
    from symphony_doctor.sources.cluster_inquiry import inquire  # noqa: PLC0415 - the client is imported only if used

    return await inquire(every, credentials, reading, seconds)


async def greet(address: Address, deadline: Deadline, tls: Tls | None = None) -> ServerAnswers:
    """Read the greeting of one address, with the certificate of ``tls`` where the server asks for one."""
    own = (tls.certificate, tls.key) if tls is not None and tls.certificate is not None else None
    found = await info.greet(address.host, address.port, deadline, own)
    return ServerAnswers(
        address.text,
        address.directory,
        found.greeting,
        certificates=(PortCertificate(Port.CLIENT, address.text, found.certificate),),
    )


def _unheard(address: Address, missing: Missing) -> ServerAnswers:
    return ServerAnswers(address.text, address.directory, missing)


async def probe_routes(
    addresses: Iterable[tuple[str, int]], seconds: float, outside: Outside | None = None
) -> list[RouteProbe]:
    """Connect to every route address at once and read who greets there; no word of NATS is sent.

    Addresses of containers' own network are asked where they are published, and named as the routes name them.
    """
    deadline = Deadline.after(seconds)
    return [*await asyncio.gather(*(_probe(*each, outside or Outside(), deadline) for each in addresses))]


async def _probe(host: str, port: int, outside: Outside, deadline: Deadline) -> RouteProbe:
    place = outside.route(host, port)
    if isinstance(place, Missing):
        return RouteProbe(at(host, port), place)
    answer = await info.greet_route(*place, deadline)
    return RouteProbe(at(host, port), answer.greeting, answer.certificate)
