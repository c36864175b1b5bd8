"""When a JWT or a certificate is out of its time, or soon will be."""

from __future__ import annotations

from symphony_doctor.api import Severity

from ._words import plural

DAY = 86_400
_HOUR, _MINUTE = 3600, 60


def validity(begins: float | None, ends: float | None, now: float, soon_days: int) -> tuple[Severity, str] | None:
    """Say how something is out of its time or soon will be, and how bad that is; times in Unix seconds."""
    if ends is not None and ends <= now:
        return Severity.ERROR, f"expired {_time(now - ends)} ago"
    if begins is not None and begins > now:
        return Severity.ERROR, f"is not valid for another {_time(begins - now)}"
    if ends is not None and ends - now <= soon_days * DAY:
        return Severity.WARNING, f"expires in {_time(ends - now)}"
    return None


def _time(seconds: float) -> str:
    if seconds >= DAY:
        return plural(int(seconds // DAY), "day")
    return (
        plural(int(seconds // _HOUR), "hour") if seconds >= _HOUR else plural(max(1, int(seconds // _MINUTE)), "minute")
    )
