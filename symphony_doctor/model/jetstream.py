"""JetStream as configured, as stored and as the servers report it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """The part of a stream's configuration that the rules decide on.

    ``settings`` is the whole configuration as sorted (path, value) pairs, for comparison.
    """

    name: str
    storage: str
    num_replicas: int
    mirror: str | None
    sources: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]

    @property
    def is_file(self) -> bool:
        """Tell whether the stream is on disk; a memory stream has no directory anywhere."""
        return self.storage == "file"


@dataclass(frozen=True, slots=True)
class StreamDirectory:
    """``<store>/jetstream/<account>/streams/<name>/`` on one node.

    ``config`` is from its meta.inf, ``None`` with the reason in ``flaw`` where that cannot be read.
    """

    account: str
    name: str
    path: str
    config: StreamConfig | None
    flaw: str | None
    encrypted: bool = False
    """only its server can read the configuration"""


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that a directory is on: bytes in all, and those that its owner can still fill."""

    size: int
    free: int

    @property
    def used_percent(self) -> float:
        """Return the share that is used up, from 0 to 100."""
        return 100 * (1 - self.free / self.size) if self.size > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Store:
    """``<store_dir>/jetstream`` of one node: the accounts that have a directory in it, and its disk."""

    path: str
    accounts: tuple[str, ...]
    disk: Disk | None


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica as the leader sees it: ``active`` in seconds since it was heard, lag in operations.

    ``peer`` is its id in the Raft group. A server that was not heard since the leader started has no
    name but that.
    """

    name: str
    current: bool
    offline: bool
    active: float
    lag: int
    peer: str = ""

    @property
    def has_name(self) -> bool:
        """Tell whether the server knew the name: else it stands in a sentence about the id (raft.go)."""
        return "(peerID:" not in self.name

    @property
    def label(self) -> str:
        """Return the name, or the id where there is none."""
        return self.name if self.has_name or not self.peer else self.peer


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """The state of a mirror or source: ``active`` in seconds since it was heard, negative for never."""

    name: str
    lag: int
    active: float
    error: str | None


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream as one server reports it (JSZ): only the leader's replicas are true.

    ``created_at`` and ``led_since`` in Unix seconds; the latter is 0 where the server does not tell it.
    """

    account: str
    config: StreamConfig
    created_at: float
    leader: str
    raft_group: str
    replicas: tuple[Replica, ...]
    messages: int
    stored_bytes: int
    last_sequence: int
    upstreams: tuple[UpstreamState, ...]
    led_since: float = 0.0


@dataclass(frozen=True, slots=True)
class MetaView:
    """The meta group as one server sees it (JSZ ``meta_cluster``); ``leader`` is empty without one."""

    leader: str
    size: int
    replicas: tuple[Replica, ...]


@dataclass(frozen=True, slots=True)
class JetStream:
    """What one server says of its JetStream (JSZ). Sizes in bytes; ``meta`` is ``None`` when standalone."""

    enabled: bool
    store_dir: str
    max_memory: int
    max_storage: int
    memory: int
    storage: int
    reserved_memory: int
    reserved_storage: int
    meta: MetaView | None
    accounts: tuple[str, ...]
    streams: tuple[StreamState, ...]


@dataclass(frozen=True, slots=True)
class MetaPeer:
    """A peer of the meta group by RAFTZ: ``name`` is empty where the server does not know it."""

    peer_id: str
    name: str


@dataclass(frozen=True, slots=True)
class MetaGroup:
    """The Raft group ``_meta_`` on one server (RAFTZ): quorum as that server counts it."""

    state: str
    size: int
    quorum_needed: int
    leader: str
    peers: tuple[MetaPeer, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of the cluster, merged from all servers and all node directories.

    ``state`` is the leader's answer where there is one, else any member's, else ``None``;
    ``by_leader`` tells whether it is the leader's. ``listed_by`` are the nodes whose server lists
    the stream, ``directories`` the nodes that hold its directory (``None``: no directory was looked at).
    """

    account: str
    account_name: str
    config: StreamConfig
    state: StreamState | None
    by_leader: bool
    leaders: tuple[str, ...]
    listed_by: frozenset[str]
    directories: frozenset[str]

    @property
    def name(self) -> str:
        """Return the stream's name."""
        return self.config.name
