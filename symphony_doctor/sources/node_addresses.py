"""Where nodes are reached, as far as their files tell: client ports, UI ports, and where their routes lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from symphony_doctor.formats.nats_settings import route_address
from symphony_doctor.model.configuration import NatsConfig, RouteAddress
from symphony_doctor.model.evidence import Seen
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.observation import Address, NodeFiles

DEFAULT_UI_PORT: Final = 8080

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def given_first(given: Iterable[Address], derived: Iterable[Address]) -> list[Address]:
    """Return the addresses that were given, and of other nodes those that follow from their files."""
    first = list(given)
    named = {each.directory for each in first if each.directory is not None}
    return [*first, *(each for each in derived if each.directory not in named)]


def unique(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Ask each address once; a node's own directory goes with the address where both name it."""
    by_text: dict[str, Address] = {}
    for address in addresses:
        known = by_text.get(address.text)
        if known is None or known.directory is None:
            by_text[address.text] = address
    return tuple(by_text.values())


def client_addresses(files: Iterable[NodeFiles], outside: Outside) -> list[Address]:
    """Return the client port of every node, where its configuration tells it."""
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


def ui_addresses(files: Iterable[NodeFiles], outside: Outside) -> list[Address]:
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


def route_addresses(files: Iterable[NodeFiles], outside: Outside) -> tuple[tuple[str, int], ...]:
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


def _routes(config: NatsConfig) -> tuple[RouteAddress, ...]:
    return config.cluster.routes if config.cluster else ()
