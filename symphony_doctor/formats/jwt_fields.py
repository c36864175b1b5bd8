"""Typed reading of a JWT's JSON, and what is said of one that cannot be read.

As in Go's decoder an absent or null field is its zero value, and a field of another type makes the whole
unreadable.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

_INT64: Final = 2**63


class Reason(StrEnum):
    """Why a text cannot be decoded."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    TRUNCATED = "truncated"
    NOT_A_JWT = "not-a-jwt"
    BAD_HEADER = "bad-header"
    BAD_CLAIMS = "bad-claims"
    BAD_SIGNATURE = "bad-signature"
    WRONG_TYPE = "wrong-type"
    NEWER_VERSION = "newer-version"


class JwtError(ValueError):
    """The text is no JWT that a server would take; `reason` is for programs, `detail` for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


def mapping(value: object, key: str) -> dict[str, Any]:
    """Give an object; {} for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise JwtError(Reason.BAD_CLAIMS, f"{key} is no object")
    return value


def items(claims: dict[str, Any], key: str) -> list[Any]:
    """Give a list; [] where absent."""
    value = claims.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise JwtError(Reason.BAD_CLAIMS, f"{key} is no list")
    return value


def texts(claims: dict[str, Any], key: str) -> tuple[str, ...]:
    """Give a list of texts; () where absent."""
    values = items(claims, key)
    if not all(isinstance(value, str) for value in values):
        raise JwtError(Reason.BAD_CLAIMS, f"{key} holds something else than texts")
    return tuple(map(_clean, values))


def text(claims: dict[str, Any], key: str) -> str:
    """Give a text; "" where absent."""
    value = claims.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise JwtError(Reason.BAD_CLAIMS, f"{key} is no text")
    return _clean(value)


def integer(claims: dict[str, Any], key: str) -> int:
    """Give a whole number of 64 bits; 0 where absent."""
    value = claims.get(key)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise JwtError(Reason.BAD_CLAIMS, f"{key} is no whole number of 64 bits")
    return value


def boolean(claims: dict[str, Any], key: str) -> bool:
    """Give true or false; false where absent."""
    value = claims.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise JwtError(Reason.BAD_CLAIMS, f"{key} is neither true nor false")
    return value


def _clean(value: str) -> str:
    # JSON can escape half a surrogate pair, which no output can write.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
