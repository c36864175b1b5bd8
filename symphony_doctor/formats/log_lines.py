"""Lines of a log, of nats-server or of Symphony, in whatever wrapping: what each says that matters.

Read are nats-server's own lines, `journalctl -o json` and its short form, `docker compose logs` with its
prefix (and `-t`), and anything with an ISO time near its start. Messages are known by fragments: an embedded
server has another prefix than nats-server, or none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any, Final

MAX_LINE: Final = 64 * 1024
"""Bytes of one line; the rest of a longer one is not looked at."""

INTERESTING: Final = re.compile(
    rb"JetStream system temporarily unavailable|context deadline exceeded|has NO quorum, stalled"
    rb"|not established contact with a meta leader|Waiting for routing to be established"
    rb"|err_code\D{0,4}10039|not enabled for account|[Ff]ailed to create KV"
    rb"|Cluster ready|Symphony ready|metadata leader|Starting nats-server|Name: {3,}\S|Initiating Shutdown"
    rb"|Server Exiting|Route connection created|Router connection closed"
    rb"|Error trying to connect to route|luster name|Remote server has a duplicate name|Route Error '"
    rb"|TLS (?:route )?handshake|uthentication (?:error|timeout)|Unable to lookup account"
    rb'|Mismatch route pool size|"MESSAGE" ?: ?\['
)
"""Finds the lines that can matter; everything else costs this search alone."""


class Said(StrEnum):
    """What a line says."""

    STARTED = "started"
    NAMED = "named"
    STOPPED = "stopped"
    QUORUM = "quorum reached"
    LEADERLESS = "quorum lost"
    ROUTE_MADE = "route made"
    ROUTE_CLOSED = "route closed"
    QUORUM_WAIT = "waits for quorum"
    NO_JETSTREAM = "account without JetStream"
    BUCKET_FAILED = "bucket not created"
    ROUTE_ERROR = "route error"


@dataclass(frozen=True, slots=True)
class Line:
    """A line out of its wrapping: which service and host wrote it, when (Unix seconds), and its message."""

    service: str
    host: str
    at: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a message says: ``about`` which account, bucket, reason or route, and which ``peer``."""

    said: Said
    about: str = ""
    peer: str = ""


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
    year, month, day, hour, minute, second = (int(part) for part in stamp.groups()[:6])
    zone = clock.zone
    if stamp[8] == "Z":
        zone = UTC
    elif stamp[8]:
        hours, minutes = int(stamp[8][1:3]), int(stamp[8][-2:])
        away = timedelta(hours=hours, minutes=minutes)
        if hours < 24 and minutes < 60:  # noqa: PLR2004 - the range of zones
            zone = timezone(-away if stamp[8][0] == "-" else away)
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return at + float(f"0.{stamp[7]}") if stamp[7] else at


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


_QUIET_LEVEL: Final = re.compile(r'\[(?:DBG|TRC)\]|\blevel"?[=:] ?"?(?:debug|trace)\b', re.IGNORECASE)
_NAME: Final = re.compile(r"(?:^|\s)Name: {3,}(\S{1,255})")
_RID: Final = re.compile(r"(\S{1,255}) - rid:(\d{1,18}) - ")
_DIALLED: Final = re.compile(r"dial \w+:? (?:lookup )?(\[[^\]\s]{1,64}\]:\d+|[^\s:]{1,255}(?::\d+)?)")
_ACCOUNT_KEY: Final = re.compile(r"\bA[A-Z2-7]{55}\b")
_ACCOUNT_NAME: Final = re.compile(r"""\baccount(?:Name)?["']?[=:] ?["']?([A-Za-z0-9_.@-]{1,128})""")
_BUCKET: Final = re.compile(
    r"""ailed to create KV(?: bucket)?:? ["'\\]*(?!context\b|bucket\b|store\b|error\b|\w+=)([A-Za-z0-9_-]{1,255})"""
)
_BUCKET_FIELD: Final = re.compile(r"""\b(?:bucket|name|kv)["']?[=:] ?["']?([A-Za-z0-9_-]{1,255})""")
_QUORUM_WAIT: Final = (
    "JetStream system temporarily unavailable",
    "has NO quorum, stalled",
    "not established contact with a meta leader",
    "Waiting for routing to be established",
)
# a time out of Go's HTTP client: an identity provider or a download that is slow, not JetStream
_OTHER_DEADLINE: Final = ("http://", "https://", "Client.Timeout")
_NOT_YET: Final = re.compile(r"\bnot\b|wait|fail|exceeded|unavailable", re.IGNORECASE)
_ROUTE_REASONS: Final = (
    ("luster name", "cluster name"),
    ("has a duplicate name", "server name"),
    ("handshake", "TLS"),
    ("Unable to lookup account", "account"),
    ("uthentication", "authorization"),
    ("Authorization", "authorization"),
    ("Mismatch route pool size", "pool size"),
    ("Route Error", "refused"),
)
# what a port scan or a health check of a load balancer leaves behind on a route port
_PROBED: Final = ("handshake error: EOF", "connection reset by peer", "i/o timeout")


def read_message(message: str) -> Statement | None:
    """Tell what a message says; ``None`` where it says nothing of interest. Debug and trace lines do not count."""
    if _QUIET_LEVEL.search(message, 0, _TIME_WITHIN):
        return None
    route = _RID.search(message)
    if route is not None:
        return _of_route(message[route.end() :], *route.groups())
    return _mark(message) or _complaint(message)


def _mark(message: str) -> Statement | None:
    if "Starting nats-server" in message:
        return Statement(Said.STARTED)
    if "Initiating Shutdown" in message or "Server Exiting" in message:
        return Statement(Said.STOPPED)
    if "no metadata leader" in message:
        return Statement(Said.LEADERLESS)
    if "new metadata leader" in message or "cluster metadata leader" in message:
        return Statement(Said.QUORUM)
    if ("Cluster ready" in message or "Symphony ready" in message) and not _NOT_YET.search(message):
        return Statement(Said.QUORUM)
    named = _NAME.search(message)
    return Statement(Said.NAMED, named[1]) if named else None


def _complaint(message: str) -> Statement | None:
    if "ailed to create KV" in message:
        found = _BUCKET.search(message) or _BUCKET_FIELD.search(message)
        return Statement(Said.BUCKET_FAILED, found[1].removeprefix("KV_") if found else "")
    if "not enabled for account" in message or re.search(r"err_code\D{0,4}10039", message):
        key = _ACCOUNT_KEY.search(message)
        name = None if key else _ACCOUNT_NAME.search(message)
        return Statement(Said.NO_JETSTREAM, key[0] if key else name[1] if name else "")
    if "Error trying to connect to route" in message:
        dialled = _DIALLED.search(message)
        reason = "TLS" if "tls:" in message or "x509:" in message else "unreachable"
        return Statement(Said.ROUTE_ERROR, reason, dialled[1] if dialled else "")
    if any(fragment in message for fragment in _QUORUM_WAIT):
        return Statement(Said.QUORUM_WAIT)
    if "context deadline exceeded" in message and not any(each in message for each in _OTHER_DEADLINE):
        return Statement(Said.QUORUM_WAIT)
    return None


def _of_route(message: str, address: str, number: str) -> Statement | None:
    if message.startswith("Route connection created"):
        return Statement(Said.ROUTE_MADE, number)
    if message.startswith("Router connection closed"):
        return Statement(Said.ROUTE_CLOSED, number)
    if any(each in message for each in _PROBED):
        return None
    # the port of a connection that came in means nothing: the host is all that is known of the peer
    host = address.rpartition(":")[0]
    return next((Statement(Said.ROUTE_ERROR, reason, host) for mark, reason in _ROUTE_REASONS if mark in message), None)
