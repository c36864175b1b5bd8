"""Places in files, and the one error that every parser raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return ``FILE:LINE:COLUMN``."""
        return f"{self.file}:{self.line}:{self.column}"


class FormatError(Exception):
    """A file is not in its format: where, what was expected there, what was found; never a value."""

    def __init__(self, position: Position, expected: str, found: str) -> None:
        super().__init__(f"{position}: expected {expected}, found {found}")
        self.position = position
        self.expected = expected
        self.found = found
