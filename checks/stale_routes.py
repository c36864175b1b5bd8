"""Routes that were left behind: to a server that is no node of the cluster."""

from __future__ import annotations

from symphony_doctor.api import (
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Severity,
    Subject,
    check,
    known,
)

from ._aims import misaimed
from ._commands import configure
from ._words import listing, verb


@check("RT005", name="route-stale", severity=Severity.WARNING, needs=(Kind.CONFIGURED_ROUTES,))
def route_stale(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A node is configured with a route to a server that is no node of the cluster.

    What it means: the server tries to connect there for ever, and counts the route when a new cluster
    waits for all its peers (specification, Removing a Node).

    How it is seen: the address belongs to no node known from files, from servers or from the routes of
    most nodes, while the node has a route to every node there is.

    What else it could be: a node that was added on this one first and has not been started yet.

    By hand: remove the route from nats.config and restart the node.

    Verify: `symphony-doctor run` shows no RT005.
    """
    values, gaps = known(cluster, lambda node: node.configured_routes)
    yield from gaps
    stale: dict[str, list[EvidenceEntry]] = {}
    for node in cluster.nodes:
        unaimed, lacking = misaimed(cluster, node)
        if not lacking and node.name in values:
            for route in unaimed:
                said = route.probe.why if isinstance(route.probe, Missing) else "answers"
                stale.setdefault(route.address, []).append(
                    EvidenceEntry(node.name, route.where, "the address of a node", f"{route.address}: {said}")
                )
    for address, entries in sorted(stale.items()):
        nodes = tuple(entry.source for entry in entries)
        yield Finding(
            title=f"{listing(nodes)} {verb(len(nodes), 'has', 'have')} a route to {address}, which is no node",
            detail="No other node is configured with it, and no server of the cluster is there.",
            subject=Subject("route", address),
            nodes=nodes,
            evidence=tuple(entries),
            remedies=(
                configure(
                    "nats.config",
                    nodes,
                    f"remove {address} from cluster.routes",
                    key="cluster.routes",
                    operation="remove",
                    value=address,
                ),
            ),
        )
