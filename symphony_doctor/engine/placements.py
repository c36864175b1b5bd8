"""Where streams are: what each node has of each, by the leader where it told, else by lists and directories."""

from __future__ import annotations

from typing import Final

from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.jetstream import Replica, Stream, StreamState
from symphony_doctor.model.overview import Copy, CopyState, Placement
from symphony_doctor.model.raft import peer_id

_SILENT: Final = 10.0
"""Seconds after which a leader counts a replica as not heard (raft.go: lost quorum interval)."""

_YOUNG: Final = 5.0
"""Seconds in which a new stream may be on its leader and not yet on every member."""

_NEEDS_SERVER: Final = frozenset({CopyState.LEADER, CopyState.REPLICA, CopyState.LAGGING, CopyState.HELD})
"""What a copy is no more once its server is down: a leader learns of that later than the doctor."""

_PLAIN: Final = {state: Copy(state) for state in CopyState}


def placements_of(cluster: Cluster) -> tuple[Placement, ...]:
    """Return every stream, those that lack something first, by name and account."""
    places = _Places(cluster)
    every = (places.placement(stream) for stream in cluster.streams)
    return tuple(sorted(every, key=lambda each: (not each.is_faulty, each.stream, each.account)))


def server_name(node: Node) -> str:
    """Return the name that servers know a node by; one that is known by its peers alone is named as they say."""
    return node.server_name.value if isinstance(node.server_name, Seen) else node.name


class _Places:
    """The nodes of a snapshot by the names and ids that servers know them by."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._server_names = {node.name: server_name(node) for node in cluster.nodes}
        self._nodes = {server: name for name, server in self._server_names.items()}
        self._peers = {peer_id(server): name for server, name in self._nodes.items()}

    def placement(self, stream: Stream) -> Placement:
        told = stream.state if stream.by_leader else None
        copies, elsewhere = self._by_leader(stream, told) if told is not None else (self._by_lists(stream), ())
        copies = tuple(
            Copy(CopyState.OFFLINE, copy.lag, copy.heard_at) if node.is_down and copy.state in _NEEDS_SERVER else copy
            for node, copy in zip(self._cluster.nodes, copies, strict=True)
        )
        return Placement(
            stream=stream.name,
            account=stream.account,
            account_name=stream.account_name,
            storage=stream.config.storage,
            num_replicas=stream.config.num_replicas,
            has_leader=None if stream.state is None else bool(stream.leaders),
            copies=copies,
            elsewhere=elsewhere,
        )

    def _by_leader(self, stream: Stream, state: StreamState) -> tuple[tuple[Copy, ...], tuple[str, ...]]:
        leader = self._nodes.get(state.leader, "")
        found = {leader: _PLAIN[CopyState.LEADER]}
        elsewhere = [] if leader else [state.leader]
        for replica in state.replicas:
            names = self._nodes if replica.has_name else self._peers
            name = names.get(replica.name if replica.has_name else replica.peer)
            if name is None:
                elsewhere.append(replica.label)
            else:
                found[name] = self._copy(replica)
        young = self._cluster.observed_at - state.created_at < _YOUNG
        copies = []
        for node in self._cluster.nodes:
            copy = found.get(node.name, _PLAIN[CopyState.NONE])
            if copy.state is not CopyState.NONE and not young and _lacks(node, stream):
                copy = _PLAIN[CopyState.ABSENT]
            copies.append(copy)
        return tuple(copies), tuple(elsewhere)

    def _copy(self, replica: Replica) -> Copy:
        # never heard is 0
        heard_at = self._cluster.observed_at - replica.active if replica.active > 0 else None
        if replica.offline or (not replica.current and (replica.active > _SILENT or heard_at is None)):
            return Copy(CopyState.OFFLINE, replica.lag, heard_at)
        return _PLAIN[CopyState.REPLICA] if replica.current else Copy(CopyState.LAGGING, replica.lag)

    def _by_lists(self, stream: Stream) -> tuple[Copy, ...]:
        everywhere = stream.config.num_replicas >= self._cluster.size
        copies = []
        for node in self._cluster.nodes:
            state = CopyState.UNKNOWN
            if len(stream.leaders) == 1 and self._server_names.get(node.name) == stream.leaders[0]:
                state = CopyState.LEADER
            elif node.name in stream.listed_by or node.name in stream.directories:
                state = CopyState.HELD
            elif _lacks(node, stream):
                state = CopyState.ABSENT if everywhere else CopyState.NONE
            copies.append(_PLAIN[state])
        return tuple(copies)


def _lacks(node: Node, stream: Stream) -> bool:
    """Tell whether a node was looked at and has the stream not: its server's list, or its store of files."""
    if isinstance(node.jetstream, Seen) and node.name not in stream.listed_by:
        return True
    if not stream.config.is_file or node.name in stream.directories:
        return False
    directories = node.stream_directories
    return isinstance(directories, Seen) or directories.is_absence
