"""Quorum: whether a majority of the nodes is up."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Running,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import rescue, start
from ._words import listing, verb

_CANNOT_START = tuple(Because(code, Same.NODES) for code in ("CF006", "CF007", "CF001", "ID005"))
"""A node whose configuration keeps its server from starting."""


@check(
    "QU001",
    name="quorum-lost",
    severity=Severity.CRITICAL,
    transient=True,
    needs=(Kind.RUNNING,),
    explained_by=_CANNOT_START,
)
def quorum_lost(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Fewer nodes are up than the majority: JetStream refuses writes.

    What it means: 'the internal data store requires a majority quorum before it can accept operations (2 of
    3 nodes, or 3 of 5)' (specification, Start the cluster).

    How it is seen: a node is up if its server answers or another server has a route to it; it is down if
    neither its client port nor its route port answers, while some server of the cluster does. Servers list a
    route to a host that drops all packets for minutes: who does not answer by way of it either is down.

    What else it could be: a network fault between the doctor and the nodes.

    By hand: start the nodes that are down. Do not remove them from the meta group and do not delete
    anything: what they hold may be the only copy.

    Verify: `nats server list` shows a majority, and `nats server report jetstream` a leader.
    """
    values, gaps = known(cluster, lambda node: node.running)
    yield from gaps
    down = _down(values)
    if cluster.size - len(down) < cluster.majority:
        up = cluster.size - len(down)
        yield _finding(
            values,
            down,
            f"Quorum is lost: {up} of {cluster.size} nodes {verb(up, 'is', 'are')} up, {cluster.majority} are needed",
            f"{listing(down)} {verb(len(down), 'is', 'are')} down. Writes are refused.",
            *((rescue(up // 2 + 1),) if up else ()),
        )


@check(
    "QU002",
    name="quorum-at-risk",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.RUNNING,),
    explained_by=_CANNOT_START,
)
def quorum_at_risk(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Exactly the majority of the nodes is up: the loss of one more stops all writes.

    What it means: the cluster works without any redundancy left.

    How it is seen: as for QU001.

    What else it could be: a node that is being restarted; --wait tells.

    By hand: start the node that is down. Restart no other node before it is back.

    Verify: `nats server list` shows every node.
    """
    values, gaps = known(cluster, lambda node: node.running)
    yield from gaps
    down = _down(values)
    if down and not gaps and cluster.size - len(down) == cluster.majority:
        yield _finding(
            values,
            down,
            f"{listing(down)} {verb(len(down), 'is', 'are')} down: the quorum is at risk",
            f"{cluster.majority} of {cluster.size} nodes are up, exactly the majority: one more loss stops all writes.",
        )


@check(
    "QU004",
    name="node-down",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.RUNNING,),
    explained_by=_CANNOT_START,
)
def node_down(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A node is down, and more than the majority is up: redundancy is lost, the quorum is not at risk yet.

    What it means: every stream with a replica there lacks it. The cluster works, and tolerates one loss less.

    How it is seen: as for QU001. Where the majority itself is at risk or lost, QU002 or QU001 say so instead.

    What else it could be: a node that is being restarted (--wait tells); a firewall between the doctor and the
    node alone, where there are no system-account credentials to ask the other servers with.

    By hand: start the node; where its host does not answer at all, see to the host and to what is between.

    Verify: `nats server list` shows every node.
    """
    values, gaps = known(cluster, lambda node: node.running)
    yield from gaps
    down = _down(values)
    up = cluster.size - len(down)
    if down and (up > cluster.majority or (gaps and up == cluster.majority)):
        unknown = f", {len(gaps)} not known" if gaps else ""
        yield _finding(
            values,
            down,
            f"{listing(down)} {verb(len(down), 'is', 'are')} down",
            f"{up - len(gaps)} of {cluster.size} nodes are up{unknown}; {cluster.majority} are needed.",
        )


def _down(values: dict[str, Seen[Running]]) -> tuple[str, ...]:
    return tuple(sorted(node for node, seen in values.items() if not seen.value.up))


def _finding(
    values: dict[str, Seen[Running]], down: tuple[str, ...], title: str, detail: str, *further: Remedy
) -> Finding:
    return Finding(
        title=title,
        detail=detail,
        subject=Subject("cluster", "quorum"),
        nodes=down,
        evidence=tuple(
            EvidenceEntry(node, seen.where, "up", f"{'up' if seen.value.up else 'down'}: {seen.value.how}")
            for node, seen in sorted(values.items())
        ),
        remedies=(start(down), *further),
    )


@check("QU003", name="even-cluster", severity=Severity.WARNING, needs=())
def even_cluster(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The cluster has an even number of nodes: one more than it profits from.

    What it means: 4 nodes tolerate the loss of one, as 3 do; 2 nodes tolerate none, and keep one replica of
    everything (specification, Cluster Sizing).

    How it is seen: the nodes known from the directories given, from the servers that answered, and from the
    routes that most nodes are configured with.

    What else it could be: a node that is about to be added or removed.

    By hand: add a node, or remove one as the specification describes.

    Verify: `nats server list` shows an odd number.
    """
    size = cluster.size
    if size == 0 or size % 2:
        return
    tolerates = size - cluster.majority
    names = tuple(node.name for node in cluster.nodes)
    yield Finding(
        title=f"The cluster has {size} nodes: an even number adds no fault tolerance",
        detail=(
            f"{size} nodes tolerate the loss of {tolerates}, the same as {size - 1}: a majority of {cluster.majority} "
            "must be up." + (" With two nodes nothing is replicated at all: R=1." if size == 2 else "")  # noqa: PLR2004 - as it says
        ),
        subject=Subject("cluster", "size"),
        nodes=names,
        evidence=tuple(
            EvidenceEntry(node.name, "", "an odd number of nodes", f"known from {', '.join(node.known_from)}")
            for node in cluster.nodes
        ),
        remedies=(Remedy(f"Add a node, or remove one: {size - 1} or {size + 1} nodes", ("nats server list",)),),
    )
