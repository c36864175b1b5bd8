"""Which node is at which route address.

Believed, in this order: the server name that answers at the address; the address that a node advertises;
the one node that listens on that port, unless it lists the address itself, as each node lists the others;
the node whose host is written there; the one node left over that does not itself list the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """``listed`` by node name, ``targets`` from address to node name.

    ``expected`` are addresses at which there must be a node that is not among the members, with its
    server name where it answered.
    """

    listed: Mapping[str, tuple[Listed, ...]]
    targets: Mapping[str, str]
    expected: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Listener:
    node: str
    server_name: str | None
    host: str | None
    port: int
    advertise: str | None


def map_routes(members: Iterable[Member], probes: Mapping[str, Evidence[RouteGreeting]]) -> RouteMap:
    """Find the node at each address that any node is configured to connect to."""
    everyone = list(members)
    listed = {member.node.name: found for member in everyone if (found := _listed(member)) is not None}
    listeners = [heard for member in everyone if (heard := _listener(member)) is not None]
    addresses = list(dict.fromkeys(each.address for routes in listed.values() for each in routes))
    targets: dict[str, str] = {}
    for address in addresses:
        target = _answering(address, everyone, probes) or _configured(address, listeners, listed)
        if target is not None:
            targets[address] = target
    _eliminate(addresses, targets, listed, listeners)
    return RouteMap(listed, targets, tuple(_expected(addresses, targets, listed, probes)))


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


def _listener(member: Member) -> _Listener | None:
    config, server = member.node.nats_config, member.node.server
    if isinstance(config, Seen) and config.value.cluster and config.value.cluster.listen:
        block = config.value.cluster
        listen = config.value.cluster.listen
        advertise = block.advertise.value if block.advertise else None
        return _Listener(member.node.name, member.server_name, listen.host, listen.port, advertise)
    if isinstance(server, Seen) and server.value.cluster_port:
        host = server.value.cluster_host
        specific = None if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        return _Listener(member.node.name, member.server_name, specific, server.value.cluster_port, None)
    return None


def _answering(address: str, members: Iterable[Member], probes: Mapping[str, Evidence[RouteGreeting]]) -> str | None:
    probe = probes.get(address)
    if not isinstance(probe, Seen):
        return None
    by_id = [member for member in members if member.server_id == probe.value.server_id]
    by_name = [member for member in members if member.server_name == probe.value.server_name]
    found = by_id or by_name
    return found[0].node.name if len(found) == 1 else None


def _configured(address: str, listeners: list[_Listener], listed: Mapping[str, tuple[Listed, ...]]) -> str | None:
    for listener in listeners:
        if listener.advertise == address:
            return listener.node
    host, port = split(address)
    on_port = [listener for listener in listeners if listener.port == port]
    if len(on_port) == 1 and not _leads_away(address, on_port[0].node, listed):
        return on_port[0].node
    by_host = [listener for listener in on_port if listener.host == host or _named(host, listener)]
    return by_host[0].node if len(by_host) == 1 else None


def _leads_away(address: str, node: str, listed: Mapping[str, tuple[Listed, ...]]) -> bool:
    """Tell whether an address that a node lists is another node's: it is, unless all list all, themselves too."""
    lists = {name: {each.address for each in routes} for name, routes in listed.items()}
    same = len(lists) > 1 and all(each == lists.get(node) for each in lists.values())
    return address in lists.get(node, ()) and not same


def _named(host: str, listener: _Listener) -> bool:
    return host.partition(".")[0].lower() in {
        name.lower() for name in (listener.node, listener.server_name) if name is not None
    }


def _eliminate(
    addresses: list[str],
    targets: dict[str, str],
    listed: Mapping[str, tuple[Listed, ...]],
    listeners: list[_Listener],
) -> None:
    """Each node lists all but itself: where one candidate is left for an address, it is that one."""
    own = {node: {each.address for each in routes} for node, routes in listed.items()}
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
    listed: Mapping[str, tuple[Listed, ...]],
    probes: Mapping[str, Evidence[RouteGreeting]],
) -> Iterable[tuple[str, str | None]]:
    lists = [{each.address for each in routes} for routes in listed.values() if routes]
    for address in addresses:
        if address in targets:
            continue
        probe = probes.get(address)
        if isinstance(probe, Seen):
            yield address, probe.value.server_name
        elif 2 * sum(address in each for each in lists) > len(lists):
            yield address, None


def split(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port``."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
