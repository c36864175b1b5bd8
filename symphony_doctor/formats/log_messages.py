"""Messages of nats-server and of Symphony: what each says that matters to the cluster.

They are known by fragments of their text: the same line has another prefix in every kind of log, or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

_FRAGMENTS: Final = (
    b"JetStream system temporarily unavailable",
    b"context deadline exceeded",
    b"has NO quorum, stalled",
    b"not established contact with a meta leader",
    b"Waiting for routing to be established",
    b"10039",
    b"not enabled for account",
    b"ailed to create KV",
    b"Cluster ready",
    b"Symphony ready",
    b"metadata leader",
    b"Starting nats-server",
    b"Name:   ",
    b"Initiating Shutdown",
    b"Server Exiting",
    b"Error trying to connect to route",
    b"luster name",
    b"has a duplicate name",
    b"Route Error",
    b"handshake error",
    b"uthentication error",
    b"uthentication timeout",
    b"Unable to lookup account",
    b"Mismatch route pool size",
    b'"MESSAGE":[',
    b'"MESSAGE" : [',
)


def finder(data: bytes) -> re.Pattern[bytes] | None:
    """Return what finds the lines that can matter in these bytes; ``None`` where there are none.

    A plain search for each fragment is far faster than one for all of them: most bytes hold none.
    """
    present = tuple(fragment for fragment in _FRAGMENTS if fragment in data)
    return _alternatives(present) if present else None


@lru_cache(maxsize=256)
def _alternatives(fragments: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, fragments)))


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
class Statement:
    """What a message says: ``about`` which account, bucket, reason or route, and which ``peer``."""

    said: Said
    about: str = ""
    peer: str = ""


_START: Final = 200
_ROUTE_MARK: Final = re.compile(rb"rid:(\d{1,18}) - Route(?: connection (created)|r connection closed)")
_QUIET_LEVEL: Final = re.compile(r'\blevel"?[=:] ?"?(?:debug|trace)\b', re.IGNORECASE)
_NAME: Final = re.compile(r"(?:^|\s)Name: {3,}(\S{1,255})")
_RID: Final = re.compile(r"(\S{1,255}) - rid:\d{1,18} - ")
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
# what a port scan, a health check of a load balancer or our own look at a certificate leaves behind on a route port
_PROBED: Final = (
    "handshake error: EOF",
    "connection reset by peer",
    "i/o timeout",
    "client didn't provide a certificate",
)


def route_marks(data: bytes) -> Iterator[tuple[int, Statement]]:
    """Give the routes that were made and closed, each with its place in the bytes.

    Where routes fail most lines are such ones, so they are read without their wrapping.
    """
    for mark in _ROUTE_MARK.finditer(data):
        yield mark.start(), Statement(Said.ROUTE_MADE if mark[2] else Said.ROUTE_CLOSED, mark[1].decode())


def read_message(message: str) -> Statement | None:
    """Tell what a message says; ``None`` where it says nothing of interest. Debug and trace lines do not count."""
    start = message[:_START]
    if "[DBG]" in start or "[TRC]" in start or ("level" in start and _QUIET_LEVEL.search(start)):
        return None
    if " - rid:" in message and (route := _RID.search(message)) is not None:
        return _of_route(message[route.end() :], route[1])
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


def _of_route(message: str, address: str) -> Statement | None:
    if any(each in message for each in _PROBED):
        return None
    # the port of a connection that came in means nothing: the host is all that is known of the peer
    host = address.rpartition(":")[0]
    return next((Statement(Said.ROUTE_ERROR, reason, host) for mark, reason in _ROUTE_REASONS if mark in message), None)
