"""Routes: every server reaches every other one, under one cluster name and names of their own."""

from __future__ import annotations

from collections import Counter

from symphony_doctor.api import (
    Because,
    Cluster,
    ConfiguredRoute,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Remedy,
    Same,
    Seen,
    Severity,
    State,
    Subject,
    check,
    known,
)

from ._aims import address_of, linked, misaimed
from ._commands import configure, edit, start
from ._words import DOWN, listing, plural, verb


@check(
    "RT001",
    name="cluster-name-mismatch",
    severity=Severity.ERROR,
    needs=(Kind.CLUSTER_NAME,),
    explained_by=(Because("CF006", Same.NODES),),
)
def cluster_name_mismatch(cluster: Cluster) -> Iterator[Finding | Gap]:
    """cluster.name differs between nodes, or is missing on one: their routes are refused.

    What it means: servers accept routes only from servers of the same cluster name (specification,
    Troubleshooting: Cluster not forming).

    How it is seen: the name in VARZ or in the greeting of the running server, else in nats.config.

    What else it could be: a directory of another cluster was given to --node.

    By hand: set cluster.name as on the other nodes and restart that node. A name holds no spaces.

    Verify: the log says 'Cluster ready', and ROUTEZ of the node lists all others.
    """
    values, gaps = known(cluster, lambda node: node.cluster_name)
    yield from gaps
    names = {node: seen.value for node, seen in values.items()}
    without = [
        node for node in cluster.nodes if isinstance(node.cluster_name, Missing) and node.cluster_name.is_absence
    ]
    if not names or (len(set(names.values())) == 1 and not without):
        return
    counted = Counter(names.values()).most_common()
    tied = len(counted) > 1 and counted[0][1] == counted[1][1]
    usual = None if tied else counted[0][0]
    odd = sorted([*(node for node, name in names.items() if name != usual), *(node.name for node in without)])
    expected = usual or "the same on all nodes"
    yield Finding(
        title=f"{listing(odd)} {verb(len(odd), 'has', 'have')} "
        + ("no cluster name" if len(odd) == len(without) else "another cluster name"),
        detail="Servers refuse routes from a server of another cluster name: it is alone.",
        subject=Subject("cluster", "cluster.name"),
        nodes=tuple(odd),
        evidence=(
            *(EvidenceEntry(node, values[node].where, expected, name) for node, name in sorted(names.items())),
            *(
                EvidenceEntry(node.name, node.cluster_name.where, expected, "no cluster")
                for node in without
                if isinstance(node.cluster_name, Missing)
            ),
        ),
        remedies=(_name_cluster(odd, usual),),
    )


def _name_cluster(nodes: list[str], name: str | None) -> Remedy:
    if name is None:
        return edit("nats.config", nodes, "set cluster.name to one name for all nodes")
    return configure(
        "nats.config", nodes, f"set cluster.name to {name}", key="cluster.name", operation="set", value=name
    )


@check(
    "RT002",
    name="route-missing",
    severity=Severity.WARNING,
    needs=(Kind.CONFIGURED_ROUTES,),
    explained_by=(
        Because("CF006", Same.NODES),
        Because("RT001", Same.NODES),
        Because("RT003", Same.NODES),
    ),
)
def route_missing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A node is configured with no route to another node of the cluster.

    What it means: as long as a third node knows both, they learn of each other and connect. When that one
    is down at a restart, they do not find each other. If no chain of routes leads from one node to
    another, the cluster falls apart at once, and it is an error.

    How it is seen: cluster.routes in nats.config, or the URLs in VARZ; each address is matched to a node by
    the name that answers there, by the port that a node listens on, or by its host.

    What else it could be: the route is there under an address that the doctor cannot match to the node.

    By hand: add the route and restart the node, while the others are up. A reload would do for the route,
    but a server that was reloaded no longer fetches account JWTs that it lacks until it is restarted.

    Verify: `symphony-doctor run` shows no RT002.
    """
    values, gaps = known(cluster, lambda node: node.configured_routes)
    yield from gaps
    apart = _apart(cluster) if not gaps else False
    for node in cluster.nodes:
        if node.name not in values:
            continue
        for other in misaimed(cluster, node)[1]:
            address = address_of(cluster, other)
            listed = ", ".join(route.address for route in values[node.name].value) or "no routes"
            yield Finding(
                title=f"{node.name} has no route to {other}",
                detail=(
                    "No chain of routes leads to every node: the cluster does not form as one."
                    if apart
                    else f"{node.name} finds {other} only by way of a third node that is up."
                ),
                subject=Subject("route", f"{node.name} -> {other}"),
                nodes=(node.name,),
                evidence=(EvidenceEntry(node.name, values[node.name].where, f"a route to {address or other}", listed),),
                remedies=(_add_route(node.name, other, address),),
                severity=Severity.ERROR if apart else None,
            )


def _add_route(node: str, other: str, address: str | None) -> Remedy:
    if address is None:
        return edit("nats.config", (node,), f"add the route of {other} to cluster.routes")
    route = f"nats-route://{address}"
    return configure(
        "nats.config",
        (node,),
        f"add {route} to cluster.routes",
        key="cluster.routes",
        operation="add",
        value=route,
    )


def _apart(cluster: Cluster) -> bool:
    reached: set[str] = set()
    pending = [cluster.nodes[0].name] if cluster.nodes else []
    neighbours: dict[str, set[str]] = {node.name: set() for node in cluster.nodes}
    for node in cluster.nodes:
        if isinstance(node.configured_routes, Seen):
            for route in node.configured_routes.value:
                for target in neighbours.keys() & set(route.targets):
                    neighbours[node.name].add(target)
                    neighbours[target].add(node.name)
    while pending:
        at = pending.pop()
        if at not in reached:
            reached.add(at)
            pending.extend(neighbours[at])
    return len(reached) < cluster.size


@check(
    "RT003",
    name="route-unreachable",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.CONFIGURED_ROUTES,),
    explained_by=(*DOWN, Because("RT007", Same.NODES)),
)
def route_unreachable(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A route's address does not resolve, refuses, does not answer, or is no route port.

    What it means: the servers that are configured with it cannot connect to that node (specification,
    Troubleshooting: Cluster not forming; Node won't rejoin).

    How it is seen: the doctor connects to every configured route from where it runs, sends nothing, and
    reads the greeting. A route that the servers themselves have open is never reported, whatever the
    doctor can reach, unless the server at its other end is down: a host that drops all packets is noticed late.

    What else it could be: a firewall between the doctor and the node, but not between the nodes; ROUTEZ with
    system-account credentials tells the two apart.

    By hand: start the node if it is down; correct host or port in cluster.routes if not; open the port in
    firewalls and security groups.

    Verify: `nc -vz HOST PORT` from each other node, and `symphony-doctor run`.
    """
    values, gaps = known(cluster, lambda node: node.configured_routes)
    yield from gaps
    failing: dict[str, list[tuple[str, ConfiguredRoute, Missing]]] = {}
    for node in cluster.nodes:
        unaimed, lacking = misaimed(cluster, node)
        for route in values[node.name].value if node.name in values else ():
            probe = route.probe
            if isinstance(probe, Seen):
                continue
            if probe.state is State.NOT_ASKED:
                yield Gap(node.name, probe)
            elif not route.targets and not (route in unaimed and lacking):
                continue  # a route to no node, while every node has its route: RT005 judges it
            # a server closes the route to itself: whether it can be reached is of no account
            elif node.name not in route.targets and not any(_open(cluster, node.name, to) for to in route.targets):
                failing.setdefault(route.address, []).append((node.name, route, probe))
    for address, routes in sorted(failing.items()):
        targets = routes[0][1].targets
        listing_nodes = tuple(name for name, _, _ in routes)
        down = bool(targets) and all(_is_down(cluster, target) for target in targets)
        whose = " or ".join(targets) or "a node"
        yield Finding(
            title=(
                f"{whose} is down: its route port at {address} cannot be reached"
                if down
                else f"The route to {whose} at {address} cannot be reached"
            ),
            detail=f"{routes[0][2].why}. {plural(len(routes), 'node')} {verb(len(routes), 'connects', 'connect')} "
            f"to it: {listing(listing_nodes)}.",
            subject=Subject("route", address),
            nodes=targets if targets and (down or len(routes) > 1) else listing_nodes,
            evidence=tuple(
                EvidenceEntry(name, route.where, "a route port that answers", probe.why)
                for name, route, probe in routes
            ),
            remedies=(
                (start(targets),)
                if down
                else (
                    Remedy(
                        f"See from {listing_nodes[0]} whether the port can be reached",
                        (f"nc -vz {address.rpartition(':')[0].strip('[]')} {address.rpartition(':')[2]}",),
                    ),
                    edit("nats.config", listing_nodes, "if the address is wrong, correct it in cluster.routes"),
                )
            ),
        )


def _is_down(cluster: Cluster, name: str) -> bool:
    node = cluster.node(name)
    return node is not None and node.is_down


def _open(cluster: Cluster, name: str, target: str) -> bool:
    """Tell whether the servers say that they are connected; of one that is down they notice it late."""
    other = cluster.node(target)
    node = cluster.node(name)
    return node is not None and other is not None and not other.is_down and linked(node, other)
