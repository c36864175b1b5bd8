"""Replicas of streams: each of them there, heard, and keeping up."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Replica,
    Same,
    Severity,
    Stream,
    check,
    known,
    peer_id,
)

from ._commands import resubmit, start
from ._samples import is_catching_up, replica_before, seconds_between, state_before, trend
from ._streams import STORED, YOUNG, subject_of
from ._words import DOWN, ISOLATED, account_words, by_server_name, listing, plural, verb

_SILENT = 10.0
"""Seconds after which a leader counts a replica as not heard (raft.go: lost quorum interval)."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with one replica."""

    text: str
    absent: bool = False
    catching_up: bool = False


@check(
    "JS003",
    name="replica-unhealthy",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.JETSTREAM,),
    explained_by=(
        *DOWN,
        Because("CF002", Same.NODES),
        *ISOLATED,
        Because("RT006", Same.NODES),
        *STORED,
        Because("JS007", Same.NODES),
        Because("RT003", Same.NODES),
        Because("CF003", Same.NODES),
        # of two servers with one name, the name that the other one had is missed as a replica
        Because("RT004", Same.CLUSTER),
        # without a meta leader nobody hears of the replicas that others have
        Because("JS006", Same.CLUSTER),
    ),
)
def replica_unhealthy(cluster: Cluster, *, most_lag: int = 1000) -> Iterator[Finding | Gap]:
    """A replica of a stream is offline, silent, far behind, or absent from its own server.

    What it means: the stream has fewer working copies than it is configured with.

    How it is seen: by the leader's list of replicas alone, as a follower knows nothing true of the others:
    offline, not heard for 10 s, not current and more than most_lag operations behind; or assigned to a
    server whose own list (JSZ) does not have the stream.

    What else it could be: a server that has just come back and is catching up: --samples 2 tells that from one
    that falls behind, and makes it a warning; --wait tells when it is over.

    By hand: where the server is up and lacks the replica, send the stream's unchanged configuration again:
    it creates and fills the replica without a restart.

    Verify: `nats stream info STREAM` shows every replica current.
    """
    values, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    nodes = by_server_name(cluster)
    peers = {peer_id(name): node for name, node in nodes.items()}
    listed = {
        node: {(state.account, state.config.name) for state in seen.value.streams} for node, seen in values.items()
    }
    for stream in cluster.streams:
        state = stream.state
        if state is None or not stream.by_leader:
            continue
        young = cluster.observed_at - state.created_at < YOUNG
        before = state_before(cluster, stream)
        faults: dict[str, _Fault] = {}
        for replica in state.replicas:
            node = nodes.get(replica.name) if replica.has_name else peers.get(replica.peer)
            fault = _replica_fault(replica, most_lag, replica_before(before, replica), seconds_between(cluster))
            own = listed.get(node.name) if node is not None else None
            if own is not None and (stream.account, stream.name) not in own and not young:
                fault = _Fault("assigned, and its server does not have it", absent=True)
            if fault is not None:
                faults[node.name if node is not None else replica.label] = fault
        if faults:
            bad = tuple(sorted(faults))
            recovers = all(fault.catching_up for fault in faults.values())
            yield Finding(
                title=f"{stream.name} has no healthy replica on {listing(bad)}"
                + (f": {verb(len(bad), 'it is', 'they are')} catching up" if recovers else ""),
                detail=(
                    f"Its leader {state.leader} counts {plural(len(state.replicas) + 1, 'replica')}, of which "
                    f"{len(faults)} {verb(len(faults), 'is', 'are')} not there or not keeping up."
                ),
                subject=subject_of(stream),
                nodes=bad,
                evidence=tuple(
                    EvidenceEntry(state.leader, f"JSZ, replica on {name}", "current", fault.text)
                    for name, fault in sorted(faults.items())
                ),
                remedies=_replica_remedies(cluster, stream, bad, absent=any(fault.absent for fault in faults.values())),
                severity=Severity.WARNING if recovers else None,
            )


def _replica_fault(replica: Replica, most_lag: int, before: Replica | None, seconds: float) -> _Fault | None:
    if replica.offline:
        return _Fault("offline")
    if replica.current:
        return None
    if replica.active > _SILENT:
        return _Fault(f"not heard for {replica.active:.0f} s")
    if replica.active == 0:
        return _Fault(f"never heard, {plural(replica.lag, 'operation')} behind")
    if replica.lag <= most_lag:
        return None
    lag_before = before.lag if before is not None else None
    return _Fault(
        f"{replica.lag:,} operations behind{trend(lag_before, replica.lag, seconds)}",
        catching_up=is_catching_up(lag_before, replica.lag),
    )


def _replica_remedies(cluster: Cluster, stream: Stream, nodes: tuple[str, ...], *, absent: bool) -> tuple[Remedy, ...]:
    down = [name for name in nodes if (node := cluster.node(name)) is not None and node.is_down]
    again = resubmit(stream.name, stream.config.num_replicas, account_words(cluster, stream.account), stream.account)
    if down:
        return (start(down),)
    look = Remedy("See whether it catches up", (f"nats stream info {stream.name}",))
    return (again,) if absent else (look, again)
