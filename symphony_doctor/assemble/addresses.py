"""Which node is at which route address.

Believed, in this order: the server name that answers at the address; the address that a node advertises;
the node whose host is written there; the one node that listens on that port; the one node left over that
does not itself list the address, as each node lists all the others. What is left then may be a further
name of a node: see ``aliases``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symphony_doctor.assemble.aliases import Listener, further_names, own_names
from symphony_doctor.formats.nats_settings import route_address
from symphony_doctor.model.evidence import Evidence, Seen

if TYPE_CHECKING:
    from symphony_doctor.assemble.members import Member
    from symphony_doctor.model.server import RouteGreeting

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One configured route: ``host:port`` and where it is written."""

    address: str
    where: str


@dataclass(frozen=True, slots=True)
class RouteMap:
    """``listed`` by node name, ``targets`` from address to node name, ``shared`` to the names it may be of.

    ``expected`` are addresses at which there must be a node that is not among the members, with its
    server name where it answered.
    """

    listed: Mapping[str, tuple[Listed, ...]]
    targets: Mapping[str, str]
    expected: tuple[tuple[str, str | None], ...]
    shared: Mapping[str, tuple[str, ...]]

    def leads_to(self, name: str) -> bool:
        """Tell whether any address is that of the node, or may be."""
        return name in self.targets.values() or any(name in names for names in self.shared.values())


def map_routes(members: Iterable[Member], probes: Mapping[str, Evidence[RouteGreeting]]) -> RouteMap:
    """Find the node at each address that any node is configured to connect to."""
    everyone = list(members)
    listed = {member.node.name: found for member in everyone if (found := _listed(member)) is not None}
    own = {node: frozenset(each.address for each in routes) for node, routes in listed.items()}
    greeting = {probe.value.server_name for probe in probes.values() if isinstance(probe, Seen)}
    listeners = [heard for member in everyone if (heard := _listener(member, greeting)) is not None]
    addresses = list(dict.fromkeys(each.address for routes in listed.values() for each in routes))
    targets: dict[str, str] = {}
    for address in addresses:
        target = _answering(address, everyone, probes) or _configured(address, addresses, own, listeners)
        if target is not None:
            targets[address] = target
    _eliminate(addresses, targets, own, listeners)
    shared = further_names(addresses, targets, own, listeners, probes)
    expected = tuple(_expected([each for each in addresses if each not in shared], targets, own, probes))
    placed = {*targets, *shared, *dict(expected)}
    shared |= own_names([each for each in addresses if each not in placed], targets, own, listeners, probes)
    return RouteMap(listed, targets, expected, shared)


def _listed(member: Member) -> tuple[Listed, ...] | None:
    config, server = member.node.nats_config, member.node.server
    if isinstance(config, Seen):
        cluster = config.value.cluster
        return tuple(Listed(route.address, route.where) for route in cluster.routes) if cluster else ()
    if isinstance(server, Seen):
        found = (route_address(url) for url in server.value.cluster_routes)
        return tuple(
            Listed(f"[{each[0]}]:{each[1]}" if ":" in each[0] else f"{each[0]}:{each[1]}", "VARZ")
            for each in found
            if each is not None
        )
    return None


def _listener(member: Member, greeting: set[str]) -> Listener | None:
    config, server = member.node.nats_config, member.node.server
    names = frozenset(name.lower() for name in (member.node.name, member.server_name) if name is not None)
    answers = isinstance(server, Seen) or isinstance(member.node.greeting, Seen) or member.server_name in greeting
    if isinstance(config, Seen) and config.value.cluster and config.value.cluster.listen:
        block = config.value.cluster
        listen = config.value.cluster.listen
        advertise = block.advertise.value if block.advertise else None
        return Listener(member.node.name, names, listen.host, listen.port, advertise, answers)
    if isinstance(server, Seen) and server.value.cluster_port:
        host = server.value.cluster_host
        specific = None if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        return Listener(member.node.name, names, specific, server.value.cluster_port, None, answers)
    return None


def _answering(address: str, members: Iterable[Member], probes: Mapping[str, Evidence[RouteGreeting]]) -> str | None:
    probe = probes.get(address)
    if not isinstance(probe, Seen) or not probe.value.server_name:
        return None
    by_id = [member for member in members if member.server_id == probe.value.server_id]
    by_name = [member for member in members if member.server_name == probe.value.server_name]
    found = by_id or by_name
    return found[0].node.name if len(found) == 1 else None


def _configured(
    address: str, addresses: list[str], own: Mapping[str, frozenset[str]], listeners: list[Listener]
) -> str | None:
    for listener in listeners:
        if listener.advertise == address:
            return listener.node
    host, port = split(address)
    on_port = [listener for listener in listeners if listener.port == port]
    by_host = [listener for listener in on_port if listener.host == host or listener.is_named(host)]
    if len(by_host) == 1:
        return by_host[0].node
    if len(on_port) != 1:
        return None
    # nodes on hosts of their own may all use one port: an address that the node lists itself is of another one
    only = on_port[0].node
    listers = {node for node, listed in own.items() if address in listed}
    alone = sum(split(other)[1] == port for other in addresses) == 1
    return only if host in LOCAL or only not in listers or (alone and listers != {only}) else None


def _eliminate(
    addresses: list[str], targets: dict[str, str], own: Mapping[str, frozenset[str]], listeners: list[Listener]
) -> None:
    """Each node lists all but itself: where one candidate is left for an address, it is that one."""
    changed = True
    while changed:
        changed = False
        for address in addresses:
            if address in targets:
                continue
            port = split(address)[1]
            candidates = [
                listener.node
                for listener in listeners
                if listener.port == port
                and listener.node not in targets.values()
                and address not in own.get(listener.node, ())
            ]
            if len(candidates) == 1:
                targets[address] = candidates[0]
                changed = True


def _expected(
    addresses: list[str],
    targets: Mapping[str, str],
    own: Mapping[str, frozenset[str]],
    probes: Mapping[str, Evidence[RouteGreeting]],
) -> Iterable[tuple[str, str | None]]:
    lists = [listed for listed in own.values() if listed]
    for address in addresses:
        if address in targets:
            continue
        probe = probes.get(address)
        if isinstance(probe, Seen):
            # a route port with TLS tells no name: some node is there all the same
            yield address, probe.value.server_name or None
        elif 2 * sum(address in each for each in lists) > len(lists):
            yield address, None


def split(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port``."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
