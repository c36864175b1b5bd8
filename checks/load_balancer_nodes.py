"""Load balancers: every node is behind them, and nothing that is no node."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from symphony_doctor.api import (
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    PoolServer,
    Service,
    Severity,
    State,
    Subject,
    check,
    known,
)

from ._balancing import SOURCE, Placed, address_of, addresses, change, once, pools_of, port_of
from ._words import listing, plural


@check(
    "LB001",
    name="lb-node-missing",
    severity=Severity.WARNING,
    needs=(Kind.LOAD_BALANCERS, Kind.LISTENERS),
)
def lb_node_missing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A load balancer sends nothing to one of the nodes, or sends to an address that is no node.

    What it means: the node that is left out takes no load, and nobody is moved to it when another one
    fails; an address that is no node costs a time-out at every turn (specification, Load Balancing).

    How it is seen: the servers of each upstream or backend against the hosts and ports of the nodes. Hosts
    are those that nodes listen on, advertise or have routes to; names are not resolved. A single address is
    judged together with all other single ones, and only where no upstream of several servers leads there.

    What else it could be: the load balancer names a node by another host and port than the node's own, as
    with published ports of containers.

    By hand: add the node's line to the upstream, or take out the one that is no node; reload.

    Verify: `symphony-doctor run` with --load-balancer shows no LB001.
    """
    gaps: list[Gap] = []
    for service in Service:
        pools, lacking = pools_of(cluster, service)
        gaps += lacking
        several = [[each] for each in pools if len(addresses(each.pool.servers)) > 1]
        single = [] if several or not pools else [pools]
        for together in several or single:
            found = _compare(cluster, service, together)
            gaps += found.gaps
            if found.is_fault:
                yield _node_missing(cluster, service, together, found)
    # a service that no load balancer forwards to is no fault, as long as another one is
    absent = [gap for gap in gaps if gap.missing.state is State.ABSENT]
    yield from once(gap for gap in gaps if gap.missing.state is not State.ABSENT or len(absent) == len(Service))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is wrong with the servers of some pools: nodes that lack, how many of which, and strangers."""

    lacking: tuple[str, ...]
    vaguely: tuple[tuple[int, tuple[str, ...]], ...]
    strangers: tuple[PoolServer, ...]
    unused: tuple[PoolServer, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_fault(self) -> bool:
        return bool(self.lacking or self.vaguely or self.strangers or self.unused)


def _compare(cluster: Cluster, service: Service, together: list[Placed]) -> _Comparison:
    ports, unknown = known(cluster, lambda node: port_of(node, service))
    servers = {server.address.lower(): server for each in together for server in each.pool.servers}
    gaps = [
        Gap(None, Missing(State.UNREADABLE, f"{each.pool.title}: {each.pool.open_ended}", each.pool.where))
        for each in together
        if each.pool.open_ended
    ]
    gaps += (
        Gap(None, Missing(State.UNREADABLE, f"{server.where}: which node is behind {server.address} cannot be told"))
        for server in servers.values()
        if server.port is None
    )
    used = [server for server in servers.values() if not server.unused]
    sure = {server.nodes[0] for server in servers.values() if len(server.nodes) == 1}
    groups = Counter(server.nodes for server in used if len(server.nodes) > 1)
    maybe = {node for nodes in groups for node in nodes}
    # as long as there may be more servers or more nodes than are known, what lacks or is strange cannot be told
    lacking = () if gaps else tuple(sorted(set(ports) - sure - maybe))
    vaguely = tuple((len(nodes) - count, nodes) for nodes, count in groups.items() if count < len(nodes) and not gaps)
    crowded = {nodes for nodes, count in groups.items() if count > len(nodes)}
    strangers = tuple(
        server for server in used if server.port is not None and (not server.nodes or server.nodes in crowded)
    )
    reached = {server.nodes[0] for server in used if len(server.nodes) == 1}
    unused = tuple(
        server
        for server in servers.values()
        if server.unused and len(server.nodes) == 1 and server.nodes[0] not in reached
    )
    return _Comparison(lacking, vaguely, () if unknown else strangers, unused, tuple(gaps))


def _node_missing(cluster: Cluster, service: Service, together: list[Placed], found: _Comparison) -> Finding:
    first = together[0]
    name = first.pool.title if len(together) == 1 else f"what forwards to the {service.value} port"
    said, entries, todo = [], [], []
    for node in found.lacking:
        member = cluster.node(node)
        address = address_of(member, service) if member is not None else node
        listed = ", ".join(server.address for each in together for server in each.pool.servers)
        entries.append(EvidenceEntry(SOURCE, first.pool.where, f"{node}, at {address}", listed))
        todo.append(f"add {address} ({node})")
    if found.lacking:
        said.append(f"lacks {listing(found.lacking)}")
    for count, nodes in found.vaguely:
        said.append(f"lacks {plural(count, 'node')} of {listing(nodes)}")
        entries.append(
            EvidenceEntry(SOURCE, first.pool.where, f"{len(nodes)} servers: {listing(nodes)}", f"{len(nodes) - count}")
        )
        todo.append("add the node that is left out")
    for server in found.unused:
        said.append(f"sends nothing to {server.nodes[0]}, {server.unused}")
        entries.append(EvidenceEntry(SOURCE, server.where, f"traffic to {server.nodes[0]}", server.unused))
        todo.append(f"bring {server.address} back, if its time out is over")
    if found.strangers:
        shown = listing(server.address for server in found.strangers)
        one = len(found.strangers) == 1 and not found.strangers[0].nodes
        said.append(f"names {shown}, {'which is no node' if one else 'not all of which are nodes'}")
        expected = listing(address_of(node, service) for node in cluster.nodes)
        entries += (
            EvidenceEntry(SOURCE, server.where, f"a node's {service.value} port: {expected}", server.address)
            for server in found.strangers
        )
        todo.append(f"remove or correct {shown}")
    unused = tuple(server.nodes[0] for server in found.unused)
    return Finding(
        title=f"{name} {' and '.join(said)}",
        detail="A node that is left out takes no load and no client of a node that fails."
        if found.lacking or found.vaguely or found.unused
        else "Every client that is sent there fails, or waits for a time-out.",
        subject=Subject("setting", first.name if len(together) == 1 else f"{first.path}: {service.value} port"),
        nodes=tuple(sorted({*found.lacking, *unused})),
        evidence=tuple(entries),
        remedies=(change(first, entries[0].where, "; ".join(todo)),),
    )
