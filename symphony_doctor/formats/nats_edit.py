"""One change to the text of a nats.config, by position: comments, order and spelling survive.

What is not certain is refused: a key that is set twice, in an included file or by a variable. The caller
compares both texts as the server reads them afterwards, with ``is_only_change``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from symphony_doctor.formats.nats_config import Array, Entry, Map, Scalar, Value
from symphony_doctor.formats.nats_config.lexer import Source

Path = tuple[str, ...]

_BLANKS: Final = " \t"
_BARE: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./:+-]*")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off"})
_CASE_SENSITIVE: Final = "resolver"
"""The one block whose keys are matched as they are written."""


class EditError(ValueError):
    """The change cannot be made with certainty; the message says why and never has a value."""


@dataclass(slots=True)
class _Span:
    """A value in the text; ``children`` are the keys of a map, ``items`` those of a list."""

    kind: str
    start: int
    end: int = 0
    key: str = ""
    key_start: int = 0
    text: str = ""
    children: list[_Span] = field(default_factory=list)
    items: list[_Span] = field(default_factory=list)


def spelled(value: str) -> str:
    """Write a text as a value: bare where the server reads it as this very text, else in double quotes."""
    if _BARE.fullmatch(value) and value.lower() not in _WORDS and not value.startswith(("include", "//")):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def set_value(text: str, file: str, path: Path, value: str) -> str:
    """Set a key to a text; a key that is not there is added as the first of its block."""
    found = _find(text, file, path)
    if found is None:
        return _add_key(text, file, path, spelled(value))
    if found.kind not in {"STRING", "BARE", "INTEGER", "FLOAT", "BOOLEAN", "DATE"}:
        raise EditError(_not_plain(path, found))
    written = spelled(value)
    if text[found.start] == '"' and not written.startswith('"'):
        written = f'"{written}"'
    return text[: found.start] + written + text[found.end :]


def add_item(text: str, file: str, path: Path, value: str) -> str:
    """Put a text into a list, before what is there."""
    found = _find(text, file, path)
    written = spelled(value)
    if found is None:
        return _add_key(text, file, path, f"[ {written} ]")
    if found.kind != "ARRAY_START":
        raise EditError(_not_plain(path, found))
    if not found.items:
        return text[: found.start + 1] + f" {written} " + text[found.start + 1 :]
    first = found.items[0]
    if text[first.start] in "\"'" and not written.startswith('"'):
        written = f'"{written}"'
    return _before(text, first.start, written, is_key=False)


def remove_item(text: str, file: str, path: Path, matches: Callable[[str], bool]) -> str:
    """Take the one item that matches out of a list, and its line where nothing else stands on it."""
    found = _find(text, file, path)
    if found is None or found.kind != "ARRAY_START":
        raise EditError(f"{'.'.join(path)} is no list in this file")
    chosen = [item for item in found.items if item.kind in {"STRING", "BARE"} and matches(item.text)]
    if len(chosen) != 1:
        raise EditError(f"{'.'.join(path)} holds it {len(chosen)} times in this file, expected once")
    if len(found.items) == 1:
        raise EditError(f"it is the only one in {'.'.join(path)}: without any the server does not start JetStream")
    start, end = chosen[0].start, _skip(text, chosen[0].end)
    if text[end : end + 1] == ",":
        end = _skip(text, end + 1)
        line = text.rfind("\n", 0, start) + 1
        alone = not text[line:start].strip(_BLANKS)
        stop = _line_end(text, end)
        return text[:line] + text[stop:] if alone and stop is not None else text[:start] + text[end:]
    before = len(text[:start].rstrip(" \t\r\n"))
    if text[before - 1] == "," and "\n" not in text[before:start]:
        return text[: before - 1] + text[chosen[0].end :]
    line, stop = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    alone = not text[line:start].strip(_BLANKS)
    return text[:line] + text[stop:] if alone and stop is not None else text[:start] + text[chosen[0].end :]


def is_only_change(old: Map, new: Map, path: Path, wanted: Callable[[Value | None, Value | None], bool]) -> bool:
    """Tell whether two configurations are the same in all but one key, and that one is as wanted."""
    return _shape(_without(old, path)) == _shape(_without(new, path)) and wanted(
        value_at(old, path), value_at(new, path)
    )


def value_at(config: Map, path: Path) -> Value | None:
    """Return what the server takes for a key."""
    value: Value | None = config
    for at, name in enumerate(path):
        value = value.get(name, fold_case=path[0] != _CASE_SENSITIVE or at == 0) if isinstance(value, Map) else None
    return value


def _find(text: str, file: str, path: Path) -> _Span | None:
    block, key = _block(text, file, path[:-1]), path[-1]
    if block is None:
        return None
    found = _named(block, key, path)
    if len(found) > 1:
        raise EditError(f"{'.'.join(path)} is set {len(found)} times in this file")
    return found[0] if found else None


def _block(text: str, file: str, path: Path) -> _Span | None:
    block = _spans(text, file)
    for at, name in enumerate(path):
        found = _named(block, name, path[: at + 1])
        if len(found) > 1:
            raise EditError(f"{'.'.join(path[: at + 1])} stands {len(found)} times in this file")
        if not found:
            return None
        block = found[0]
        if block.kind != "MAP_START":
            raise EditError(_not_plain(path[: at + 1], block))
    return block


def _named(block: _Span, name: str, path: Path) -> list[_Span]:
    exact = len(path) > 1 and path[0] == _CASE_SENSITIVE
    return [child for child in block.children if (child.key if exact else child.key.lower()) == name]


def _not_plain(path: Path, found: _Span) -> str:
    what = "a variable" if found.kind == "VARIABLE" else "not a plain value"
    return f"{'.'.join(path)} is {what} in this file"


def _add_key(text: str, file: str, path: Path, value: str) -> str:
    block = _block(text, file, path[:-1])
    if block is None or not block.children:
        raise EditError(f"this file has no block to put {'.'.join(path)} into")
    return _before(text, block.children[0].key_start, f"{path[-1]}: {value}", is_key=True)


def _before(text: str, at: int, written: str, *, is_key: bool) -> str:
    """Put something before what stands at a place: on a line of its own where that one has one."""
    line = text.rfind("\n", 0, at) + 1
    indent = text[line:at]
    if indent.strip(_BLANKS):
        return f"{text[:at]}{written}, {text[at:]}"
    end = "\r\n" if "\r\n" in text else "\n"
    # a line end divides keys by itself
    return f"{text[:at]}{written}{'' if is_key else ','}{end}{indent}{text[at:]}"


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANKS:
        at += 1
    return at


def _line_end(text: str, at: int) -> int | None:
    """Return where the next line begins, if the rest of this one is empty."""
    match = re.compile(r"\r?\n").match(text, at)
    return match.end() if match else None


def _spans(text: str, file: str) -> _Span:
    """Read where every value stands. Raises ``FormatError`` as the parser does."""
    root = _Span("MAP_START", 0, len(text))
    stack, key = [root], _Span("", 0)
    for token in Source(text, file).tokens():
        start, end = token.start_pos or 0, token.end_pos or 0
        if token.type == "KEY":
            key = _Span("", 0, key=str(token), key_start=start)
        elif token.type in {"MAP_END", "ARRAY_END"}:
            stack.pop().end = end
        elif token.type != "INCLUDE":
            span = _Span(token.type, start, end, key.key, key.key_start, str(token))
            above = stack[-1]
            (above.items if above.kind == "ARRAY_START" else above.children).append(span)
            if token.type in {"MAP_START", "ARRAY_START"}:
                stack.append(span)
    return root


def _without(config: Map, path: Path) -> Map:
    name, *rest = path
    entries = []
    for entry in config.entries:
        if entry.key.lower() != name:
            entries.append(entry)
        elif rest and isinstance(entry.value, Map):
            inner = _without(entry.value, tuple(rest))
            entries.append(Entry(entry.key, entry.position, inner, entry.referenced))
    return Map(tuple(entries), config.position)


def _shape(value: Value) -> object:
    if isinstance(value, Map):
        return tuple((entry.key, _shape(entry.value)) for entry in value.entries)
    if isinstance(value, Array):
        return tuple(_shape(item) for item in value.items)
    return (type(value.value).__name__, value.value)


def texts(value: Value | None) -> tuple[str, ...]:
    """Return the texts of a list; () for anything else."""
    items = value.items if isinstance(value, Array) else ()
    return tuple(item.value for item in items if isinstance(item, Scalar) and isinstance(item.value, str))
