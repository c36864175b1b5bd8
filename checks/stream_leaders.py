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
    Remedy,
    Same,
    Severity,
    check,
    known,
)

from ._streams import subject_of
from ._words import DIVIDED, ISOLATED


@check(
    "JS004",
    name="stream-leaderless",
    severity=Severity.CRITICAL,
    needs=(Kind.JETSTREAM,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        *ISOLATED,
        Because("RT006", Same.NODES),
        Because("QU002", Same.CLUSTER),
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
