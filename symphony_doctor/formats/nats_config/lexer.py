"""Tokens of a nats.config, with the server's own states (nats-server, conf/lex.go).

What a character means depends on what is expected at that place: a key runs up to white space or a
separator, a bare string up to white space or one of ``,;]}'``. Inside a map a value may stand on the line
after its key, at the top level it may not. A number directly before ``]`` is a string, as in the server.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from lark import Token
from lark.lexer import Lexer, LexerState

from symphony_doctor.formats.nats_config.cursor import COMMENT, Cursor
from symphony_doctor.formats.nats_config.scalars import bare, block, double, negative, number, single

MOST_LEVELS: Final = 200
"""Levels of nesting that are followed; no server option nests deeper than ten."""

_SPACE: Final = re.compile(r"\s+")
_BLANK: Final = re.compile(r"[ \t]+")
_QUOTED_KEY: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_KEY: Final = re.compile(r"[^\s=:][^\s=:]*")
_INCLUDE_VALUE: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\s;}'\"\[{(\\0-9-][^\s;}']*)'?")


class NatsLexer(Lexer):
    """The lexer that lark drives; the text is handed over as a ``Source``."""

    __future_interface__ = 0

    def __init__(self, _lexer_conf: object) -> None:
        """Take lark's configuration, of which nothing is needed."""

    def lex(self, data: LexerState | Source) -> Iterator[Token]:  # type: ignore[override]
        """Yield the tokens of a whole file."""
        if not isinstance(data, Source):
            raise TypeError("expected a Source")
        return data.tokens()


class Source(Cursor):
    """A text as its tokens."""

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens; raise ``FormatError`` where the server would refuse the text."""
        levels = ["top"]
        while True:
            context = levels[-1]
            if context == "array":
                yield from self._array_value(levels)
            elif context == "map":
                yield from self._map_item(levels)
            elif not (yield from self._top_item(levels)):
                return

    def _top_item(self, levels: list[str]) -> Generator[Token, None, bool]:
        """Read a key and its value at the top level, or inside braces around the whole file."""
        self.skip(_SPACE)
        braced = levels[-1] == "braces"
        character = self.peek()
        if not character:
            return False  # the server takes the end of the file for the missing closing brace
        if character == "{":
            levels.append("braces")
            self.at += 1
            return True
        if braced and character == "}":
            levels.pop()
            self.at += 1
            return True
        if character == "}" and not self.text[self.at + 1 :].strip():
            return False  # one stray brace at the end is tolerated, for files that look like JSON
        yield from self._key_and_value(levels, in_map=False)
        if levels[-1] in {"top", "braces"}:
            self._end_of_top_value(braced=braced)
        return True

    def _end_of_top_value(self, *, braced: bool) -> None:
        match = _BLANK.match(self.text, self.at)
        if match:
            self.at = match.end()
        comment = COMMENT.match(self.text, self.at)
        if comment:
            self.at = comment.end()
        character = self.peek()
        if (character in {"\r", "\n", ",", ";"} and character) or (character == "}" and not braced):
            self.at += 1
        elif character and not (character == "}" and braced):
            self.fail("the value to end here: a new line, a comma or a comment")
        elif not character and braced:
            self.fail("a closing brace '}'")

    def _map_item(self, levels: list[str]) -> Iterator[Token]:
        self.skip(_SPACE)
        character = self.peek()
        if character == "}":
            offset = self.at
            self.at += 1
            yield self.token("MAP_END", "}", offset)
            self._leave(levels)
            return
        if not character:
            self.fail("a closing brace '}'")
        if character == "]":
            self.fail("a key or a closing brace '}'")
        yield from self._key_and_value(levels, in_map=True)
        if levels[-1] == "map" and self._ended_value:
            self._end_of_map_value()

    def _end_of_map_value(self) -> None:
        self.skip(_BLANK)
        character = self.peek()
        if character in {"\r", "\n", ",", ";"} and character:
            self.at += 1
        elif character != "}":
            self.fail("the value to end here: a new line, a comma or a closing brace '}'")

    def _array_value(self, levels: list[str]) -> Iterator[Token]:
        self.skip(_SPACE)
        character = self.peek()
        offset = self.at
        if character == "]":
            self.at += 1
            yield self.token("ARRAY_END", "]", offset)
            self._leave(levels)
            return
        if not character:
            self.fail("a closing bracket ']'")
        if character == ",":
            self.fail("a value")
        yield from self._value(levels)
        if levels[-1] == "array" and self._ended_value:
            self._end_of_array_value()

    def _end_of_array_value(self) -> None:
        self.skip(_BLANK)
        character = self.peek()
        if character in {"\r", "\n", ","} and character:
            self.at += 1
        elif character != "]":
            self.fail("the item to end here: a comma, a new line or a closing bracket ']'")

    def _leave(self, levels: list[str]) -> None:
        """Close an array or a map, and end the value that it is in what is around it."""
        levels.pop()
        self._ended_value = True
        if levels[-1] == "array":
            self._end_of_array_value()
        elif levels[-1] == "map":
            self._end_of_map_value()
        else:
            self._end_of_top_value(braced=levels[-1] == "braces")

    def _key_and_value(self, levels: list[str], *, in_map: bool) -> Iterator[Token]:
        offset = self.at
        if self.peek() in {"=", ":"}:
            self.fail("a key")
        quoted = _QUOTED_KEY.match(self.text, offset)
        match = quoted or _KEY.match(self.text, offset)
        if match is None or (quoted is None and self.peek() in {'"', "'"}):
            self.fail("a key, or the end of its quotes")
        self.at = match.end()
        key = next(filter(None, match.groups()), "") if quoted else match[0]
        following = self.peek()
        if not quoted and key.lower() == "include" and following.isspace() and following:
            yield self._include()
            return
        yield self.token("KEY", key, offset)
        space = _SPACE.match(self.text, self.at)
        if space:
            self.at = space.end()
        if self.peek() in {"=", ":"} and self.peek():
            self.at += 1
            space = (_SPACE if in_map else _BLANK).match(self.text, self.at)
            if space:
                self.at = space.end()
        if not self.peek() and not in_map:
            # a key at the very end with its separator has the empty string, without one it is an error
            if self.text[offset : self.at].rstrip().endswith((":", "=")):
                yield self.token("BARE", "", self.at)
                return
            self.fail("a value")
        if in_map and self.peek() in {",", "}"}:
            self.fail("a value")
        yield from self._value(levels)

    def _include(self) -> Token:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        offset = self.at
        match = _INCLUDE_VALUE.match(self.text, offset)
        if match is None:
            self.fail("the file to include, with or without quotes")
        self.at = match.end()
        self._ended_value = True
        return self.token("INCLUDE", next((each for each in match.groups() if each is not None), ""), offset)

    _ended_value = True

    def _value(self, levels: list[str]) -> Iterator[Token]:
        offset, character = self.at, self.peek()
        self._ended_value = character not in {"[", "{"}
        if character in {"[", "{"} and character:
            if len(levels) >= MOST_LEVELS:
                self.fail(f"at most {MOST_LEVELS} levels of nesting")
            self.at += 1
            levels.append("array" if character == "[" else "map")
            yield self.token("ARRAY_START" if character == "[" else "MAP_START", character, offset)
        elif character == "'":
            yield single(self)
        elif character == '"':
            yield double(self)
        elif character == "(":
            yield block(self)
        elif character == "-":
            yield negative(self)
        elif character.isascii() and character.isdigit():
            yield number(self)
        elif character in {".", "\r", "\n", ""}:
            self.fail("a value" if character != "." else "a value: a number starts with a digit")
        else:
            yield bare(self)
