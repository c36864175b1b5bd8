"""What rules on streams share."""

from __future__ import annotations

from symphony_doctor.api import Because, Cluster, Same, Stream, Subject

from ._words import by_server_name

YOUNG = 5.0
"""Seconds in which a new stream may be on its leader and not yet on every member."""

STORED = (
    Because("CF004", Same.NODES),
    Because("AC001", Same.NODES | Same.ACCOUNT),
    Because("AC003", Same.NODES | Same.ACCOUNT),
)
"""What keeps a node from storing the streams of its accounts."""


def subject_of(stream: Stream) -> Subject:
    """Return what a finding on a stream is about."""
    return Subject("stream", stream.name, stream.account)


def members_of(cluster: Cluster, stream: Stream) -> tuple[str, ...]:
    """Return the nodes that the stream is assigned to, by its leader; empty where no leader told."""
    if stream.state is None or not stream.by_leader:
        return ()
    nodes = by_server_name(cluster)
    names = (stream.state.leader, *(replica.name for replica in stream.state.replicas))
    return tuple(sorted(nodes[name].name for name in names if name in nodes))
