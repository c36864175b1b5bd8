"""Tokens of a nats.config, with the server's own states (nats-server, conf/lex.go).

What a character means depends on what is expected at that place: a key runs up to white space or a
separator, a bare string up to white space or one of ``,;]}'``. Inside a map a value may stand on the line
after its key, at the top level it may not. A number directly before ``]`` is a string, as in the server.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator
from typing import Final, NoReturn

from lark import Token
from lark.lexer import Lexer, LexerState

from symphony_doctor.formats.position import FormatError, Position

MOST_LEVELS: Final = 200
"""Levels of nesting that are followed; no server option nests deeper than ten."""

_SPACE: Final = re.compile(r"\s+")
_BLANK: Final = re.compile(r"[ \t]+")
_COMMENT: Final = re.compile(r"(?:#|//)[^\r\n]*")
_QUOTED_KEY: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_KEY: Final = re.compile(r"[^\s=:][^\s=:]*")
_SINGLE: Final = re.compile(r"'([^']*)'")
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE: Final = re.compile(r"(?:\\.|[^\s,;\]}'\\]|[^\S \t\r\n])*", re.DOTALL)
_BLOCK: Final = re.compile(r"\((.*?\n)\)(?=\n|\Z)", re.DOTALL)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DATE_BEGUN: Final = re.compile(r"\d+-")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.[0-9.:-]*")
_FLOAT: Final = re.compile(r"-?\d+\.\d+")
_INTEGER: Final = re.compile(r"\d+(?:[kmgtpe][bi]*)?(?=[\s};,]|\Z)", re.IGNORECASE)
_SUFFIXED_THEN_DIGIT: Final = re.compile(r"\d+[kmgtpe][bi]*(?=\d)", re.IGNORECASE)
_NEGATIVE: Final = re.compile(r"-\d+(?:[kmgtpe][bi]*)?", re.IGNORECASE)
_INCLUDE_VALUE: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\s;}'\"\[{(\\0-9-][^\s;}']*)'?")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([tnr\"\\])|(.|\Z))", re.DOTALL)
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_ALLOWED: Final = r"one of the escapes \xHH, \t, \n, \r, \" or \\"
_BOOLEANS: Final = frozenset({"true", "false", "yes", "no", "on", "off"})


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


class Source:
    """A text that is being read, and where its lines begin."""

    def __init__(self, text: str, file: str, *, first_line: int = 1) -> None:
        self.text = text
        self.file = file
        self._first_line = first_line
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._at = 0

    def position(self, offset: int) -> Position:
        """Return line and column of an offset."""
        line = bisect_right(self._lines, offset)
        return Position(self.file, line - 1 + self._first_line, offset - self._lines[line - 1] + 1)

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

    def fail(self, expected: str, at: int | None = None) -> NoReturn:
        """Refuse the text at an offset, naming the kind of what stands there and never its value."""
        offset = self._at if at is None else at
        raise FormatError(self.position(offset), expected, self._found(offset))

    def _found(self, offset: int) -> str:
        if offset >= len(self.text):
            return "the end of the file"
        character = self.text[offset]
        if character in "\r\n":
            return "the end of the line"
        if character.isalnum():
            return "a letter" if character.isalpha() else "a digit"
        return repr(character) if character.isprintable() else f"the character U+{ord(character):04X}"

    def _skip(self, pattern: re.Pattern[str]) -> None:
        """Skip white space of one kind, and comments."""
        while match := pattern.match(self.text, self._at) or _COMMENT.match(self.text, self._at):
            self._at = match.end()

    def _peek(self) -> str:
        return self.text[self._at] if self._at < len(self.text) else ""

    def _token(self, kind: str, value: str, offset: int) -> Token:
        return Token(kind, value, start_pos=offset, end_pos=self._at)

    def _top_item(self, levels: list[str]) -> Generator[Token, None, bool]:
        """Read a key and its value at the top level, or inside braces around the whole file."""
        self._skip(_SPACE)
        braced = levels[-1] == "braces"
        character = self._peek()
        if not character:
            return False  # the server takes the end of the file for the missing closing brace
        if character == "{":
            levels.append("braces")
            self._at += 1
            return True
        if braced and character == "}":
            levels.pop()
            self._at += 1
            return True
        if character == "}" and not self.text[self._at + 1 :].strip():
            return False  # one stray brace at the end is tolerated, for files that look like JSON
        yield from self._key_and_value(levels, in_map=False)
        if levels[-1] in {"top", "braces"}:
            self._end_of_top_value(braced=braced)
        return True

    def _end_of_top_value(self, *, braced: bool) -> None:
        match = _BLANK.match(self.text, self._at)
        if match:
            self._at = match.end()
        comment = _COMMENT.match(self.text, self._at)
        if comment:
            self._at = comment.end()
        character = self._peek()
        if (character in {"\r", "\n", ",", ";"} and character) or (character == "}" and not braced):
            self._at += 1
        elif character and not (character == "}" and braced):
            self.fail("the value to end here: a new line, a comma or a comment")
        elif not character and braced:
            self.fail("a closing brace '}'")

    def _map_item(self, levels: list[str]) -> Iterator[Token]:
        self._skip(_SPACE)
        character = self._peek()
        if character == "}":
            offset = self._at
            self._at += 1
            yield self._token("MAP_END", "}", offset)
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
        self._skip(_BLANK)
        character = self._peek()
        if character in {"\r", "\n", ",", ";"} and character:
            self._at += 1
        elif character != "}":
            self.fail("the value to end here: a new line, a comma or a closing brace '}'")

    def _array_value(self, levels: list[str]) -> Iterator[Token]:
        self._skip(_SPACE)
        character = self._peek()
        offset = self._at
        if character == "]":
            self._at += 1
            yield self._token("ARRAY_END", "]", offset)
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
        self._skip(_BLANK)
        character = self._peek()
        if character in {"\r", "\n", ","} and character:
            self._at += 1
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
        offset = self._at
        if self._peek() in {"=", ":"}:
            self.fail("a key")
        quoted = _QUOTED_KEY.match(self.text, offset)
        match = quoted or _KEY.match(self.text, offset)
        if match is None or (quoted is None and self._peek() in {'"', "'"}):
            self.fail("a key, or the end of its quotes")
        self._at = match.end()
        key = next(filter(None, match.groups()), "") if quoted else match[0]
        following = self._peek()
        if not quoted and key.lower() == "include" and following.isspace() and following:
            yield self._include()
            return
        yield self._token("KEY", key, offset)
        space = _SPACE.match(self.text, self._at)
        if space:
            self._at = space.end()
        if self._peek() in {"=", ":"} and self._peek():
            self._at += 1
            space = (_SPACE if in_map else _BLANK).match(self.text, self._at)
            if space:
                self._at = space.end()
        if not self._peek() and not in_map:
            # a key at the very end with its separator has the empty string, without one it is an error
            if self.text[offset : self._at].rstrip().endswith((":", "=")):
                yield self._token("BARE", "", self._at)
                return
            self.fail("a value")
        if in_map and self._peek() in {",", "}"}:
            self.fail("a value")
        yield from self._value(levels)

    def _include(self) -> Token:
        blank = _BLANK.match(self.text, self._at)
        self._at = blank.end() if blank else self._at
        offset = self._at
        match = _INCLUDE_VALUE.match(self.text, offset)
        if match is None:
            self.fail("the file to include, with or without quotes")
        self._at = match.end()
        self._ended_value = True
        return self._token("INCLUDE", next((each for each in match.groups() if each is not None), ""), offset)

    _ended_value = True

    def _value(self, levels: list[str]) -> Iterator[Token]:
        offset, character = self._at, self._peek()
        self._ended_value = character not in {"[", "{"}
        if character in {"[", "{"} and character:
            if len(levels) >= MOST_LEVELS:
                self.fail(f"at most {MOST_LEVELS} levels of nesting")
            self._at += 1
            levels.append("array" if character == "[" else "map")
            yield self._token("ARRAY_START" if character == "[" else "MAP_START", character, offset)
        elif character == "'":
            yield self._matched("STRING", _SINGLE, "the closing quote")
        elif character == '"':
            yield self._double()
        elif character == "(":
            yield self._matched("STRING", _BLOCK, "')' alone on a line, which ends the block")
        elif character == "-":
            yield self._negative()
        elif character.isascii() and character.isdigit():
            yield self._number()
        elif character in {".", "\r", "\n", ""}:
            self.fail("a value" if character != "." else "a value: a number starts with a digit")
        else:
            yield self._bare()

    def _matched(self, kind: str, pattern: re.Pattern[str], end: str) -> Token:
        offset = self._at
        match = pattern.match(self.text, offset)
        if match is None:
            self.fail(end, len(self.text))
        self._at = match.end()
        return self._token(kind, match[1], offset)

    def _double(self) -> Token:
        token = self._matched("STRING", _DOUBLE, "the closing quote")
        return self._token("STRING", self._unescaped(str(token), (token.start_pos or 0) + 1), token.start_pos or 0)

    def _unescaped(self, text: str, offset: int) -> str:
        if "\\" not in text:
            return text

        def replaced(match: re.Match[str]) -> str:
            if match[1]:
                return chr(int(match[1], 16))
            return _ESCAPES[match[2]] if match[2] else self.fail(_ALLOWED, offset + match.start() + 1)

        return _ESCAPE.sub(replaced, text)

    def _negative(self) -> Token:
        offset = self._at
        match = _FLOAT.match(self.text, offset) or _NEGATIVE.match(self.text, offset)
        if match is None:
            self.fail("a digit after '-'", offset + 1)
        self._at = match.end()
        return self._token("FLOAT" if "." in match[0] else "INTEGER", match[0], offset)

    def _number(self) -> Token:
        """Read what starts with a digit: a number, a date, an address, or a string after all."""
        offset = self._at
        for kind, pattern in (
            ("DATE", _DATE),
            ("BARE", _ADDRESS),
            ("FLOAT", _FLOAT),
            ("INTEGER", _INTEGER),
            ("INTEGER", _SUFFIXED_THEN_DIGIT),
        ):
            match = pattern.match(self.text, offset)
            if match is not None:
                self._at = match.end()
                return self._token(kind, match[0], offset)
        if _DATE_BEGUN.match(self.text, offset):
            self.fail("a date as 2006-01-02T15:04:05Z, or quotes around the value")
        digits = re.compile(r"\d+").match(self.text, offset)
        end = digits.end() if digits else offset
        if self.text[end : end + 1] == ".":
            self.fail("a digit after the decimal point", end + 1)
        return self._bare(end + 1)

    def _bare(self, begin: int | None = None) -> Token:
        """Read a bare string; the characters before ``begin`` belong to it whatever they are."""
        offset = self._at
        start = offset if begin is None else min(begin, len(self.text))
        match = _BARE.match(self.text, start)
        self._at = match.end() if match else start
        # a backslash that only made a string of a number is not taken for an escape
        text = self.text[offset:start] + self._unescaped(self.text[start : self._at], start)
        if self._peek() == "'":
            self._at += 1
        elif "\\" in self.text[start : self._at]:
            pass
        elif text.lower() in _BOOLEANS:
            return self._token("BOOLEAN", text.lower(), offset)
        elif text.startswith("$") and begin is None:
            return self._token("VARIABLE", text[1:], offset)
        return self._token("BARE", text, offset)
