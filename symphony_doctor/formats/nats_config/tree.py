"""The values of a nats.config, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from symphony_doctor.formats.position import Position


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, boolean or date; ``written`` is its spelling in the file, quotes left out."""

    value: str | int | float | bool | datetime
    position: Position
    quoted: bool
    written: str


@dataclass(frozen=True, slots=True)
class Array:
    """``[ ... ]``."""

    items: tuple[Value, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value. ``referenced``: some ``$variable`` took it, so that it may have any name."""

    key: str
    position: Position
    value: Value
    referenced: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """``{ ... }`` or a whole file: entries in their order, duplicates kept."""

    entries: tuple[Entry, ...]
    position: Position

    def entries_of(self, *names: str, fold_case: bool = True) -> Iterator[Entry]:
        """Yield the entries with one of the names, in any case or exactly."""
        for entry in self.entries:
            if (entry.key.lower() if fold_case else entry.key) in names:
                yield entry

    def get(self, *names: str, fold_case: bool = True) -> Value | None:
        """Return the value of the last entry with one of the names, as the server takes the last."""
        found = None
        for entry in self.entries_of(*names, fold_case=fold_case):
            found = entry.value
        return found


Value: TypeAlias = Scalar | Array | Map
