"""An nginx configuration as one tree, with every ``include`` in its place.

``crossplane`` parses each file. It would open included files by itself, and wait for ever on a FIFO, so it
gets the bytes of one file at a time, and who reads them is the caller's matter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from symphony_doctor.formats.position import FormatError, Position

DEPTH: Final = 50
"""Blocks and includes within each other; nginx itself gives up on includes by the limit of open files."""

MOST_DIRECTIVES: Final = 200_000
"""Directives with all includes expanded, so that files that include each other often stay bounded."""

ReadInclude: TypeAlias = Callable[[str], Iterable[tuple[str, bytes]]]
"""From the argument of ``include`` to paths and contents, sorted; raises ``OSError`` with words for people."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive; ``block`` is ``None`` for one that ends in a semicolon. ``where`` is ``FILE:LINE``."""

    name: str
    arguments: tuple[str, ...]
    where: str
    block: tuple[Directive, ...] | None = None


def parse_tree(data: bytes, path: str, read_include: ReadInclude) -> tuple[Directive, ...]:
    """Parse a configuration and all that it includes. Raises ``FormatError`` with file and line."""
    return _Reader(read_include).read(data, path, 0)


class _Reader:
    """Parses each file once, however often it is included."""

    def __init__(self, read_include: ReadInclude) -> None:
        self.read_include = read_include
        self.parsed: dict[str, list[dict[str, Any]]] = {}
        self.open: list[str] = []
        self.count = 0

    def read(self, data: bytes, path: str, depth: int) -> tuple[Directive, ...]:
        if path not in self.parsed:
            self.parsed[path] = _parse_file(data, path)
        self.open.append(path)
        tree = self._expand(self.parsed[path], path, depth)
        self.open.pop()
        return tree

    def _expand(self, statements: list[dict[str, Any]], path: str, depth: int) -> tuple[Directive, ...]:
        found: list[Directive] = []
        for statement in statements:
            place = Position(path, statement["line"], 1)
            self.count += 1
            if self.count > MOST_DIRECTIVES:
                raise FormatError(place, f"at most {MOST_DIRECTIVES:,} directives with all includes", "more")
            if depth > DEPTH:
                raise FormatError(place, f"at most {DEPTH} blocks and includes within each other", "more")
            name, arguments = statement["directive"], tuple(statement["args"])
            if name == "include":
                found += self._include(arguments, place, depth)
            else:
                block = self._expand(statement["block"], path, depth + 1) if "block" in statement else None
                found.append(Directive(name, arguments, f"{path}:{place.line}", block))
        return tuple(found)

    def _include(self, arguments: tuple[str, ...], place: Position, depth: int) -> Iterator[Directive]:
        if len(arguments) != 1:
            raise FormatError(place, "include with one file", f"{len(arguments)} arguments")
        try:
            files = list(self.read_include(arguments[0]))
        except OSError as error:
            raise FormatError(place, "an include that can be read", f"that {error}") from None
        for included, data in files:
            if included in self.open:
                raise FormatError(place, "includes that end", f"that {included} includes itself")
            yield from self.read(data, included, depth + 1)


def _parse_file(data: bytes, path: str) -> list[dict[str, Any]]:
    import crossplane  # noqa: PLC0415 - only where there is a load balancer to read

    if b"\0" in data:
        raise FormatError(Position(path, data[: data.index(b"\0")].count(b"\n") + 1, 1), "text", "a NUL byte")
    # without a line feed at the end crossplane drops the last word without a sound
    with _in_memory(data + b"\n") as name:
        _check_statements(crossplane.lex(name), path)
        payload = crossplane.parse(name, single=True, check_ctx=False, check_args=False)
    for error in payload["errors"]:
        what = "blocks nested too deep" if "recursion" in error["error"] else "something else"
        raise FormatError(Position(path, error["line"] or 1, 1), "an nginx configuration", what)
    statements: list[dict[str, Any]] = payload["config"][0]["parsed"]
    return statements


def _check_statements(tokens: Iterable[tuple[str, int, bool]], path: str) -> None:
    """Refuse what nginx refuses and crossplane lets pass: a statement that nothing ends, a block without a name."""
    import crossplane.errors  # noqa: PLC0415

    before, line = ";", 1
    try:
        for token, at, quoted in tokens:
            if token.startswith("#") and not quoted:
                continue
            sign = token if token in {";", "{", "}"} and not quoted else ""
            if sign == "}" and not before:
                raise FormatError(Position(path, at, 1), '";"', '"}"')
            if sign in {";", "{"} and before:
                raise FormatError(Position(path, at, 1), "a directive", f'"{sign}"')
            before, line = sign, at
    except crossplane.errors.NgxParserSyntaxError as error:
        # its words, such as: unexpected "}"
        raise FormatError(Position(path, error.lineno or line, 1), "balanced braces", str(error.strerror)) from None
    if not before:
        raise FormatError(Position(path, line, 1), '";"', "the end of the file")


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """Give bytes a name that can be opened: crossplane takes names alone. Nothing is written to a disk."""
    handle = os.memfd_create("nginx.conf")
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            file.write(data)
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
