"""Raft as JetStream does it: how a server is named as a peer."""

from __future__ import annotations

import hashlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def peer_id(server_name: str) -> str:
    """Return the peer id of a server: eight characters that follow from its name alone (events.go)."""
    digest = hashlib.sha256(server_name.encode()).digest()
    return "".join(_DIGITS[byte % len(_DIGITS)] for byte in digest[:8])
