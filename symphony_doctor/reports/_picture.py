"""The cluster in a few lines: its nodes, who reaches whom, where streams are. ``_screen`` and ``plain`` draw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from symphony_doctor.model.overview import (
    FAULTY,
    CopyState,
    MomentKind,
    NodeState,
    NodeView,
    Overview,
    Placement,
    RouteState,
    RouteView,
)
from symphony_doctor.reports._page_timeline import MOMENT_WORDS
from symphony_doctor.reports._page_times import ago
from symphony_doctor.reports._words import elsewhere_words, listing, one_line, plural, shorten

MOST_DRAWN: Final = 9
"""Nodes up to which each has a column for its routes; of more the routes are counted."""

_LONGEST: Final = 18
_MOST_NOTES: Final = 3
_HOLDS: Final = frozenset({CopyState.LEADER, CopyState.REPLICA, CopyState.LAGGING, CopyState.HELD})
_LASTING: Final = frozenset({MomentKind.QUORUM_LOST, MomentKind.ROUTE})
_UNSAID: Final = frozenset({RouteState.OPEN, RouteState.DOWN, RouteState.UNKNOWN})
"""States of routes that their nodes tell already, or that there is nothing to tell of."""


class Reach(Enum):
    """How a node reaches another: how it is drawn, its style, and what it means."""

    OPEN = ("━━", "green", "route")
    CALLED = ("◀━", "yellow", "route, though this node is not configured with it")
    MISSED = ("?━", "bold yellow", "the other has a route, this node does not list it")
    BROKEN = ("✖", "bold red", "no route")
    DOWN = ("╌", "red", "one of the two is down")
    UNKNOWN = ("?", "yellow", "not known")

    @property
    def line(self) -> str:
        """Return how it is drawn."""
        return self.value[0]

    @property
    def style(self) -> str:
        """Return the style for rich."""
        return self.value[1]

    @property
    def legend(self) -> str:
        """Return what it means."""
        return self.value[2]


_REACHES: Final = {
    RouteState.OPEN: Reach.OPEN,
    RouteState.LEARNED: Reach.OPEN,
    RouteState.ONE_WAY: Reach.OPEN,
    RouteState.BROKEN: Reach.BROKEN,
    RouteState.DOWN: Reach.DOWN,
    RouteState.UNKNOWN: Reach.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class PictureNode:
    """A node: how it reaches all nodes in their order, ``None`` at itself, and how many streams it has."""

    name: str
    state: NodeState
    is_leader: bool
    reaches: tuple[Reach | None, ...]
    leads: str
    holds: str
    lacks: str

    @property
    def words(self) -> str:
        """Return its state in words."""
        return f"{self.state}, meta leader" if self.is_leader else str(self.state)

    @property
    def reached(self) -> str:
        """Say to how many of the others it has a route, and of how many that is not known."""
        others = [reach for reach in self.reaches if reach is not None]
        unknown = others.count(Reach.UNKNOWN)
        if unknown == len(others):
            return "not known" if others else "-"
        there = sum(reach in {Reach.OPEN, Reach.CALLED} for reach in others)
        return f"{there} of {len(others)}{f', {unknown} not known' if unknown else ''}"


@dataclass(frozen=True, slots=True)
class Picture:
    """The nodes, the marks to be explained, and in words what of nodes, routes and streams is not as it should be."""

    nodes: tuple[PictureNode, ...]
    has_streams: bool
    legend: tuple[Reach, ...]
    notes: tuple[str, ...]

    @property
    def is_drawn(self) -> bool:
        """Tell whether each node has a column of its own."""
        return 1 < len(self.nodes) <= MOST_DRAWN


def picture_of(overview: Overview, now: float, *, verbose: bool = False) -> Picture:
    """Return what there is to draw at ``now``, in Unix seconds.

    Of what is not as it should be the first few, ``verbose`` all of it.
    """
    routes = {frozenset((route.one, route.other)): route for route in overview.routes}
    nodes = tuple(
        PictureNode(
            name=name,
            state=node.state,
            is_leader=node.is_leader,
            reaches=tuple(_reach(node, other, routes) for other in overview.nodes),
            leads=_leads(overview.streams, at),
            holds=_count(overview.streams, at, _HOLDS),
            lacks=_count(overview.streams, at, FAULTY - {CopyState.LAGGING}),
        )
        for at, (node, name) in enumerate(zip(overview.nodes, _short_names(overview.nodes), strict=True))
    )
    shown = {reach for node in nodes for reach in node.reaches}
    most = None if verbose else _MOST_NOTES
    return Picture(
        nodes=nodes,
        has_streams=bool(overview.streams),
        legend=tuple(reach for reach in Reach if reach in shown and reach is not Reach.OPEN),
        notes=(
            *_few(list(_node_notes(overview, now)), most, "node"),
            *_few(list(_route_notes(overview)), most, "route"),
            *_few(list(_moment_notes(overview, now)), most, "moment"),
            *_stream_notes(overview, most),
        ),
    )


def _short_names(nodes: tuple[NodeView, ...]) -> list[str]:
    """Return names for the head of a column: of host names the first part, where it tells them apart."""
    names = [node.name for node in nodes]
    first = [name.partition(".")[0] for name in names]
    fit = all(len(name) <= _LONGEST for name in names)
    return [shorten(name, _LONGEST) for name in (names if fit or len(set(first)) < len(names) else first)]


def _reach(node: NodeView, other: NodeView, routes: dict[frozenset[str], RouteView]) -> Reach | None:
    if node is other:
        return None
    route = routes.get(frozenset((node.name, other.name)))
    if route is None:
        return Reach.UNKNOWN
    if node.name in route.lacking:
        return Reach.MISSED if route.state is RouteState.ONE_WAY else Reach.CALLED
    return _REACHES[route.state]


def _count(streams: tuple[Placement, ...], at: int, states: frozenset[CopyState]) -> str:
    """Count the streams of which a node has such a copy; what is not known of others makes it the least number."""
    found = [stream.copies[at].state for stream in streams]
    count = sum(state in states for state in found)
    unknown = found.count(CopyState.UNKNOWN)
    return "?" if unknown and not count else f"{count}+" if unknown else str(count)


def _leads(streams: tuple[Placement, ...], at: int) -> str:
    count = sum(stream.copies[at].state is CopyState.LEADER for stream in streams)
    unknown = any(stream.has_leader is None for stream in streams)
    return "?" if unknown and not count else f"{count}+" if unknown else str(count)


def _few(notes: list[str], most: int | None, word: str) -> Iterator[str]:
    yield from notes[:most]
    if most is not None and len(notes) > most:
        yield f"and {plural(len(notes) - most, f'more {word}')}; -v lists them all"


def _node_notes(overview: Overview, now: float) -> Iterator[str]:
    for node in overview.nodes:
        if node.state is not NodeState.UP:
            heard = f"; last heard {ago(node.heard_at, now)}" if node.heard_at is not None else ""
            yield f"{one_line(node.name)} {_IS[node.state]}: {one_line(node.how)}{heard}"


_IS: Final = {NodeState.DOWN: "is down", NodeState.UNKNOWN: "may be up or down"}


def _route_notes(overview: Overview) -> Iterator[str]:
    for route in overview.routes:
        if route.state not in _UNSAID:
            yield f"{one_line(route.one)} and {one_line(route.other)}: {one_line(route.why)}"


def _moment_notes(overview: Overview, now: float) -> Iterator[str]:
    """Tell since when, as the logs know it, where something is not as it should be."""
    is_up = {node.name for node in overview.nodes if node.state is NodeState.UP}
    is_well = len(is_up) == len(overview.nodes) and not any(stream.is_faulty for stream in overview.streams)
    if is_well and all(route.state is RouteState.OPEN for route in overview.routes):
        return
    reached = {moment.node: moment.at or 0.0 for moment in overview.moments if moment.kind is MomentKind.QUORUM_REACHED}
    for moment in overview.moments:
        is_over = moment.is_over or (
            moment.kind is MomentKind.QUORUM_LOST and reached.get(moment.node, 0.0) >= (moment.at or 0.0)
        )
        stopped = moment.kind is MomentKind.STOPPED and moment.node not in is_up
        if moment.at is not None and not is_over and (stopped or moment.kind in _LASTING):
            yield f"Log of {one_line(moment.node)}: {MOMENT_WORDS[moment.kind]} {ago(moment.at, now)}"


def _stream_notes(overview: Overview, most: int | None) -> Iterator[str]:
    faulty = [stream for stream in overview.streams if stream.is_faulty]
    if not overview.streams:
        yield "no stream is known: nothing was asked about them, or there is none"
    elif not faulty:
        unknown = sum(stream.has_leader is None for stream in overview.streams)
        known = f"; of {unknown} no server was asked who leads" if unknown else ""
        yield f"{plural(len(overview.streams), 'stream')}, none known to miss its leader or an assigned copy{known}"
    else:
        yield f"{plural(len(overview.streams), 'stream')}, {len(faulty)} in trouble:"
        alike: dict[str, list[str]] = {}
        count = Counter(stream.stream for stream in faulty)
        for stream in faulty:
            account = f" of {shorten(stream.account_name or stream.account)}" if count[stream.stream] > 1 else ""
            alike.setdefault(_trouble(stream, overview), []).append(f"{shorten(stream.stream, 40)}{account}")
        most_names = len(faulty) if most is None else most
        for words, names in islice(alike.items(), most):
            yield f"- {listing(names, most_names)}: {words}"
        left = sum(map(len, islice(alike.values(), most, None))) if most is not None else 0
        if left:
            yield f"and {plural(left, 'more stream')}; -v lists them all"


def _trouble(stream: Placement, overview: Overview) -> str:
    words = ["no leader"] if stream.has_leader is False else []
    for state, said in _SAID.items():
        nodes = [node.name for node, copy in zip(overview.nodes, stream.copies, strict=True) if copy.state is state]
        if nodes:
            words.append(f"{said} {listing(nodes)}")
    if stream.elsewhere:
        words.append(elsewhere_words(stream.elsewhere))
    return ", ".join(words)


_SAID: Final = {
    CopyState.ABSENT: "no copy on",
    CopyState.OFFLINE: "not served by",
    CopyState.LAGGING: "behind on",
}
