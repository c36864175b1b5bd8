"""What happened when: starts, quorum and complaints of every node's log, in one order of time."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Final

from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.log import Log, LogEvent
from symphony_doctor.model.overview import Moment, MomentKind

_SAME_START: Final = 5.0
"""Seconds within which the start in a log and that in VARZ are the same."""

_POOL: Final = 2
"""Routes that make a pool: one alone may be refused yet."""


def moments_of(cluster: Cluster) -> tuple[Moment, ...]:
    """Return all moments by time, and those without a time at the end."""
    every = (moment for node in cluster.nodes for moment in _of_node(node))
    return tuple(sorted(every, key=lambda each: inf if each.at is None else each.at))


def _of_node(node: Node) -> Iterator[Moment]:
    logs = node.log.value if isinstance(node.log, Seen) else ()
    for log in logs:
        yield from _of_log(node.name, log)
    if isinstance(node.server, Seen):
        where, server = node.server.where, node.server.value
        starts = [log.started_at for log in logs if log.started_at is not None]
        if not any(abs(each - server.started_at) <= _SAME_START for each in starts):
            yield _moment(node.name, MomentKind.STARTED, server.started_at, where)
        if server.config_loaded_at - server.started_at > _SAME_START:
            yield _moment(node.name, MomentKind.RELOADED, server.config_loaded_at, where)


def _of_log(node: str, log: Log) -> Iterator[Moment]:
    for kind, at in (
        (MomentKind.STARTED, log.started_at),
        (MomentKind.QUORUM_REACHED, log.quorum_at),
        (MomentKind.QUORUM_LOST, log.quorum_lost_at),
        (MomentKind.STOPPED, log.last_at if log.stopped else None),
    ):
        if at is not None:
            yield _moment(node, kind, at, log.path)
    for event in log.events:
        yield _complaint(node, event)


def _moment(node: str, kind: MomentKind, at: float, where: str) -> Moment:
    return Moment(at, at, node, kind, where)


def _complaint(node: str, event: LogEvent) -> Moment:
    return Moment(
        at=event.last_at if event.first_at is None else event.first_at,
        until=event.last_at,
        node=node,
        kind=MomentKind(event.kind.value),
        where=event.where,
        text=event.text,
        count=event.count or event.total,
        is_over=event.count == 0 or event.routes_since >= _POOL,
    )
