"""What was broken, in words and as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broken:
    """The outcome of breaking something: what a diagnosis should find."""

    fault: str
    text: str
    nodes: tuple[str, ...] = ()
    account: str | None = None
    stream: str | None = None
    key: str | None = None
