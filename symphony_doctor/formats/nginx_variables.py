"""Variables of nginx, as far as a configuration alone decides what they are.

A value is worked out only for one question: what a WebSocket handshake looks like when it is passed on.
Everything else that a variable could be is left undecided, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from symphony_doctor.formats.nginx_tree import Directive

VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")

_HANDSHAKE: Final = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
"""What a browser sends; nginx has no other variables of these two headers."""

_OF_THE_CLIENT: Final = frozenset(
    {
        "binary_remote_addr", "remote_addr", "realip_remote_addr", "proxy_protocol_addr", "http_x_forwarded_for",
        "http_x_real_ip", "proxy_add_x_forwarded_for", "remote_user", "http_authorization",
        "ssl_client_fingerprint", "ssl_client_s_dn", "ssl_client_serial",
    }
)  # fmt: skip
_OF_THE_CONNECTION: Final = frozenset(
    {
        "connection", "connection_requests", "connection_time", "msec", "pid", "proxy_protocol_port",
        "realip_remote_port", "remote_port", "request_id", "request_length", "request_time", "time_iso8601",
        "time_local",
    }
)  # fmt: skip
_STEADY: Final = frozenset(
    {
        "host", "hostname", "http_host", "http_user_agent", "proxy_host", "scheme", "server_addr", "server_name",
        "server_port", "ssl_preread_server_name", "ssl_server_name",
    }
)  # fmt: skip

_DEPTH = 5
"""Maps whose values are variables of other maps."""


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the variables in a text, in order."""
    return tuple(match[1] or match[2] for match in VARIABLE.finditer(text))


def is_of_the_client(key: str) -> bool | None:
    """Tell whether the key of ``hash`` is one and the same for all connections of a client, as a cookie is.

    ``None`` where it cannot be told: of a variable that other modules or maps set.
    """
    names = [name.lower() for name in names_in(key)]
    if any(name in _OF_THE_CONNECTION for name in names):
        return False
    of_client = [name for name in names if name in _OF_THE_CLIENT or name.startswith("cookie_")]
    if of_client and all(name in of_client or name in _STEADY for name in names):
        return True
    return None


class Maps:
    """The ``map`` blocks of a configuration."""

    def __init__(self, blocks: Iterable[Directive]) -> None:
        """Take the ``map`` directives; one without source, variable and block counts as not there."""
        self._maps: Mapping[str, tuple[str, tuple[Directive, ...]]] = {
            block.arguments[1].removeprefix("$").strip("{}").lower(): (block.arguments[0], block.block)
            for block in blocks
            if len(block.arguments) == 2 and block.block is not None  # noqa: PLR2004 - source and variable
        }

    def in_handshake(self, text: str, depth: int = 0) -> str | None:
        """Return what a text becomes for a WebSocket handshake, ``None`` where that cannot be decided."""
        values: dict[str, str] = {}
        for name in names_in(text):
            value = self._value(name.lower(), depth)
            if value is None:
                return None
            values[name] = value
        return VARIABLE.sub(lambda match: values[match[1] or match[2]], text)

    def _value(self, name: str, depth: int) -> str | None:
        if name in _HANDSHAKE:
            return _HANDSHAKE[name]
        if name not in self._maps or depth > _DEPTH:
            return None
        source, entries = self._maps[name]
        given = self.in_handshake(source, depth + 1)
        if given is None:
            return None
        chosen = _chosen(given, entries)
        return None if chosen is None else self.in_handshake(chosen, depth + 1)


def _chosen(given: str, entries: Iterable[Directive]) -> str | None:
    """Choose as nginx does: the very string, then the first pattern that matches, then the default."""
    default, by_pattern = "", None
    for entry in entries:
        if len(entry.arguments) != 1:
            continue  # hostnames, volatile
        key, value = entry.name, entry.arguments[0]
        if key == "default":
            default = value
        elif key.startswith("~"):
            try:
                pattern = re.compile(key.lstrip("~").removeprefix("*"), re.IGNORECASE if key[1:2] == "*" else 0)
            except re.error:
                return None
            if by_pattern is None and pattern.search(given):
                by_pattern = value
        elif key.removeprefix("\\").lower() == given.lower():
            return value
    return default if by_pattern is None else by_pattern
