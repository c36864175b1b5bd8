"""JSON read into its leaves, each with the place of its key: for files that people edit.

Python's own decoder does the scalars; the structure is walked here, so that an error has a line, a column and
what was expected, and no depth of nesting exhausts the stack. Nothing of the text beyond one character ever
gets into an error.
"""

from __future__ import annotations

import bisect
import json
import re
from dataclasses import dataclass, field
from typing import Final, NoReturn

from symphony_doctor.formats.position import FormatError, Position

Scalar = str | int | float | bool | None

MAX_SIZE: Final = 8 * 1024 * 1024
"""Bytes; a longer file is refused."""
MAX_DEPTH: Final = 200
"""Objects and lists within each other; more are refused."""

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER_LENGTH: Final = 400
_LITERALS: Final[dict[str, Scalar]] = {"true": True, "false": False, "null": None}
_WORD: Final = re.compile(r"[A-Za-z]+")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that holds no other: a scalar, or an empty object or list (value None, spelt `{}` or `[]`).

    `path` has the keys down to it, indexes of lists as text; `spelling` is its JSON, in one spelling.
    """

    path: tuple[str, ...]
    value: Scalar = field(repr=False)
    spelling: str = field(repr=False)
    position: Position


@dataclass(slots=True)
class _Branch:
    """An object or list that is being read."""

    is_object: bool
    offset: int
    children: dict[str, _Node] = field(default_factory=dict)
    key: str = ""
    key_offset: int = 0


_Node = tuple[int, "Scalar | _Branch"]


def text_of(raw: bytes, file: str) -> tuple[str, bool]:
    """Decode a file as UTF-8; the flag says whether it began with a byte order mark, which is left out."""
    if len(raw) > MAX_SIZE:
        raise FormatError(Position(file, 1, 1), f"at most {MAX_SIZE} bytes", f"{len(raw)} bytes")
    marked = raw.startswith(_BYTE_ORDER_MARK)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(Position(file, 1, 1), "text in UTF-8", "a byte order mark of UTF-16")
    body = raw[len(_BYTE_ORDER_MARK) :] if marked else raw
    try:
        return body.decode(), marked
    except UnicodeDecodeError as error:
        before, byte = body[: error.start].decode(), body[error.start]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    raise FormatError(Position(file, line, column), "text in UTF-8", f"the byte 0x{byte:02x}")


def leaves(text: str, file: str) -> tuple[Leaf, ...]:
    """Read an object into its leaves, in the order of the file; of a key given twice the last counts.

    Raises FormatError and nothing else.
    """
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._decoder = json.JSONDecoder()

    def read(self) -> tuple[Leaf, ...]:
        if not self._text.strip("\0 \t\r\n"):
            self._fail("a JSON object", 0, "nothing but zero bytes" if "\0" in self._text else "an empty file")
        self._blank()
        if not self._is("{"):
            self._fail("a JSON object, which begins with '{'")
        root = self._structure()
        self._blank()
        if self._at < len(self._text):
            self._fail("the end of the file")
        return tuple(self._flatten(root))

    def _structure(self) -> _Branch:
        root = _Branch(is_object=True, offset=self._at)
        self._at += 1
        stack = [root]
        while stack:
            branch = stack[-1]
            self._blank()
            if self._is("}" if branch.is_object else "]"):
                self._at += 1
                stack.pop()
                continue
            self._next(branch)
            start = self._at
            if not (self._is("{") or self._is("[")):
                self._add(branch, self._scalar(), start)
                continue
            if len(stack) == MAX_DEPTH:
                self._fail(f"at most {MAX_DEPTH} levels")
            child = _Branch(is_object=self._is("{"), offset=start)
            self._at += 1
            self._add(branch, child, start)
            stack.append(child)
        return root

    def _next(self, branch: _Branch) -> None:
        """Go to the next value of a branch: past the comma, and in an object past the key."""
        end = "}" if branch.is_object else "]"
        if branch.children or branch.key_offset:
            if not self._is(","):
                self._fail(f"',' or '{end}'")
            self._at += 1
            self._blank()
        elif self._is(","):
            self._fail(f"a value or '{end}'" if not branch.is_object else f"a name in double quotes or '{end}'")
        branch.key_offset = self._at
        if branch.is_object:
            if not self._is('"'):
                self._fail("a name in double quotes")
            branch.key = self._string()
            self._blank()
            if not self._is(":"):
                self._fail("':'")
            self._at += 1
            self._blank()
        else:
            branch.key = str(len(branch.children))

    @staticmethod
    def _add(branch: _Branch, value: Scalar | _Branch, start: int) -> None:
        # A second one with this key takes the last place, as it counts.
        branch.children.pop(branch.key, None)
        branch.children[branch.key] = (branch.key_offset if branch.is_object else start, value)

    def _scalar(self) -> Scalar:
        if self._is('"'):
            return self._string()
        if match := _NUMBER.match(self._text, self._at):
            if len(match[0]) > _NUMBER_LENGTH:
                self._fail(f"a number of at most {_NUMBER_LENGTH} characters", found="a longer one")
            self._at = match.end()
            return float(match[0]) if set(match[0]) & set(".eE") else int(match[0])
        if (word := _WORD.match(self._text, self._at)) and word[0] in _LITERALS:
            self._at = word.end()
            return _LITERALS[word[0]]
        return self._fail("a value (text in double quotes, a number, true, false, null, '{' or '[')")

    def _string(self) -> str:
        value: str
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            problem, at = error.msg, error.pos
        else:
            # JSON can escape half a surrogate pair, which no output can write.
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        if problem.startswith("Unterminated"):
            return self._fail("a closing double quote", at, "none in the rest of the file")
        if "control" in problem:
            return self._fail("a closing double quote in the same line", at)
        return self._fail("an escape that JSON has", at)

    def _flatten(self, root: _Branch) -> list[Leaf]:
        found: list[Leaf] = []
        waiting: list[tuple[tuple[str, ...], _Node]] = [((), (root.offset, root))]
        while waiting:
            path, (offset, value) = waiting.pop()
            if isinstance(value, _Branch) and value.children:
                waiting += [((*path, key), node) for key, node in reversed(value.children.items())]
            elif isinstance(value, _Branch):
                found.append(Leaf(path, None, "{}" if value.is_object else "[]", self._position(offset)))
            else:
                found.append(Leaf(path, value, json.dumps(value, ensure_ascii=False), self._position(offset)))
        return found

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _is(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _position(self, offset: int) -> Position:
        line = bisect.bisect_right(self._starts, offset)
        return Position(self._file, line, offset - self._starts[line - 1] + 1)

    def _fail(self, expected: str, at: int | None = None, found: str | None = None) -> NoReturn:
        offset = self._at if at is None else at
        if found is None:
            found = repr(self._text[offset]) if offset < len(self._text) else "the end of the file"
        raise FormatError(self._position(offset), expected, found)
