"""The meta group: JetStream's own Raft group over all nodes."""

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
    Same,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import rescue
from ._words import DIVIDED, ISOLATED, listing, verb


@check(
    "JS006",
    name="meta-leaderless",
    severity=Severity.CRITICAL,
    needs=(Kind.JETSTREAM,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        *ISOLATED,
        Because("RT001", Same.CLUSTER),
        Because("RT006", Same.NODES),
        Because("QU002", Same.CLUSTER),
    ),
)
def meta_leaderless(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The meta group has no leader, or the servers disagree on it.

    What it means: no stream can be created, changed or placed anew: 'JetStream system temporarily
    unavailable'. Servers that follow different leaders are two clusters.

    How it is seen: the leader that each server names in JSZ (meta_cluster).

    What else it could be: an election, or a cluster that is starting: 10 s, and several minutes where
    nodes start one after the other; --wait tells. A first start needs every configured node up.

    By hand: start the nodes that are down and see that all routes are there. Never delete _js_ or _meta_:
    the servers would delete all streams.

    Verify: `nats server report jetstream` marks one server as the leader.
    """
    values, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    leaders = {node: seen.value.meta.leader for node, seen in values.items() if seen.value.meta is not None}
    named = {leader for leader in leaders.values() if leader}
    without = sorted(node for node, leader in leaders.items() if not leader)
    if not leaders or (len(named) == 1 and not without):
        return
    if not named:
        title = "The meta group has no leader"
        detail = "No stream can be created or changed until a majority of its peers is up and connected."
    elif len(named) == 1:
        title = f"{listing(without)} {verb(len(without), 'sees', 'see')} no meta leader"
        detail = f"The other servers follow {min(named)}: {listing(without)} cannot reach the meta group."
    else:
        title = "The servers follow different meta leaders"
        detail = f"{listing(sorted(named))} each lead a part of the servers: the cluster is split."
    nodes = tuple(without) if named and len(named) == 1 else tuple(sorted(leaders))
    yield Finding(
        title=title,
        detail=detail,
        subject=Subject("cluster", "meta leader"),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, "JSZ", "the same leader on all servers", leader or "no leader")
            for node, leader in sorted(leaders.items())
        ),
        remedies=(
            Remedy(
                "See which servers are up and connected, with system-account credentials",
                ("nats server list", "nats server report jetstream"),
            ),
            *(() if named else (rescue(len(leaders) // 2 + 1),)),
        ),
    )
