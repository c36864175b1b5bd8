"""The meta group: JetStream's own Raft group over all nodes."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    JetStream,
    Kind,
    MetaView,
    Remedy,
    Replica,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    known,
    peer_id,
)

from ._commands import remove_peer, rescue
from ._words import DIVIDED, ISOLATED, LESS_REDUNDANT, listing, verb


@check(
    "JS006",
    name="meta-leaderless",
    severity=Severity.CRITICAL,
    transient=True,
    needs=(Kind.JETSTREAM,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        *ISOLATED,
        Because("RT001", Same.CLUSTER),
        Because("RT006", Same.NODES),
        *LESS_REDUNDANT,
    ),
)
def meta_leaderless(cluster: Cluster, *, settling_seconds: int = 10) -> Iterator[Finding | Gap]:
    """The meta group has no leader, or the servers disagree on it.

    What it means: no stream can be created, changed or placed anew: 'JetStream system temporarily
    unavailable'. Servers that follow different leaders are two clusters.

    How it is seen: the leader that each server names in JSZ (meta_cluster).

    What else it could be: an election, or a cluster that is starting: 10 s, and several minutes where
    nodes start one after the other; --wait tells. A first start needs every configured node up. A server
    that started less than settling_seconds ago is left out while the others agree.

    By hand: start the nodes that are down and see that all routes are there. Never delete _js_ or _meta_:
    the servers would delete all streams.

    Verify: `nats server report jetstream` marks one server as the leader.
    """
    values, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    leaders = {node: seen.value.meta.leader for node, seen in values.items() if seen.value.meta is not None}
    named = {leader for leader in leaders.values() if leader}
    if len(named) == 1:
        # a server that has just come back learns the leader from its first heartbeat
        leaders = {
            node: leader for node, leader in leaders.items() if leader or not _is_young(cluster, node, settling_seconds)
        }
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


def _is_young(cluster: Cluster, name: str, seconds: int) -> bool:
    node = cluster.node(name)
    return (
        node is not None
        and isinstance(node.server, Seen)
        and cluster.observed_at - node.server.value.started_at < seconds
    )


_SILENT = 10.0
"""Seconds after which the leader counts a peer as not heard (raft.go: lost quorum interval)."""


@check(
    "JS007",
    name="meta-ghost-peer",
    severity=Severity.WARNING,
    needs=(Kind.JETSTREAM, Kind.SERVER_NAME),
    explained_by=(*DIVIDED, Because("RT004", Same.CLUSTER)),
)
def meta_ghost_peer(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The meta group counts a peer that is no node any more.

    What it means: a removed node still counts for the quorum: of 3 nodes and a ghost, 3 must be up instead
    of 2. Replicas that were on it are missing. Taking a node out of the routes, as the specification
    describes it (Removing a Node), does not remove the peer; nothing does by itself.

    How it is seen: the meta leader lists a peer that is not heard, and no node of the cluster bears its name:
    no directory that was given, no server that answered, no address in the routes.

    What else it could be: a node that is down for good, whose route was removed from all others; or a node
    that was renamed: its old name stays behind as a peer.

    By hand: make sure that the server will not come back under that name, then remove the peer, while
    there is a meta leader. A server that is removed while it runs deletes its own data.

    Verify: `nats server report jetstream` lists the nodes of the cluster and no other peer.
    """
    values, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    names, nameless = known(cluster, lambda node: node.server_name)
    yield from nameless
    found = _leading(values, names)
    if found is None:
        return
    leader, where, meta = found
    # a node whose own name is not known may be called by that of the peer it is
    at_home = {peer_id(name) for name in (*(seen.value for seen in names.values()), *(n.name for n in cluster.nodes))}
    strangers = [replica for replica in meta.replicas if _id(replica) not in at_home and _is_silent(replica)]
    peers = {_id(replica) for replica in meta.replicas}
    # one of them may be the node that told no name
    if any(peer_id(gap.node) not in peers for gap in nameless if gap.node is not None):
        return
    for replica in strangers:
        yield Finding(
            title=f"{replica.label} is no node any more and still counts as a peer of the meta group",
            detail=(
                f"With it the quorum is {meta.size // 2 + 1} of {meta.size} peers, for {len(cluster.nodes)} nodes. "
                "Its replicas are missing until it is removed."
            ),
            # its name is forgotten when the servers restart, its id is not
            subject=Subject("node", _id(replica)),
            nodes=(replica.label,),
            evidence=(EvidenceEntry(leader, f"{where}, meta_cluster", "the nodes of the cluster", _state(replica)),),
            remedies=(remove_peer(replica.name, _id(replica), replica.label),),
        )


def _leading(values: dict[str, Seen[JetStream]], names: dict[str, Seen[str]]) -> tuple[str, str, MetaView] | None:
    """Return the node that leads the meta group, and its view: only the leader's is true."""
    for node, seen in sorted(values.items()):
        meta = seen.value.meta
        if meta is not None and meta.leader and node in names and meta.leader == names[node].value:
            return node, seen.where, meta
    return None


def _id(replica: Replica) -> str:
    return replica.peer or peer_id(replica.name)


def _is_silent(replica: Replica) -> bool:
    """Tell whether the leader does not hear it; never heard since the leader started is active 0."""
    return replica.offline or (not replica.current and (replica.active > _SILENT or replica.active == 0))


def _state(replica: Replica) -> str:
    heard = (
        "offline" if replica.offline else "never heard" if replica.active == 0 else f"silent for {replica.active:.0f} s"
    )
    return f"{replica.label} ({_id(replica)}): {heard}"
