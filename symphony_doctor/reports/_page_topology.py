"""The drawing of the cluster: nodes on a circle, and the routes between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from symphony_doctor.model.overview import NodeState, NodeView, Overview, RouteState, RouteView
from symphony_doctor.reports._page_times import clock
from symphony_doctor.reports._words import one_line, plural, shorten

_WIDTH: Final = 340
_HEIGHT: Final = 260
_RADIUS: Final = 22
_LONGEST: Final = 18
"""Characters of a name that fit beside its node."""

_MARKS: Final = {NodeState.UP: "✔", NodeState.DOWN: "✖", NodeState.UNKNOWN: "?"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A node in the drawing: its centre, and its name, whole in the list and ``short`` at ``label_y``."""

    node: NodeView
    name: str
    short: str
    x: float
    y: float
    label_y: float
    mark: str
    heard: str


@dataclass(frozen=True, slots=True)
class Line:
    """A route in the drawing, from the centre of a node to that of another; a broken one has a mark half way."""

    route: RouteView
    words: str
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def middle(self) -> tuple[float, float]:
        """Return the point half way."""
        return round((self.x1 + self.x2) / 2, 1), round((self.y1 + self.y2) / 2, 1)


@dataclass(frozen=True, slots=True)
class Topology:
    """The drawing, and in words what of it is not as it should be."""

    width: int
    height: int
    radius: int
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    summary: str

    @property
    def faults(self) -> tuple[Line, ...]:
        """Return the routes that are not open, or will not be again after a restart."""
        return tuple(line for line in self.lines if line.route.state is not RouteState.OPEN)


def topology_of(overview: Overview) -> Topology:
    """Lay the nodes out on a circle, the first on top."""
    spots = tuple(_spot(at, node, len(overview.nodes)) for at, node in enumerate(overview.nodes))
    by_name = {spot.node.name: spot for spot in spots}
    lines = tuple(
        Line(
            route,
            f"{one_line(route.one)} and {one_line(route.other)}: {one_line(route.why)}",
            *(by_name[route.one].x, by_name[route.one].y, by_name[route.other].x, by_name[route.other].y),
        )
        for route in overview.routes
    )
    return Topology(_WIDTH, _HEIGHT, _RADIUS, spots, lines, _topology_words(overview))


def _spot(at: int, node: NodeView, count: int) -> Spot:
    angle = 2 * pi * at / count - pi / 2
    # two stand side by side, and one in the middle
    if count == 2:  # noqa: PLR2004
        angle += pi / 2
    across, down = (0, 0) if count == 1 else (_WIDTH / 2 - 60, _HEIGHT / 2 - _RADIUS - 24)
    y = round(_HEIGHT / 2 + down * sin(angle), 1)
    # a name stands on the side of its node where no route ends
    above = y < _HEIGHT / 2 and count > 2  # noqa: PLR2004
    return Spot(
        node=node,
        name=one_line(node.name),
        short=shorten(node.name, _LONGEST),
        x=round(_WIDTH / 2 + across * cos(angle), 1),
        y=y,
        label_y=round(y - _RADIUS - 8 if above else y + _RADIUS + 17, 1),
        mark=_MARKS[node.state],
        heard="" if node.heard_at is None else f"last heard {clock(node.heard_at)} UTC",
    )


def _topology_words(overview: Overview) -> str:
    nodes = Counter(node.state for node in overview.nodes)
    routes = Counter(route.state for route in overview.routes)
    parts = [f"{nodes[state]} of {plural(len(overview.nodes), 'node')} {state}" for state in NodeState if nodes[state]]
    parts += [f"{plural(routes[state], 'route')} {state}" for state in RouteState if routes[state]]
    return ", ".join(parts)
