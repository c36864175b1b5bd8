"""Lines of a log in whatever wrapping: who wrote each, when, and its message.

Read are nats-server's own lines, `journalctl -o json` and its short form, `docker compose logs` with its
prefix (and `-t`), and anything with an ISO time near its start.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

MAX_LINE: Final = 64 * 1024
"""Bytes of one line; the rest of a longer one is not looked at."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line out of its wrapping: which service and host wrote it, when (Unix seconds), and its message."""

    service: str
    host: str
    at: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Clock:
    """How to read times without a zone (``zone`` is ``None`` for that of this machine) or without a year."""

    zone: tzinfo | None = None
    written_at: float = 0.0


_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_SERVICE: Final = re.compile(r"([A-Za-z0-9][\w.-]{0,127}) *\| ")
_SYSLOG: Final = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\S{1,255}) [^\s:]{1,80}: ")
_MONTHS: Final = {
    name: at + 1
    for at, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
}
_TIME: Final = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d)(?![\d:]))?"
)
_TIME_WITHIN: Final = 200
_A_DAY: Final = 86_400.0
_END: Final = 8 * 1024
_END_LINES: Final = 50


def service_of(raw: bytes) -> str:
    """Return the service that `docker compose logs` names before a line."""
    wrapped = _SERVICE.match(_COLOUR.sub("", raw[:_TIME_WITHIN].decode("utf-8", "replace")))
    return wrapped[1] if wrapped else ""


def read_line(raw: bytes, clock: Clock) -> Line:
    """Take a line out of its wrapping. Whatever it holds, it comes back as text."""
    text = raw[:MAX_LINE].decode("utf-8", "replace").rstrip("\r\n")
    if text.startswith("{"):
        entry = _journal_entry(text)
        if entry is not None:
            return entry
    text = _COLOUR.sub("", text)
    service = host = ""
    if wrapped := _SERVICE.match(text):
        service, text = wrapped[1], text[wrapped.end() :]
    at: float | None = None
    if logged := _SYSLOG.match(text):
        host, at, text = logged[6], _syslog_time(logged, clock), text[logged.end() :]
    elif stamp := _TIME.search(text, 0, _TIME_WITHIN):
        at = _time(stamp, clock)
    return Line(service, host, at, text)


def _journal_entry(text: str) -> Line | None:
    try:
        entry: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or "MESSAGE" not in entry:
        return None
    stamp = entry.get("__REALTIME_TIMESTAMP")
    at = int(stamp) / 1e6 if isinstance(stamp, str) and stamp.isascii() and stamp.isdigit() else None
    host = entry.get("_HOSTNAME")
    return Line("", host if isinstance(host, str) else "", at, _COLOUR.sub("", _journal_text(entry["MESSAGE"])))


def _journal_text(message: object) -> str:
    """Return the text of MESSAGE: bytes that are no UTF-8 come as numbers, a field given twice as a list."""
    if isinstance(message, str):
        return message
    if isinstance(message, list):
        if all(isinstance(each, int) and 0 <= each <= 255 for each in message):  # noqa: PLR2004 - a byte
            return bytes(message).decode("utf-8", "replace")
        return " ".join(each for each in message if isinstance(each, str))
    return ""


def _time(stamp: re.Match[str], clock: Clock) -> float | None:
    at = _second(stamp.groups()[:6], stamp[8] or "", clock.zone)
    return at + float(f"0.{stamp[7]}") if at is not None and stamp[7] else at


@lru_cache(maxsize=1024)
def _second(parts: tuple[str, ...], written: str, zone: tzinfo | None) -> float | None:
    """Return a time to the second: many lines share one."""
    year, month, day, hour, minute, second = map(int, parts)
    if written == "Z":
        zone = UTC
    elif written:
        hours, minutes = int(written[1:3]), int(written[-2:])
        away = timedelta(hours=hours, minutes=minutes)
        if hours < 24 and minutes < 60:  # noqa: PLR2004 - the range of zones
            zone = timezone(-away if written[0] == "-" else away)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _syslog_time(logged: re.Match[str], clock: Clock) -> float | None:
    """Read a time without a year: the last such time before the file was written."""
    month = _MONTHS.get(logged[1])
    if month is None:
        return None
    day, hour, minute, second = (int(part) for part in logged.groups()[1:5])
    try:
        year = datetime.fromtimestamp(clock.written_at, clock.zone or UTC).year
        found = [
            datetime(each, month, day, hour, minute, second, tzinfo=clock.zone).timestamp() for each in (year, year - 1)
        ]
    except (ValueError, OverflowError, OSError):
        return None
    return found[0] if found[0] <= clock.written_at + _A_DAY else found[1]


def last_time(data: bytes, clock: Clock) -> float | None:
    """Return the time of the last line that has one, of the last few."""
    for line in data[-_END:].splitlines()[: -_END_LINES - 1 : -1]:
        at = read_line(line, clock).at
        if at is not None:
            return at
    return None
