"""All that is asked over the network: each address once, at once as soon as it is known, within its own deadline.

Nothing is put off until something else has answered that need not: hosts that drop all packets cost one deadline,
however many they are and however many of their ports are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from symphony_doctor.formats.nats_settings import route_address
from symphony_doctor.model.certificate import Port
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.sources import http, info, ports
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.greetings import Greetings, unheard
from symphony_doctor.sources.node_addresses import client_addresses, given_first, route_addresses, ui_addresses, unique
from symphony_doctor.sources.observation import (
    Address,
    NodeFiles,
    Observation,
    RouteProbe,
    ServerAnswers,
    ServiceAnswer,
    UiAnswers,
)
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.reasons import at
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.together import Together


async def look_around(
    request: Request, files: Sequence[NodeFiles], outside: Outside, reading: Reading
) -> list[Observation]:
    """Ask all that the request and the nodes' files name, and what is found on the way."""
    async with Together() as together, Together() as greetings:
        network = _Network(together, greetings, request, outside, reading)
        network.begin(files)
        await together.done()
        return network.found


class _Network:
    def __init__(
        self, together: Together, greetings: Together, request: Request, outside: Outside, reading: Reading
    ) -> None:
        self._together = together
        self._request = request
        self._outside = outside
        self._reading = reading
        self._do = reading.attendance.do
        given = request.credentials
        self._greetings = Greetings(greetings, request.seconds, given.tls if given is not None else None)
        self.found: list[Observation] = []

    def begin(self, files: Sequence[NodeFiles]) -> None:
        """Begin to ask all that is known so far."""
        addresses = unique(given_first(self._request.servers, client_addresses(files, self._outside)))
        hosts = {address.directory: address.host for address in addresses if address.directory is not None}
        self._together.begin("servers", self._servers(addresses))
        for route in route_addresses(files, self._outside):
            self._together.begin(("route", route), self._route(*route))
        for address in given_first(self._request.uis, ui_addresses(files, self._outside)):
            if address.directory is not None or address.client is not None:
                self._together.begin(("ui", address), self._ui(address))
        for port in (
            *ports.websockets_of_files(files, hosts, self._outside),
            *ports.interfaces(files, hosts, self._outside),
        ):
            self._port(port)

    def _deadline(self) -> Deadline:
        return Deadline.after(self._request.seconds)

    def _port(self, port: ports.Asked) -> None:
        # several nodes may be configured with one UI port, and each is told so
        key = (port.kind, port.host, port.port, port.directory if port.kind is Port.UI else None)
        self._together.begin(key, self._certificate(port))

    async def _certificate(self, port: ports.Asked) -> None:
        seeing = partial(ports.certificate_of, port, self._deadline())
        what = f"asked for the certificate of {at(port.host, port.port)}"
        found = await self._do("ports", what, self._request.seconds, seeing, lambda _: None)
        self.found += [found] if found is not None else []

    async def _route(self, host: str, port: int) -> None:
        """Connect to a route address and read who greets there; no word of NATS is sent.

        One of containers' own network is asked where it is published, and named as the routes name it.
        """
        place = self._outside.route(host, port)
        if isinstance(place, tuple):
            greeting = partial(info.greet_route, *place, self._deadline())
            what = f"connecting to {at(host, port)}"
            answer = await self._do("routes", what, self._request.seconds, greeting, lambda _: None)
            if answer is not None:
                self.found.append(RouteProbe(at(host, port), answer.greeting, answer.certificate))
        else:
            self.found.append(RouteProbe(at(host, port), place))

    async def _ui(self, address: Address) -> None:
        asking = partial(http.ask, address, self._reading.fingerprint, self._deadline())
        what = f"asked for their health at {address.text}"
        ui = await self._do("UI ports", what, self._request.seconds, asking, _itself)
        self.found.append(UiAnswers(address.directory or "", ui, address.client or ""))

    async def _servers(self, addresses: tuple[Address, ...]) -> None:
        system, others = self._request.credentials, self._request.further_credentials
        if system is None and not others:
            for each in addresses:
                self._together.begin(("greeted", each.text), self._greet(each, addresses))
            return
        from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used
        from symphony_doctor.sources.cluster_inquiry import inquire  # noqa: PLC0415

        seconds = self._request.seconds
        every = tuple(each for each in (system, *others) if each is not None)
        if len(every) > 1:
            system, others = await self._do(
                "servers",
                "whose credentials these are",
                seconds,
                partial(services.tell_apart, self._greetings, addresses, every, seconds),
                lambda _: (every[0], every[1:]),
            )
        if others:
            self._together.begin("service", self._service(addresses, others))
        if system is not None:
            self.found += await inquire(addresses, system, self._reading, self._greetings, seconds, self._told)

    async def _service(self, addresses: Iterable[Address], credentials: tuple[Credentials, ...]) -> None:
        from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used

        seconds = self._request.seconds
        asking = partial(services.cluster_info, self._greetings, addresses, credentials, seconds)
        what = "asked for the replica count"
        self.found.append(ServiceAnswer(await self._do("services", what, seconds, asking, _itself)))

    async def _greet(self, address: Address, given: tuple[Address, ...]) -> None:
        greeted = await self._greeting(address)
        self.found.append(greeted)
        if self._request.directories or not isinstance(greeted.greeting, Seen):
            return
        # the addresses that servers advertise and that nobody named, where nothing else leads to them
        known = {each.text for each in given}
        for url in greeted.greeting.value.connect_urls:
            parsed = route_address(url)
            if parsed is not None and (advertised := Address(*parsed)).text not in known:
                self._together.begin(("advertised", advertised.text), self._advertised(advertised))

    async def _greeting(self, address: Address) -> ServerAnswers:
        reading = partial(self._greetings.of, address)
        return await self._do(address.who, "connecting", self._request.seconds, reading, partial(unheard, address))

    async def _advertised(self, address: Address) -> None:
        greeted = await self._greeting(address)
        # it may be of a network that is not this one: its silence says nothing
        if isinstance(greeted.greeting, Seen):
            self.found.append(greeted)

    def _told(self, answers: ServerAnswers) -> None:
        """Go on with what a server says of itself: routes that no file named, a WebSocket port with TLS."""
        if isinstance(answers.server, Seen):
            for url in answers.server.value.cluster_routes:
                route = route_address(url)
                if route is not None:
                    self._together.begin(("route", route), self._route(*route))
        port = ports.websocket_of_server(answers, self._outside)
        if port is not None:
            self._port(port)


def _itself(missing: Missing) -> Missing:
    return missing
