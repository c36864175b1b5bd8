"""The full mesh: every server has a route to every other one."""

from __future__ import annotations

from itertools import combinations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Node,
    Remedy,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._aims import address_of, linked
from ._commands import restart
from ._words import DOWN, ISOLATED, listing


@check(
    "RT006",
    name="route-mesh-partial",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.ROUTES, Kind.RUNNING, Kind.SERVER_NAME),
    explained_by=(*ISOLATED, *DOWN, Because("CF006", Same.NODES), Because("RT003", Same.NODES)),
)
def route_mesh_partial(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Two servers that are up have no route between them: the mesh is partial.

    What it means: route messages travel one hop. The two nodes cannot replicate to each other, and Raft
    groups with a leader on one of them lose the other.

    How it is seen: ROUTEZ of each server that is up, against the list of those that are. One side's word is
    enough for a route to exist.

    What else it could be: a server that started within the last seconds; --wait tells.

    By hand: see from each of the two whether the other's route port can be reached; a firewall that lets
    through one direction is enough for a route, as either side may dial.

    Verify: `nats server list` shows the same number of routes for every server.
    """
    values, gaps = known(cluster, lambda node: node.running)
    yield from gaps
    names, gaps = known(cluster, lambda node: node.server_name)
    yield from gaps
    up = [node for node in cluster.nodes if node.name in values and values[node.name].value.up and node.name in names]
    for node in up:
        if isinstance(node.routes, Missing) and not node.routes.is_absence:
            yield Gap(node.name, node.routes)
    for one, other in combinations(sorted(up, key=lambda node: node.name), 2):
        witnesses = [node for node in (one, other) if isinstance(node.routes, Seen)]
        if not witnesses or linked(one, other):
            continue
        yield Finding(
            title=f"{one.name} and {other.name} have no route to each other",
            detail=f"Both are up, and neither reaches the other: what {one.name} leads does not reach {other.name}.",
            subject=Subject("route", f"{one.name} <-> {other.name}"),
            nodes=(one.name, other.name),
            evidence=tuple(
                EvidenceEntry(
                    node.name,
                    "ROUTEZ",
                    f"a route to {(other if node is one else one).name}",
                    f"routes to {_remotes(node)}",
                )
                for node in witnesses
            ),
            remedies=(
                Remedy(
                    f"See from {one.name} whether the route port of {other.name} can be reached, and the other way",
                    tuple(
                        f"nc -vz {address.rpartition(':')[0].strip('[]')} {address.rpartition(':')[2]}"
                        for node in (other, one)
                        if (address := address_of(cluster, node.name)) is not None
                    ),
                ),
                restart(
                    (one.name,),
                    "it dials its routes anew, if the network is right and the route still missing",
                ),
            ),
        )


def _remotes(node: Node) -> str:
    if not isinstance(node.routes, Seen):
        return "unknown"
    return listing(sorted(route.remote_name for route in node.routes.value)) or "no server"
