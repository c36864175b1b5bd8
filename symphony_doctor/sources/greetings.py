"""The greeting of each address, read once a look and within one deadline, whoever wants to know it first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

from symphony_doctor.model.certificate import Port, PortCertificate
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.server import Greeting
from symphony_doctor.sources import info
from symphony_doctor.sources.credentials import Tls
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import Address, ServerAnswers
from symphony_doctor.sources.together import Together


def unheard(address: Address, missing: Missing) -> ServerAnswers:
    """Return what is known of an address that was not heard."""
    return ServerAnswers(address.text, address.directory, missing)


class Greetings:
    """Greetings by address; ``tls`` has the certificate that servers may ask for."""

    def __init__(self, together: Together, seconds: float, tls: Tls | None) -> None:
        self._together = together
        self._seconds = seconds
        self._own = (tls.certificate, tls.key) if tls is not None and tls.certificate is not None else None

    async def of(self, address: Address) -> ServerAnswers:
        """Return the greeting of an address."""
        reading = self._together.begin(("greeting", address.text), self._read(address))
        # whoever waits for it may give up: it is of others, too
        return replace(await asyncio.shield(reading), directory=address.directory)

    async def as_they_come(self, addresses: Iterable[Address]) -> AsyncIterator[tuple[str, Greeting]]:
        """Give the addresses at which a server greets, and what it says: the quickest first."""
        for next_one in asyncio.as_completed([self.of(each) for each in addresses]):
            found = await next_one
            if isinstance(found.greeting, Seen):
                yield found.address, found.greeting.value

    async def _read(self, address: Address) -> ServerAnswers:
        found = await info.greet(address.host, address.port, Deadline.after(self._seconds), self._own)
        return ServerAnswers(
            address.text,
            greeting=found.greeting,
            certificates=(PortCertificate(Port.CLIENT, address.text, found.certificate),),
        )
