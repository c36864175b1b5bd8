"""What a cluster looks like at a glance: its nodes, their routes, where streams are, what the logs tell of when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NodeState(StrEnum):
    """Whether a node's server is running, as far as is known."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node. ``how`` says in a sentence how its state is known; ``version`` is empty where it is not.

    ``is_leader`` tells whether it leads the meta group by its own word. ``heard_at``, in Unix seconds, is when
    a node that is not up was last heard: by a leader, or in its own log.
    """

    name: str
    state: NodeState
    how: str = ""
    version: str = ""
    is_leader: bool = False
    heard_at: float | None = None


class RouteState(StrEnum):
    """What is known of the connection between two nodes.

    open: a server has it. learned: it is open, though a node is not configured with it. one-way: both servers were
    asked, and one alone has it. broken: there is none, and both are up, or the address fails. down: one of the two
    is down.
    """

    OPEN = "open"
    LEARNED = "learned"
    ONE_WAY = "one-way"
    BROKEN = "broken"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RouteView:
    """The route between two nodes, by their names; ``why`` says in a sentence how its state is known.

    ``lacking`` are those of the two that are not configured with it, where it is learned, or do not have it, where
    it is one-way.
    """

    one: str
    other: str
    state: RouteState
    why: str
    lacking: tuple[str, ...] = ()


class CopyState(StrEnum):
    """What a node has of a stream.

    By the leader's word: leader, replica, lagging, offline (not heard, or its server is down), none (not
    assigned to this node). absent: assigned, and the server or its directory does not have it. Where no
    leader told: held, unknown.
    """

    LEADER = "leader"
    REPLICA = "replica"
    LAGGING = "lagging"
    OFFLINE = "offline"
    ABSENT = "absent"
    HELD = "held"
    NONE = "none"
    UNKNOWN = "unknown"


FAULTY = frozenset({CopyState.LAGGING, CopyState.OFFLINE, CopyState.ABSENT})
"""The states of a copy that does not protect what its stream holds."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A stream's copy on a node: ``lag`` in operations, ``heard_at`` in Unix seconds where its leader misses it."""

    state: CopyState
    lag: int = 0
    heard_at: float | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a stream is: a copy for each node, in the order of the overview's nodes.

    ``elsewhere`` are members that are no node of the cluster. ``has_leader`` is ``None`` where no server was
    asked.
    """

    stream: str
    account: str
    account_name: str
    storage: str
    num_replicas: int
    has_leader: bool | None
    copies: tuple[Copy, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def is_faulty(self) -> bool:
        """Tell whether it lacks its leader, or a working copy that it is assigned."""
        return self.has_leader is False or bool(self.elsewhere) or any(copy.state in FAULTY for copy in self.copies)


class MomentKind(StrEnum):
    """What happened: to a server, or what its log complains of (``LogKind``)."""

    STARTED = "started"
    RELOADED = "reloaded"
    QUORUM_REACHED = "quorum reached"
    QUORUM_LOST = "quorum lost"
    STOPPED = "stopped"
    QUORUM = "quorum"
    ACCOUNT = "account"
    BUCKET = "bucket"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened on a node, from ``at`` to ``until`` in Unix seconds; ``None`` without a time.

    ``count`` is the number of lines of a complaint, 0 for what is none; ``text`` is its last line, and ``where``
    its place. ``is_over`` tells that quorum or routes were made after the complaint.
    """

    at: float | None
    until: float | None
    node: str
    kind: MomentKind
    where: str
    text: str = ""
    count: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The cluster at a glance: routes between every two nodes, streams with the faulty ones first, moments by time."""

    nodes: tuple[NodeView, ...] = ()
    routes: tuple[RouteView, ...] = ()
    streams: tuple[Placement, ...] = ()
    moments: tuple[Moment, ...] = ()


EMPTY = Overview()
"""Nothing at a glance: of a cluster that was not looked at."""
