"""From the bytes of a nats.config to its values: includes read, variables looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Final, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from symphony_doctor.formats.nats_config.lexer import NatsLexer, Source
from symphony_doctor.formats.nats_config.tree import Array, Entry, Map, Scalar, Value
from symphony_doctor.formats.position import FormatError, Position

ReadInclude: TypeAlias = Callable[[str, str], bytes]
"""The including file and the path written there -> the content; raises ``OSError``."""

MOST_INCLUDES: Final = 64
_UNITS: Final = {
    unit + suffix: base**power
    for power, unit in enumerate("kmgtpe", 1)
    for suffix, base in (("", 1000), ("b", 1024), ("i", 1024), ("ib", 1024))
}
_NUMBER: Final = re.compile(r"(-?\d+)([a-z]*)", re.IGNORECASE)
_BCRYPT: Final = "2a$"


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class _Include:
    path: str
    position: Position


@dataclass(frozen=True, slots=True)
class _Pair:
    key: str
    position: Position
    value: _Raw


@dataclass(frozen=True, slots=True)
class _RawMap:
    items: tuple[_Pair | _Include, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class _RawArray:
    items: tuple[_Raw, ...]
    position: Position


Atom: TypeAlias = str | int | float | bool | datetime
_Raw: TypeAlias = Scalar | _Variable | _RawMap | _RawArray


@dataclass(slots=True)
class _Scope:
    """A map that is being read: what is set so far, and which of it a variable has taken."""

    values: dict[str, Value]
    taken: set[str]


def parse(data: bytes, file: str, *, read_include: ReadInclude, environment: Mapping[str, str]) -> Map:
    """Read a configuration. Raises ``FormatError`` with the first place that the server would refuse."""
    return _Reader(read_include, environment).file(data, file, ())


class _Reader:
    def __init__(self, read_include: ReadInclude, environment: Mapping[str, str]) -> None:
        self.read_include = read_include
        self.environment = environment
        self.includes = 0

    def file(self, data: bytes, file: str, including: tuple[str, ...]) -> Map:
        if b"\0" in data:
            offset = data.index(b"\0")
            line = data.count(b"\n", 0, offset) + 1
            place = Position(file, line, offset - data.rfind(b"\n", 0, offset))
            raise FormatError(place, "a text file", "a zero byte: this is binary data")
        # as the server's own decoder does with bytes that are no UTF-8
        source = Source(data.decode("utf-8", "replace"), file)
        return self._map(_raw(source), [], (*including, file))

    def _map(self, raw: _RawMap, scopes: list[_Scope], path: tuple[str, ...]) -> Map:
        scope = _Scope({}, set())
        scopes.append(scope)
        entries: list[Entry] = []
        for item in raw.items:
            if isinstance(item, _Include):
                entries.extend(self._included(item, path).entries)
                scope.values |= {entry.key: entry.value for entry in entries}
            else:
                value = self._value(item.value, scopes, path)
                scope.values[item.key] = value
                entries.append(Entry(item.key, item.position, value))
        scopes.pop()
        if scope.taken:
            entries = [replace(entry, referenced=entry.key in scope.taken) for entry in entries]
        return Map(tuple(entries), raw.position)

    def _value(self, raw: _Raw, scopes: list[_Scope], path: tuple[str, ...]) -> Value:
        if isinstance(raw, _RawMap):
            return self._map(raw, scopes, path)
        if isinstance(raw, _RawArray):
            return Array(tuple(self._value(item, scopes, path) for item in raw.items), raw.position)
        if isinstance(raw, _Variable):
            return self._looked_up(raw, scopes, path, frozenset())
        return raw

    def _looked_up(
        self, variable: _Variable, scopes: list[_Scope], path: tuple[str, ...], seen: frozenset[str]
    ) -> Value:
        name, place = variable.name, variable.position
        if name.startswith(_BCRYPT):
            return Scalar("$" + name, place, quoted=False, written="$" + name)
        for scope in reversed(scopes):
            if name in scope.values:
                scope.taken.add(name)
                return _moved(scope.values[name], place)
        text = self.environment.get(name)
        if text is None or name in seen:
            shown = name if re.fullmatch(r"\w{1,64}", name) else "this name"
            raise FormatError(place, f"${shown} to be set before this line or in the environment", "no such variable")
        try:
            raw = _raw(Source(f"pk={text}", place.file)).items
        except FormatError:
            raise FormatError(place, f"the environment's {name} to be a value", "something else") from None
        if len(raw) != 1 or not isinstance(raw[0], _Pair):
            raise FormatError(place, f"the environment's {name} to be one value", "something else")
        inner = raw[0].value
        if isinstance(inner, _Variable):
            return self._looked_up(_Variable(inner.name, place), [], path, seen | {name})
        return _moved(self._value(inner, [], path), place)

    def _included(self, include: _Include, path: tuple[str, ...]) -> Map:
        self.includes += 1
        if self.includes > MOST_INCLUDES:
            raise FormatError(
                include.position, f"at most {MOST_INCLUDES} includes", "one more: do they include each other?"
            )
        try:
            data = self.read_include(path[-1], include.path)
        except OSError as error:
            raise FormatError(include.position, "a file to include", f"none: {error}") from None
        name = include.path if include.path.startswith("/") else f"{path[-1].rpartition('/')[0] or '.'}/{include.path}"
        return self.file(data, name, path)


def _moved(value: Value, place: Position) -> Value:
    return replace(value, position=place)


def _raw(source: Source) -> _RawMap:
    try:
        result = _Build(source).transform(_grammar().parse(source))
    except VisitError as error:
        # lark wraps what its callbacks raise
        if isinstance(error.orig_exc, FormatError):
            raise error.orig_exc from None
        raise
    except LarkError:
        raise FormatError(source.position(0), "a nats.config", "something else") from None
    if not isinstance(result, _RawMap):
        raise FormatError(source.position(0), "a nats.config", "something else")
    return result


_BUILDING: Final = Lock()


def _grammar() -> Lark:
    # nodes are read at the same time, and making the parser costs more than all their files
    with _BUILDING:
        return _made_grammar()


@cache
def _made_grammar() -> Lark:
    text = files(__package__).joinpath("nats_config.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer=NatsLexer, maybe_placeholders=False)


class _Build(Transformer[Token, _Raw]):
    """Makes values of the grammar's rules; each method is named for its rule."""

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)
        self.source = source

    def _at(self, token: Token) -> Position:
        return self.source.position(token.start_pos or 0)

    def _scalar(self, token: Token, value: Atom, *, quoted: bool = False) -> Scalar:
        return Scalar(value, self._at(token), quoted, str(token))

    def start(self, items: list[_Pair | _Include]) -> _RawMap:
        return _RawMap(tuple(items), self.source.position(0))

    def map(self, items: list[Token | _Pair | _Include]) -> _RawMap:
        first = items[0]
        place = self._at(first) if isinstance(first, Token) else self.source.position(0)
        return _RawMap(tuple(item for item in items if not isinstance(item, Token)), place)

    def array(self, items: list[Token | _Raw]) -> _RawArray:
        first = items[0]
        place = self._at(first) if isinstance(first, Token) else self.source.position(0)
        return _RawArray(tuple(item for item in items if not isinstance(item, Token)), place)

    def pair(self, items: tuple[Token, _Raw]) -> _Pair:
        return _Pair(str(items[0]), self._at(items[0]), items[1])

    def include(self, items: list[Token]) -> _Include:
        return _Include(str(items[0]), self._at(items[0]))

    def string(self, items: list[Token]) -> Scalar:
        return self._scalar(items[0], str(items[0]), quoted=True)

    def bare(self, items: list[Token]) -> Scalar:
        return self._scalar(items[0], str(items[0]))

    def boolean(self, items: list[Token]) -> Scalar:
        return self._scalar(items[0], value=str(items[0]) in {"true", "yes", "on"})

    def variable(self, items: list[Token]) -> _Variable:
        return _Variable(str(items[0]), self._at(items[0]))

    def decimal(self, items: list[Token]) -> Scalar:
        return self._scalar(items[0], float(items[0]))

    def integer(self, items: list[Token]) -> Scalar:
        match = _NUMBER.fullmatch(str(items[0]))
        unit = match[2].lower() if match else ""
        # the server's integers have 64 bits; longer ones are cut off before they can cost anything
        if match is None or (unit and unit not in _UNITS) or len(match[1]) > 20 or abs(int(match[1])) >= 2**63:  # noqa: PLR2004
            raise FormatError(self._at(items[0]), "a whole number of 64 bits", "another number")
        return self._scalar(items[0], int(match[1]) * _UNITS.get(unit, 1))

    def date(self, items: list[Token]) -> Scalar:
        try:
            value = datetime.strptime(str(items[0]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise FormatError(self._at(items[0]), "a date that exists", "another one") from None
        return self._scalar(items[0], value)
