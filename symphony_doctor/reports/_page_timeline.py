"""The timeline of the page: what the logs and the servers tell of when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from symphony_doctor.model.overview import Moment, MomentKind
from symphony_doctor.model.report import Report
from symphony_doctor.reports._page_times import clock, duration
from symphony_doctor.reports._words import one_line, plural

MOMENT_WORDS: Final = {
    MomentKind.STARTED: "server started",
    MomentKind.RELOADED: "configuration reloaded",
    MomentKind.QUORUM_REACHED: "quorum reached",
    MomentKind.QUORUM_LOST: "quorum lost",
    MomentKind.STOPPED: "server stopped in order",
    MomentKind.QUORUM: "waits for quorum",
    MomentKind.ACCOUNT: "account without JetStream",
    MomentKind.BUCKET: "bucket not created",
    MomentKind.ROUTE: "route error",
}
_CALM: Final = frozenset({MomentKind.STARTED, MomentKind.RELOADED, MomentKind.QUORUM_REACHED})


@dataclass(frozen=True, slots=True)
class Event:
    """A moment: the place of its node in the list of all, what happened, how long and how often."""

    time: str
    before: str
    lane: int
    node: str
    what: str
    text: str
    extent: str
    where: str
    is_calm: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the logs tell of when, oldest first; a lane for each node."""

    nodes: tuple[str, ...]
    events: tuple[Event, ...]
    until: str


def timeline_of(report: Report) -> Timeline:
    """Return the moments in their order, with how long before the report each was."""
    names = [node.name for node in report.overview.nodes]
    lanes = {name: at for at, name in enumerate(names)}
    now = report.generated_at
    return Timeline(
        nodes=tuple(map(one_line, names)),
        events=tuple(_event(moment, lanes[moment.node], now) for moment in report.overview.moments),
        until=clock(now),
    )


def _event(moment: Moment, lane: int, now: float) -> Event:
    extent = f"{plural(moment.count, 'line')}" if moment.count else ""
    if moment.at is not None and moment.until is not None and moment.until > moment.at:
        extent += f" until {clock(moment.until)}"
    if moment.is_over:
        extent += ", over since"
    return Event(
        time=clock(moment.at) or "no time",
        before="" if moment.at is None or now < moment.at else duration(now - moment.at),
        lane=lane,
        node=one_line(moment.node),
        what=MOMENT_WORDS[moment.kind],
        text=one_line(moment.text),
        extent=extent,
        where=one_line(moment.where),
        is_calm=moment.kind in _CALM or moment.is_over,
    )
