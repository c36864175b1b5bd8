"""Whether what a log complains of still goes on at its end: the question of every rule about logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symphony_doctor.api import Cluster, EvidenceEntry, Log, LogEvent, LogKind, Mapping, Node, Seen

FEWEST = 3
"""Lines that make a complaint more than a coincidence."""

REPEATED = 5
"""Lines that do so where the log has no times."""

_SHORTEST_SILENCE = 30.0
_MISSED = 3
_SAME_START = 5.0
_POOL = 2
_SETTLED = 5.0


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint that goes on in the log of ``node``."""

    node: str
    log: Log
    event: LogEvent

    @property
    def lasted(self) -> float | None:
        """Return for how many seconds it has gone on, ``None`` where the log has no times."""
        if self.event.first_at is None or self.event.last_at is None:
            return None
        return self.event.last_at - self.event.first_at

    @property
    def words(self) -> str:
        """Say how often, for how long and since when."""
        times = f"{self.event.count} times"
        return times if self.lasted is None else f"{times} within {duration(self.lasted)}, and going on"

    def entry(self, expected: str) -> EvidenceEntry:
        """Return the last line as evidence."""
        return EvidenceEntry(self.node, self.event.where, expected, f"{self.words}: {self.event.text}")


def going_on(
    cluster: Cluster,
    logs: Mapping[str, Seen[tuple[Log, ...]]],
    kind: LogKind,
    *,
    lasts_seconds: float,
    silent_seconds: float,
) -> Iterator[Complaint]:
    """Give the complaints of one kind that still go on, node by node."""
    for node in cluster.nodes:
        for log in logs[node.name].value if node.name in logs else ():
            end = _end(cluster, node, log)
            for event in log.events:
                if event.kind is kind and _goes_on(log, event, end, lasts_seconds, silent_seconds):
                    yield Complaint(node.name, log, event)


def _goes_on(log: Log, event: LogEvent, end: float | None, lasts: float, silent: float) -> bool:
    """Judge by the log's own end: the log may be a copy that is days old.

    What is over has no line for three times its usual interval. What did not last was a start or an
    election. An orderly stop ends everything, and so do routes that were made after the last line and stand.
    """
    if log.stopped or event.count < FEWEST:
        return False
    if event.first_at is None or event.last_at is None or end is None:
        return event.count >= REPEATED and event.routes_since < _POOL
    since = end - event.last_at
    if event.routes_since >= _POOL and since >= _SETTLED:
        return False
    lasted = event.last_at - event.first_at
    interval = lasted / (event.count - 1)
    return lasted >= lasts and since <= min(silent, max(_SHORTEST_SILENCE, _MISSED * interval))


def _end(cluster: Cluster, node: Node, log: Log) -> float | None:
    """Return until when the log is known to tell all: now, where it is of the server that runs, else its end.

    It is that server's if both started at the same moment; a clock or a zone that is off shows there, too.
    """
    server = node.server
    if (
        log.last_at is not None
        and log.started_at is not None
        and isinstance(server, Seen)
        and abs(server.value.started_at - log.started_at) <= _SAME_START
    ):
        return max(log.last_at, cluster.observed_at)
    return log.last_at


def duration(seconds: float) -> str:
    """Say a time for people: ``45 s``, ``12 min``, ``3 h``."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
