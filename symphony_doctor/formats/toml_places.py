"""TOML read into its values, each with the place where it stands: for files that people write.

Python's own ``tomllib`` reads the values and refuses what is no TOML. It keeps no places, so the same text, of which
it is known by then that it is TOML, is walked once more for them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from symphony_doctor.formats.json_places import text_of
from symphony_doctor.formats.position import FormatError, Position

TomlPath: TypeAlias = tuple[str | int, ...]
"""The keys down to a value; of a list the index."""

_TOKEN: Final = re.compile(
    r'''
      (?P<blank>[ \t\r]+|\#[^\n]*)
    | (?P<line>\n)
    | (?P<text>"""(?:[^\\"]|\\[\s\S]|"{1,2}(?!"))*"{3,5}
             |\'\'\'(?:[^']|'{1,2}(?!'))*'{3,5}
             |"(?:[^"\\\n]|\\.)*"
             |'[^'\n]*')
    | (?P<sign>[\[\]{}=,.])
    | (?P<word>[A-Za-z0-9_+:-]+)
    ''',
    re.VERBOSE,
)
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MOST_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Toml:
    """The values of a file, and where each key and each item of a list begins, and each value."""

    values: dict[str, Any]
    keys: Mapping[TomlPath, Position]
    starts: Mapping[TomlPath, Position]
    top: Position

    def key_at(self, path: TomlPath) -> Position:
        """Return where a key stands; of one that does not stand there, the nearest that holds it."""
        return self._nearest(self.keys, path)

    def value_at(self, path: TomlPath) -> Position:
        """Return where a value begins; that of a table with a header is its header."""
        return self.starts[path] if path in self.starts else self._nearest(self.keys, path)

    def _nearest(self, places: Mapping[TomlPath, Position], path: TomlPath) -> Position:
        while path and path not in places:
            path = path[:-1]
        return places.get(path, self.top)


def read_toml(raw: bytes, file: str) -> Toml:
    """Read a file; raises ``FormatError`` and nothing else."""
    text = text_of(raw, file)[0]
    try:
        values = tomllib.loads(text)
        walk = _Walk(text, file)
        walk.document()
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, file) from None
    except (RecursionError, ValueError):
        # values within each other without end, or a number with more digits than Python reads
        raise FormatError(Position(file, 1, 1), "TOML that nests less and has shorter numbers", "more") from None
    return Toml(values, walk.keys, walk.starts, Position(file, 1, 1))


def _not_toml(message: str, text: str, file: str) -> FormatError:
    found = _AT.search(message)
    lines = text.split("\n")
    line, column = (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    words = message[: found.start()] if found else message
    return FormatError(Position(file, line, column), "TOML", f"what is none: {words[:1].lower()}{words[1:]}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


class _Walk:
    """One walk over a text that is TOML."""

    def __init__(self, text: str, file: str) -> None:
        self.keys: dict[TomlPath, Position] = {}
        self.starts: dict[TomlPath, Position] = {}
        self._file = file
        # as tomllib has it, a carriage return before a line feed is none of the text
        self._tokens = list(self._split(text.replace("\r\n", "\n")))
        self._at = 0
        self._counts: dict[TomlPath, int] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text.replace("\r\n", "\n")))]
        self._line = 0

    @staticmethod
    def _split(text: str) -> Iterator[_Token]:
        for match in _TOKEN.finditer(text):
            if match.lastgroup and match.lastgroup != "blank":
                yield _Token(match.lastgroup, match[0], match.start())
        yield _Token("end", "", len(text))

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, text: str) -> bool:
        return self._next.kind in {"sign", "line"} and self._next.text == text

    def _skip_lines(self) -> None:
        while self._next.kind == "line":
            self._at += 1

    def document(self) -> None:
        """Walk over all of it."""
        table: TomlPath = ()
        self._skip_lines()
        while self._next.kind != "end":
            table = self._header() if self._is("[") else self._pair(table)
            self._skip_lines()

    def _header(self) -> TomlPath:
        place = self._position(self._take())
        is_list = self._is("[") and self._next.start == self._tokens[self._at - 1].start + 1
        if is_list:
            self._take()
        names = self._names()
        for _ in range(1 + is_list):
            self._take()
        path: TomlPath = ()
        for name in names[:-1]:
            path = self._into((*path, name))
        path = (*path, names[-1])
        self.keys.setdefault(path, place)
        if is_list:
            self._counts[path] = self._counts.get(path, 0) + 1
        path = self._into(path)
        self.keys[path] = place
        return path

    def _into(self, path: TomlPath) -> TomlPath:
        """Return the table that a header means: of a list of tables the last one."""
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _names(self) -> list[str]:
        """Read a key: its parts, dots between them."""
        names = [self._name(self._take())]
        while self._is("."):
            self._take()
            names.append(self._name(self._take()))
        return names

    @staticmethod
    def _name(token: _Token) -> str:
        return next(iter(tomllib.loads(f"{token.text} = 0"))) if token.kind == "text" else token.text

    def _pair(self, table: TomlPath, depth: int = 0) -> TomlPath:
        place = self._position(self._next)
        path = table
        for name in self._names():
            path = (*path, name)
            self.keys.setdefault(path, place)
        self._take()
        self._value(path, depth)
        return table

    def _value(self, path: TomlPath, depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise RecursionError
        self.starts[path] = self._position(self._next)
        if self._is("["):
            self._items(path, depth)
        elif self._is("{"):
            self._take()
            while not self._is("}"):
                self._pair(path, depth + 1)
                if self._is(","):
                    self._take()
            self._take()
        else:
            while not (self._next.kind in {"line", "end"} or self._next.text in {",", "]", "}"}):
                self._take()

    def _items(self, path: TomlPath, depth: int) -> None:
        self._take()
        self._skip_lines()
        index = 0
        while not self._is("]"):
            self.keys[*path, index] = self._position(self._next)
            self._value((*path, index), depth + 1)
            index += 1
            self._skip_lines()
            if self._is(","):
                self._take()
            self._skip_lines()
        self._take()

    def _position(self, token: _Token) -> Position:
        # tokens are asked for in their order, but for a look ahead
        while self._line + 1 < len(self._lines) and self._lines[self._line + 1] <= token.start:
            self._line += 1
        return Position(self._file, self._line + 1, token.start - self._lines[self._line] + 1)
