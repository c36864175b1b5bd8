"""From a snapshot to what it looks like at a glance: nodes and the routes between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from symphony_doctor.engine.moments import moments_of
from symphony_doctor.engine.placements import placements_of, server_name
from symphony_doctor.model.cluster import Cluster, ConfiguredRoute, Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.jetstream import Replica
from symphony_doctor.model.overview import NodeState, NodeView, Overview, RouteState, RouteView


def overview_of(cluster: Cluster) -> Overview:
    """Return the cluster at a glance; it judges nothing that a rule judges."""
    return Overview(
        nodes=tuple(_node(node, cluster) for node in cluster.nodes),
        routes=tuple(_route(one, other) for one, other in combinations(cluster.nodes, 2)),
        streams=placements_of(cluster),
        moments=moments_of(cluster),
    )


def _node(node: Node, cluster: Cluster) -> NodeView:
    running = node.running
    state = NodeState.UP if node.is_up else NodeState.DOWN if node.is_down else NodeState.UNKNOWN
    return NodeView(
        name=node.name,
        state=state,
        how=running.value.how if isinstance(running, Seen) else running.why,
        version=node.version.value if isinstance(node.version, Seen) else "",
        is_leader=_leads(node),
        heard_at=None if node.is_up else max(_heard(node, cluster), default=None),
    )


def _leads(node: Node) -> bool:
    jetstream = node.jetstream
    meta = jetstream.value.meta if isinstance(jetstream, Seen) else None
    return meta is not None and isinstance(node.server_name, Seen) and meta.leader == node.server_name.value


def _heard(node: Node, cluster: Cluster) -> Iterator[float]:
    """Yield when a node was heard: by the leaders of streams and of the meta group, and in its log."""
    for log in node.log.value if isinstance(node.log, Seen) else ():
        if log.last_at is not None:
            yield log.last_at
    name = server_name(node)
    for replica in _replicas(cluster):
        # never heard is 0
        if replica.name == name and replica.active > 0:
            yield cluster.observed_at - replica.active


def _replicas(cluster: Cluster) -> Iterator[Replica]:
    for stream in cluster.streams:
        if stream.by_leader and stream.state is not None:
            yield from stream.state.replicas
    for each in cluster.nodes:
        if _leads(each) and isinstance(each.jetstream, Seen) and each.jetstream.value.meta is not None:
            yield from each.jetstream.value.meta.replicas


def _route(one: Node, other: Node) -> RouteView:
    both = ((one, other), (other, one))
    if _lists(one, other) or _lists(other, one):
        without = tuple(here.name for here, there in both if _denies(here, there))
        if without:
            return RouteView(one.name, other.name, RouteState.ONE_WAY, f"{without[0]} does not have it", without)
        unaware = tuple(here.name for here, there in both if _is_unaware(here, there))
        if unaware:
            why = f"open, though not configured on {' and '.join(unaware)}"
            return RouteView(one.name, other.name, RouteState.LEARNED, why, unaware)
        return RouteView(one.name, other.name, RouteState.OPEN, "open")
    return RouteView(one.name, other.name, *_state_of(one, other))


def _state_of(one: Node, other: Node) -> tuple[RouteState, str]:
    """Judge a route that no server has."""
    down = [node.name for node in (one, other) if node.is_down]
    if down:
        return RouteState.DOWN, f"{' and '.join(down)} {'is' if len(down) == 1 else 'are'} down"
    if one.is_up and other.is_up and (isinstance(one.routes, Seen) or isinstance(other.routes, Seen)):
        return RouteState.BROKEN, "both are up, and neither has a route to the other"
    return _by_configuration(one, other)


def _by_configuration(one: Node, other: Node) -> tuple[RouteState, str]:
    """Judge a route that no server was asked for: by what answers at the addresses that the nodes are given."""
    configured = [
        (here.name, route) for here, there in ((one, other), (other, one)) for route in _configured(here, there)
    ]
    for name, route in configured:
        probe = route.probe
        if isinstance(probe, Missing) and probe.state is not State.NOT_ASKED:
            return RouteState.BROKEN, f"{route.address}, as {name} has it: {probe.why}"
    if any(isinstance(route.probe, Seen) for _, route in configured):
        return RouteState.UNKNOWN, "configured, and its address answers; no server was asked whether it is open"
    if configured:
        return RouteState.UNKNOWN, "configured; no server was asked whether it is open"
    if all(isinstance(node.configured_routes, Seen) for node in (one, other)):
        return RouteState.UNKNOWN, "configured on neither; no server was asked whether there is one"
    return RouteState.UNKNOWN, "not looked at"


def _lists(one: Node, other: Node) -> bool:
    if not isinstance(one.routes, Seen) or not isinstance(other.server_name, Seen):
        return False
    return any(route.remote_name == other.server_name.value for route in one.routes.value)


def _denies(here: Node, there: Node) -> bool:
    """Tell whether the server of one node was asked, and has no route to the other, whose name is known."""
    return isinstance(here.routes, Seen) and isinstance(there.server_name, Seen) and not _lists(here, there)


def _configured(here: Node, there: Node) -> tuple[ConfiguredRoute, ...]:
    routes = here.configured_routes.value if isinstance(here.configured_routes, Seen) else ()
    return tuple(route for route in routes if there.name in route.targets)


def _is_unaware(here: Node, there: Node) -> bool:
    return isinstance(here.configured_routes, Seen) and not _configured(here, there)
