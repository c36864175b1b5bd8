"""Addresses as configurations of proxies write them."""

from __future__ import annotations

HIGHEST_PORT = 65535


def host_port(text: str, default: int | None = None) -> tuple[str, int | None] | None:
    """Split ``host:port``, ``[v6]:port`` or ``host`` into a lower-case host and a port; ``None`` for anything else."""
    if text.startswith("["):
        host, closing, rest = text[1:].partition("]")
        if not closing or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    elif text.count(":") > 1:
        host, port = text, ""  # an IPv6 address without brackets has no port
    else:
        host, _, port = text.partition(":")
    host = host.rstrip(".").lower()
    if not host or any(sign.isspace() or sign in "/$%" for sign in host):
        return None
    if not port:
        return host, default
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
        return None
    return host, int(port)
