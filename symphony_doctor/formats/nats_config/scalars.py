"""Single values of a nats.config: strings, numbers, dates, booleans, variables."""

from __future__ import annotations

import re
from typing import Final

from lark import Token

from symphony_doctor.formats.nats_config.cursor import Cursor

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
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([tnr\"\\])|(.|\Z))", re.DOTALL)
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_ALLOWED: Final = r"one of the escapes \xHH, \t, \n, \r, \" or \\"
_BOOLEANS: Final = frozenset({"true", "false", "yes", "no", "on", "off"})


def single(cursor: Cursor) -> Token:
    """Read a string in single quotes, which has no escapes."""
    return _matched(cursor, _SINGLE, "the closing quote")


def block(cursor: Cursor) -> Token:
    """Read a block in parentheses, taken as it stands."""
    return _matched(cursor, _BLOCK, "')' alone on a line, which ends the block")


def _matched(cursor: Cursor, pattern: re.Pattern[str], end: str) -> Token:
    offset = cursor.at
    match = pattern.match(cursor.text, offset)
    if match is None:
        cursor.fail(end, len(cursor.text))
    cursor.at = match.end()
    return cursor.token("STRING", match[1], offset)


def double(cursor: Cursor) -> Token:
    """Read a string in double quotes, with its escapes."""
    token = _matched(cursor, _DOUBLE, "the closing quote")
    return cursor.token("STRING", _unescaped(cursor, str(token), (token.start_pos or 0) + 1), token.start_pos or 0)


def _unescaped(cursor: Cursor, text: str, offset: int) -> str:
    if "\\" not in text:
        return text

    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return _ESCAPES[match[2]] if match[2] else cursor.fail(_ALLOWED, offset + match.start() + 1)

    return _ESCAPE.sub(replaced, text)


def negative(cursor: Cursor) -> Token:
    """Read a number below zero."""
    offset = cursor.at
    match = _FLOAT.match(cursor.text, offset) or _NEGATIVE.match(cursor.text, offset)
    if match is None:
        cursor.fail("a digit after '-'", offset + 1)
    cursor.at = match.end()
    return cursor.token("FLOAT" if "." in match[0] else "INTEGER", match[0], offset)


def number(cursor: Cursor) -> Token:
    """Read what starts with a digit: a number, a date, an address, or a string after all."""
    offset = cursor.at
    for kind, pattern in (
        ("DATE", _DATE),
        ("BARE", _ADDRESS),
        ("FLOAT", _FLOAT),
        ("INTEGER", _INTEGER),
        ("INTEGER", _SUFFIXED_THEN_DIGIT),
    ):
        match = pattern.match(cursor.text, offset)
        if match is not None:
            cursor.at = match.end()
            return cursor.token(kind, match[0], offset)
    if _DATE_BEGUN.match(cursor.text, offset):
        cursor.fail("a date as 2006-01-02T15:04:05Z, or quotes around the value")
    digits = re.compile(r"\d+").match(cursor.text, offset)
    end = digits.end() if digits else offset
    if cursor.text[end : end + 1] == ".":
        cursor.fail("a digit after the decimal point", end + 1)
    return bare(cursor, end + 1)


def bare(cursor: Cursor, begin: int | None = None) -> Token:
    """Read a bare string; the characters before ``begin`` belong to it whatever they are."""
    offset = cursor.at
    start = offset if begin is None else min(begin, len(cursor.text))
    match = _BARE.match(cursor.text, start)
    cursor.at = match.end() if match else start
    # a backslash that only made a string of a number is not taken for an escape
    text = cursor.text[offset:start] + _unescaped(cursor, cursor.text[start : cursor.at], start)
    if cursor.peek() == "'":
        cursor.at += 1
    elif "\\" in cursor.text[start : cursor.at]:
        pass
    elif text.lower() in _BOOLEANS:
        return cursor.token("BOOLEAN", text.lower(), offset)
    elif text.startswith("$") and begin is None:
        return cursor.token("VARIABLE", text[1:], offset)
    return cursor.token("BARE", text, offset)
