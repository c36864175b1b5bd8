"""Why a connection failed, in a few words, and how an address is written."""

from __future__ import annotations

import errno
import socket


def at(host: str, port: int) -> str:
    """Write an address: ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reason(error: BaseException) -> str:
    """Say in a few words why a connection failed."""
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    code = getattr(error, "errno", None)
    if code in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return "has no route to it"
    if code == errno.ECONNREFUSED or "refused" in str(error).lower():
        # several addresses of one name, each refused, come as one error without a number
        return "refuses connections"
    return f"cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}".lower()


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "does not resolve"),
    (UnicodeError, "is no host name"),
    (OverflowError, "is no port: expected 1 to 65535"),
    (ConnectionRefusedError, "refuses connections"),
    (ConnectionResetError, "resets connections"),
)
