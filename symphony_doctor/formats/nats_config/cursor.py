"""A text that is being read: where reading stands, and what is refused there."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NoReturn

from lark import Token

from symphony_doctor.formats.position import FormatError, Position

COMMENT: Final = re.compile(r"(?:#|//)[^\r\n]*")


class Cursor:
    """A text, where its lines begin, and the offset ``at`` that is read next."""

    def __init__(self, text: str, file: str, *, first_line: int = 1) -> None:
        self.text = text
        self.file = file
        self._first_line = first_line
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.at = 0

    def position(self, offset: int) -> Position:
        """Return line and column of an offset."""
        line = bisect_right(self._lines, offset)
        return Position(self.file, line - 1 + self._first_line, offset - self._lines[line - 1] + 1)

    def fail(self, expected: str, at: int | None = None) -> NoReturn:
        """Refuse the text at an offset, naming the kind of what stands there and never its value."""
        offset = self.at if at is None else at
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

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Skip white space of one kind, and comments."""
        while match := pattern.match(self.text, self.at) or COMMENT.match(self.text, self.at):
            self.at = match.end()

    def peek(self) -> str:
        """Return the next character, the empty string at the end."""
        return self.text[self.at] if self.at < len(self.text) else ""

    def token(self, kind: str, value: str, offset: int) -> Token:
        """Return a token from ``offset`` up to where reading stands."""
        return Token(kind, value, start_pos=offset, end_pos=self.at)
