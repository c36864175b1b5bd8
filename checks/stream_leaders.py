"""Leaders of streams: without one, nothing is written."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Remedy,
    Same,
    Severity,
    Subject,
    check,
    known,
)

from ._samples import seconds_between
from ._streams import subject_of
from ._words import DIVIDED, ISOLATED, LESS_REDUNDANT, account_words, by_server_name, plural


@check(
    "JS004",
    name="stream-leaderless",
    severity=Severity.CRITICAL,
    transient=True,
    needs=(Kind.JETSTREAM,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        *ISOLATED,
        Because("RT006", Same.NODES),
        *LESS_REDUNDANT,
        Because("JS006", Same.CLUSTER),
    ),
)
def stream_leaderless(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A stream has no leader: writes to it are refused.

    What it means: most members of the stream's group are down or cut off, or an election is under way.

    How it is seen: no server that lists the stream names a leader for it.

    What else it could be: an election, which takes up to 9 s; --wait tells.

    By hand: start the members that are down. Do not delete the stream or its files.

    Verify: `nats stream info STREAM` names a leader.
    """
    _, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    for stream in cluster.streams:
        if stream.state is None or stream.leaders or stream.config.num_replicas < 2:  # noqa: PLR2004 - R=1 needs none
            continue
        nodes = tuple(sorted(stream.listed_by))
        yield Finding(
            title=f"{stream.name} has no leader",
            detail="Writes are refused until a majority of its members is up and connected.",
            subject=subject_of(stream),
            nodes=nodes,
            evidence=tuple(EvidenceEntry(node, "JSZ", "a leader", "none") for node in nodes),
            remedies=(
                Remedy(
                    "See which members are missing, and start them",
                    ("nats server report jetstream", "nats server list"),
                ),
            ),
        )


@check(
    "JS012",
    name="leader-moves",
    severity=Severity.INFO,
    needs=(Kind.JETSTREAM, Kind.EARLIER),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *LESS_REDUNDANT,
        Because("JS004", Same.CLUSTER),
        Because("JS006", Same.CLUSTER),
        Because("RT006", Same.CLUSTER),
        Because("RT001", Same.CLUSTER),
        Because("RT004", Same.CLUSTER),
    ),
)
def leader_moves(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The leader of a stream, or of the meta group, changed while the doctor looked.

    What it means: once, somebody moved it or a node restarted. Again and again, a leader is not heard in time: the
    network between nodes, the disk or the processor of a node is too slow, and each election stops writes for seconds.

    How it is seen: by two samples of what the servers say (--samples 2), the leader of each.

    What else it could be: a restart one node after the other, or `nats stream cluster step-down`.

    By hand: look at the log of the node that lost the lead, at its load and its disk; --samples 5 looks longer.

    Verify: `run --samples 5` names no leader that moved.
    """
    if isinstance(cluster.earlier, Missing):
        yield Gap(None, cluster.earlier)
        return
    _, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    moved = [*_moved_meta(cluster, cluster.earlier.value), *_moved_streams(cluster, cluster.earlier.value)]
    if moved:
        seconds = seconds_between(cluster)
        yield Finding(
            title=f"{plural(len(moved), 'leader')} moved within {seconds:.0f} s",
            detail="Once is harmless. Again and again it means that a leader is not heard in time.",
            subject=Subject("cluster", cluster.name),
            nodes=tuple(sorted({node.name for name, _, now in moved if (node := by_server_name(cluster).get(now))})),
            evidence=tuple(
                EvidenceEntry(now, f"JSZ, {what}", f"led by {before}, as {seconds:.0f} s before", f"led by {now}")
                for what, before, now in moved
            ),
            remedies=(Remedy("See who leads what", ("nats server report jetstream",)),),
        )


def _moved_streams(cluster: Cluster, earlier: Cluster) -> Iterator[tuple[str, str, str]]:
    """Yield (which stream, the leader of then, the leader of now)."""
    before = {(each.account, each.name): each for each in earlier.streams}
    for stream in cluster.streams:
        then = before.get((stream.account, stream.name))
        # one that several servers claim to lead is split, which is another problem
        if then is not None and len(then.leaders) == len(stream.leaders) == 1 and then.leaders != stream.leaders:
            what = f"{stream.name} of {account_words(cluster, stream.account)}"
            yield what, then.leaders[0], stream.leaders[0]


def _moved_meta(cluster: Cluster, earlier: Cluster) -> Iterator[tuple[str, str, str]]:
    then, now = _meta_leaders(earlier), _meta_leaders(cluster)
    if len(then) == len(now) == 1 and then != now:
        yield "meta_cluster", min(then), min(now)


def _meta_leaders(cluster: Cluster) -> set[str]:
    values, _ = known(cluster, lambda node: node.jetstream)
    return {
        seen.value.meta.leader for seen in values.values() if seen.value.meta is not None and seen.value.meta.leader
    }
