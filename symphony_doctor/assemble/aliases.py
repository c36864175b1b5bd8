"""Route addresses that may be further names of a node: its IP address beside its host name, its own address.

Operators copy one cluster block to all nodes, the node's own route included, and write a host by its name
here and by its address there. Without a server that answers it cannot always be told which node an address
is of. It is then one of several, and no rule may say that a route is missing or leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symphony_doctor.model.evidence import Evidence, Seen, State

if TYPE_CHECKING:
    from symphony_doctor.model.server import RouteGreeting

Probes = Mapping[str, "Evidence[RouteGreeting]"]
Lists = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a node listens for routes: ``host`` is ``None`` for all interfaces; ``answers``: its server does."""

    node: str
    names: frozenset[str]
    host: str | None
    port: int
    advertise: str | None
    answers: bool

    def is_named(self, host: str) -> bool:
        """Tell whether the first label of a host name is the node's or its server's name."""
        return host.partition(".")[0].lower() in self.names


def further_names(
    addresses: Iterable[str], targets: Mapping[str, str], own: Lists, listeners: list[Listener], probes: Probes
) -> dict[str, tuple[str, ...]]:
    """Return, for addresses without a target, the nodes that they may be further names of."""
    unknown = [address for address in addresses if address not in targets]
    found = _copied(unknown, targets, own, listeners, probes)
    for address in unknown:
        if address not in found:
            names = tuple(
                sorted(
                    listener.node
                    for listener in listeners
                    if _may_be(address, listener, probes) and _is_lacked(address, listener.node, targets, own)
                )
            )
            if names:
                found[address] = names
    return found


def own_names(
    unknown: Iterable[str], targets: Mapping[str, str], own: Lists, listeners: list[Listener], probes: Probes
) -> dict[str, tuple[str, ...]]:
    """Return the addresses that one node alone lists and that may be its own.

    The node must know all the others by other addresses: else it is one of them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for address in unknown:
        listers = [node for node, listed in own.items() if address in listed]
        for listener in listeners:
            reached = {targets[each] for each in own.get(listener.node, frozenset()) if each in targets}
            others = {node for node in own if node != listener.node}
            knows_all = bool(others) and others <= reached and listener.node not in reached
            if listers == [listener.node] and knows_all and _may_be(address, listener, probes):
                found[address] = (listener.node,)
    return found


def _copied(
    unknown: list[str], targets: Mapping[str, str], own: Lists, listeners: list[Listener], probes: Probes
) -> dict[str, tuple[str, ...]]:
    """Of a list of routes that two nodes or more have in common, each of these nodes is at one address."""
    found: dict[str, tuple[str, ...]] = {}
    for listed in {routes for routes in own.values() if routes and list(own.values()).count(routes) > 1}:
        reached = {targets[each] for each in listed if each in targets}
        left = [each for each in listeners if own.get(each.node) == listed and each.node not in reached]
        for address in [each for each in unknown if each in listed]:
            names = tuple(sorted(each.node for each in left if _may_be(address, each, probes)))
            # so many addresses as there are nodes: what is more is of nodes that were not looked at
            if names and sum(set(taken) <= {each.node for each in left} for taken in found.values()) < len(left):
                found[address] = names
    return found


def _may_be(address: str, listener: Listener, probes: Probes) -> bool:
    """Tell whether an address may be of a node: its port is, and it is not silent while the node and others answer."""
    if int(address.rpartition(":")[2]) != listener.port:
        return False
    probe = probes.get(address)
    silent = probe is not None and not isinstance(probe, Seen) and probe.state is not State.NOT_ASKED
    return not (silent and listener.answers and any(isinstance(each, Seen) for each in probes.values()))


def _is_lacked(address: str, node: str, targets: Mapping[str, str], own: Lists) -> bool:
    """Tell whether every node that lists an address is another one, and has no other route to the node."""
    listers = [lister for lister, listed in own.items() if address in listed]
    return all(lister != node and node not in {targets.get(each) for each in own[lister]} for lister in listers)
