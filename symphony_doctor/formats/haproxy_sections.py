"""haproxy.cfg as sections of lines with their words.

No parser for it on PyPI is kept up (the one that there was had its last release in 2019), and the format is
simple: a section begins with its keyword and holds the lines up to the next one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from symphony_doctor.formats.position import FormatError, Position

SECTIONS: Final = frozenset(
    {
        "acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global", "http-errors",
        "listen", "log-forward", "log-profile", "mailers", "peers", "program", "resolvers", "ring", "traces",
        "userlist",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """The words of a line, without quotes and comments. ``where`` is ``FILE:LINE``."""

    words: tuple[str, ...]
    where: str

    def starts(self, *words: str) -> bool:
        """Tell whether the line begins with these words."""
        return self.words[: len(words)] == words


@dataclass(frozen=True, slots=True)
class Section:
    """``keyword name``; ``base`` is the name of the defaults section of ``from NAME``, empty without."""

    keyword: str
    name: str
    base: str
    where: str
    lines: tuple[Line, ...]


def is_haproxy(data: bytes) -> bool:
    """Tell a configuration of HAProxy from one of nginx by its first line: a section's keyword, no ``;`` or ``{``."""
    for raw in data.splitlines():
        line = raw.split(b"#", 1)[0].strip()
        if line and not line.startswith(b"."):
            word = line.split()[0].decode("ascii", "replace")
            return word in SECTIONS and not any(sign in line for sign in (b";", b"{"))
    return False


def parse_sections(data: bytes, path: str) -> tuple[tuple[Section, ...], tuple[Line, ...]]:
    """Return the sections, and the conditional lines (``.if``) that only the running program decides.

    Raises ``FormatError`` with file and line.
    """
    sections: list[Section] = []
    conditions: list[Line] = []
    header: Line | None = None
    lines: list[Line] = []
    for line in _lines(data, path):
        if line.words[0].startswith("."):
            conditions.append(line)
        elif line.words[0] in SECTIONS:
            sections += _section(header, lines)
            header, lines = line, []
        elif header is None:
            place = Position(path, int(line.where.rpartition(":")[2]), 1)
            raise FormatError(place, "a section such as global, defaults, frontend or backend", "something else")
        else:
            lines.append(line)
    return (*sections, *_section(header, lines)), tuple(conditions)


def _section(header: Line | None, lines: list[Line]) -> Iterator[Section]:
    if header is not None:
        keyword, *rest = header.words
        base = rest[rest.index("from") + 1] if "from" in rest[:-1] else ""
        name = rest[0] if rest and rest[0] != "from" else ""
        yield Section(keyword, name, base, header.where, tuple(lines))


def _lines(data: bytes, path: str) -> Iterator[Line]:
    for number, raw in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if "\0" in raw:
            raise FormatError(Position(path, number, 1), "text", "a NUL byte")
        try:
            words = shlex.split(raw, comments=True)
        except ValueError as error:
            # its words: No closing quotation, No escaped character
            raise FormatError(Position(path, number, 1), "a line of words", str(error).lower()) from None
        if words:
            yield Line(tuple(words), f"{path}:{number}")
