"""Gathers all evidence of a run: files first, as they tell the addresses, then the network all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from symphony_doctor.errors import UsageError
from symphony_doctor.formats.nats_settings import DEFAULT_CLIENT_PORT, route_address
from symphony_doctor.model.configuration import NatsConfig, RouteAddress
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.identity import Located
from symphony_doctor.sources import load_balancer, node_directory
from symphony_doctor.sources.container import Outside, outside_of
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline, leave_threads_behind
from symphony_doctor.sources.http import collect as collect_ui
from symphony_doctor.sources.nats_server import collect as collect_servers
from symphony_doctor.sources.nats_server import probe_routes
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.node_hosts import NodeHosts, node_hosts
from symphony_doctor.sources.node_logs import with_logs
from symphony_doctor.sources.observation import (
    Address,
    GivenCredentials,
    NodeFiles,
    Observation,
    ServerAnswers,
    ServiceAnswer,
)
from symphony_doctor.sources.ports import probe_ports
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.tokens import TokenReader

DEFAULT_UI_PORT = 8080

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


async def collect(
    request: Request, fingerprint: Callable[[str], str], hosts: NodeHosts | None = None
) -> list[Observation]:
    """Return everything that was seen; what could not be had is in it with its reason.

    ``hosts`` are where the nodes' files are, where that is used again; else connections are made for this look alone.
    """
    if hosts is None:
        async with node_hosts(request.directories, request.environment) as own:
            return await collect(request, fingerprint, own)
    hosts.forget()
    leave_threads_behind()
    read_token = TokenReader()
    deadline = Deadline.after(request.seconds)
    nodes = _distinct(request.directories)
    files = await asyncio.gather(
        *(
            node_directory.collect(each, read_token, fingerprint, request.environment, deadline, hosts.files(each))
            for each in nodes
        )
    )
    balancers = await asyncio.gather(
        *(load_balancer.collect(path, fingerprint, deadline) for path in request.load_balancers)
    )
    files, given = await with_logs(request, nodes, files, hosts, fingerprint)
    observations: list[Observation] = [*files, *given, *balancers, *_claims(request)]
    if not request.network:
        return observations
    reading = Reading(read_token, fingerprint, request.record)
    outside = outside_of(((each.place, each.container) for each in nodes), hosts.addresses)
    addresses = _unique(_given_first(request.servers, _client_addresses(files, outside)))
    routes = _route_addresses(files, outside)
    system, others = request.credentials, request.further_credentials
    if system is not None and others:
        from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used

        system, others = await services.tell_apart(addresses, (system, *others), request.seconds)
    answers, probes, answered, told = await asyncio.gather(
        collect_servers(addresses, system, reading, request.seconds),
        probe_routes(routes, request.seconds, outside),
        collect_ui(_given_first(request.uis, _ui_addresses(files, outside)), fingerprint, request.seconds),
        _ask_services(addresses, others, request.seconds),
    )
    observations += [*answers, *probes, *answered, *told]
    servers = [each for each in answers if isinstance(each, ServerAnswers)]
    further, more, ports = await asyncio.gather(
        probe_routes(_told_routes(answers, set(routes)), request.seconds, outside),
        collect_servers(_advertised(request, observations), None, reading, request.seconds),
        probe_ports(files, servers, addresses, request.seconds, outside),
    )
    # an address that only a server advertises may be of a network that is not this one: its silence says nothing
    greeted = [each for each in more if isinstance(each, ServerAnswers) and isinstance(each.greeting, Seen)]
    return [*observations, *further, *ports, *greeted]


def _claims(request: Request) -> list[GivenCredentials]:
    every = (request.credentials, *request.further_credentials)
    return [GivenCredentials(Located(each.claims, each.label)) for each in every if each and each.claims]


def _distinct(directories: Iterable[NodeDirectory]) -> tuple[NodeDirectory, ...]:
    """Take a directory once that was given by several paths, under its name where one was given."""
    by_place: dict[str, NodeDirectory] = {}
    for each in directories:
        if each.identity not in by_place or by_place[each.identity].name is None:
            by_place[each.identity] = each
    return tuple(by_place.values())


async def _ask_services(
    addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> list[Observation]:
    if not credentials:
        return []
    from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used

    return [ServiceAnswer(await services.cluster_info(addresses, credentials, seconds))]


def server_address(text: str, said: str = "--server") -> Address:
    """Read one URL that something ``said``: ``nats://host:port`` or ``host:port``. Raises ``UsageError``."""
    scheme, has_scheme, rest = text.rpartition("://")
    if "@" in rest:
        # not repeated in the message: what stands before the @ is secret
        raise UsageError(f"{said}: a URL with a user in it: give credentials by --creds or --context")
    found = route_address(rest)
    if found is None or (has_scheme and scheme.lower() not in {"nats", "tls"}):
        raise UsageError(
            f"{said}: {text!r} is no address: expected nats://HOST:PORT or HOST:PORT, with a port from 1 to 65535"
        )
    has_port = ":" in rest.rpartition("]")[2]
    port = found[1] if has_port else DEFAULT_CLIENT_PORT
    if port == 0:
        raise UsageError(f"{said}: {text!r}: expected a port from 1 to 65535")
    return Address(found[0], port)


def ui_address(text: str, said: str) -> Address:
    """Read the URL of a UI that something ``said``: ``http://host:port`` or ``host:port``. Raises ``UsageError``."""
    found = route_address(text.removeprefix("http://").rstrip("/"))
    if "@" in text or "://" in text.removeprefix("http://") or found is None or not found[1]:
        # not repeated in the message: there may be a password in it
        raise UsageError(f"{said}: expected http://HOST:PORT or HOST:PORT")
    return Address(*found)


def _given_first(given: Iterable[Address], derived: Iterable[Address]) -> list[Address]:
    """Return the addresses that were given, and of other nodes those that follow from their files."""
    first = list(given)
    named = {each.directory for each in first if each.directory is not None}
    return [*first, *(each for each in derived if each.directory not in named)]


def _unique(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Ask each address once; a node's own directory goes with the address where both name it."""
    by_text: dict[str, Address] = {}
    for address in addresses:
        known = by_text.get(address.text)
        if known is None or known.directory is None:
            by_text[address.text] = address
    return tuple(by_text.values())


def _client_addresses(files: Iterable[NodeFiles], outside: Outside) -> list[Address]:
    every = list(files)
    found = []
    for each in every:
        if isinstance(each.nats_config, Seen):
            config = each.nats_config.value
            place = outside.place(each.directory, _client_host(each, every, outside), config.client.port)
            if place is not None and config.client.port > 0:
                found.append(Address(*place, each.directory))
    return found


def _client_host(node: NodeFiles, files: list[NodeFiles], outside: Outside) -> str | None:
    configured = node.nats_config.value.client.host if isinstance(node.nats_config, Seen) else None
    if configured:
        return configured
    found = _host_of(node, files)
    # where nothing but this machine comes into question, that of a node behind SSH is the other one
    return outside.hosts.get(node.directory, found) if found is None or found in _LOCAL else found


def _ui_addresses(files: Iterable[NodeFiles], outside: Outside) -> list[Address]:
    """Return the UI port of every node: on the host of its client port, as no setting names another.

    A node without a nats.config, as one that still shows the wizard, is here only if all others are.
    """
    every = list(files)
    hosts = {
        route.host for each in every if isinstance(each.nats_config, Seen) for route in _routes(each.nats_config.value)
    }
    here = "127.0.0.1" if hosts and hosts <= _LOCAL else None
    found = []
    for each in every:
        host = _client_host(each, every, outside) if isinstance(each.nats_config, Seen) else here
        if isinstance(each.symphony_config, Seen):
            place = outside.place(each.directory, host, each.symphony_config.value.ui_port or DEFAULT_UI_PORT)
            if place is not None:
                found.append(Address(*place, each.directory))
    return found


def _host_of(node: NodeFiles, files: list[NodeFiles]) -> str | None:
    """Find the host of a node that listens on all interfaces: it is where the others' routes lead.

    A node lists the others and not itself, so of all hosts in routes its own is the one that it does not
    list, or that bears its name, or that is written with its route port.
    """
    config = node.nats_config.value if isinstance(node.nats_config, Seen) else None
    if config is None or config.cluster is None:
        return "127.0.0.1"
    if config.cluster.advertise is not None:
        advertised = route_address(config.cluster.advertise.value)
        if advertised is not None:
            return advertised[0]
    own = {(route.host, route.port) for route in config.cluster.routes}
    port = config.cluster.listen.port if config.cluster.listen else None
    elsewhere = {
        (route.host, route.port)
        for other in files
        if other is not node and isinstance(other.nats_config, Seen) and other.nats_config.value.cluster
        for route in other.nats_config.value.cluster.routes
        if port is None or route.port == port
    }
    name = config.server_name.value.lower() if config.server_name else None
    named = {host for host, _ in elsewhere if name is not None and host.partition(".")[0].lower() == name}
    left = {host for host, at in elsewhere if (host, at) not in own}
    for hosts in (named, left):
        if len(hosts) == 1:
            return next(iter(hosts))
    every = {host for host, _ in own | elsewhere}
    return "127.0.0.1" if every and every <= _LOCAL else None


def _route_addresses(files: Iterable[NodeFiles], outside: Outside) -> tuple[tuple[str, int], ...]:
    """Return where routes lead, but for those that lead to their own machine where that is another one."""
    return tuple(
        dict.fromkeys(
            (route.host, route.port)
            for each in files
            if isinstance(each.nats_config, Seen)
            for route in _routes(each.nats_config.value)
            if not outside.is_for_itself(each.directory, route.host)
        )
    )


def _told_routes(answers: Iterable[Observation], known: set[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return the routes that servers say they are configured with (VARZ), as far as no file named them."""
    told = (
        route_address(url)
        for each in answers
        if isinstance(each, ServerAnswers) and isinstance(each.server, Seen)
        for url in each.server.value.cluster_routes
    )
    return tuple(dict.fromkeys(address for address in told if address is not None and address not in known))


def _routes(config: NatsConfig) -> tuple[RouteAddress, ...]:
    return config.cluster.routes if config.cluster else ()


def _advertised(request: Request, observations: list[Observation]) -> tuple[Address, ...]:
    """Return the addresses that servers advertise and that nobody named, where nothing else leads to them."""
    if request.credentials is not None or request.directories:
        return ()
    asked = {each.address for each in observations if isinstance(each, ServerAnswers)}
    found = []
    for each in observations:
        if isinstance(each, ServerAnswers) and isinstance(each.greeting, Seen):
            for url in each.greeting.value.connect_urls:
                parsed = route_address(url)
                if parsed is not None and (address := Address(*parsed)).text not in asked:
                    found.append(address)
    return _unique(found)
