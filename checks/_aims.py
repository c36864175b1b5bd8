"""Where configured routes lead, and which servers are linked."""

from __future__ import annotations

from symphony_doctor.api import (
    Cluster,
    ConfiguredRoute,
    Node,
    Seen,
)


def misaimed(cluster: Cluster, node: Node) -> tuple[list[ConfiguredRoute], list[str]]:
    """Return a node's routes that lead to no node, and the nodes that it has no route to."""
    routes = node.configured_routes
    if not isinstance(routes, Seen):
        return [], []
    targets = {target for route in routes.value for target in route.targets}
    lacking = [other.name for other in cluster.nodes if other.name not in targets and other.name != node.name]
    return [route for route in routes.value if not route.targets], lacking


def address_of(cluster: Cluster, name: str) -> str | None:
    """Return the route address of a node, as any node is configured with it."""
    for node in cluster.nodes:
        if isinstance(node.configured_routes, Seen):
            for route in node.configured_routes.value:
                if route.targets == (name,):
                    return route.address
    return None


def linked(one: Node, other: Node) -> bool:
    """Tell whether either server says that it has a route to the other."""
    return _lists(one, other) or _lists(other, one)


def _lists(one: Node, other: Node) -> bool:
    if not isinstance(one.routes, Seen) or not isinstance(other.server_name, Seen):
        return False
    return any(route.remote_name == other.server_name.value for route in one.routes.value)
