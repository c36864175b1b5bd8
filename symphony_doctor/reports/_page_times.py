"""Times on the page: moments in UTC, and how long before the report they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def clock(at: float | None) -> str:
    """Return a moment, in Unix seconds, as ``2026-01-02 03:04:05``; empty where there is none."""
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        # a log can hold any number as its time
        return "no date"


def duration(seconds: float) -> str:
    """Return a time span for people: ``45 s``, ``12 min``, ``3 h``, ``40 d``."""
    for unit, name in _UNITS:
        if abs(seconds) >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def ago(at: float, now: float) -> str:
    """Say a moment and how long before ``now`` it was, both in Unix seconds."""
    before = f", {duration(now - at)} before this report" if now >= at else ""
    return f"{clock(at)} UTC{before}"
