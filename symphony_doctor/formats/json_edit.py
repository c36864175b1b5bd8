"""One change to the text of a JSON file, by position: all but the one value stays as it is."""

from __future__ import annotations

import json
import re
from typing import Final

from symphony_doctor.formats import json_places

Path = tuple[str, ...]

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


class JsonEditError(ValueError):
    """The value cannot be replaced with certainty; the message says why and never has a value."""


def replace_value(raw: bytes, file: str, path: Path, written: str) -> bytes:
    """Put ``written``, a JSON value, in the place of the one at ``path``.

    Raises ``FormatError`` where the file is none, ``JsonEditError`` where the key is not there once.
    """
    text, marked = json_places.text_of(raw, file)
    before = json_places.leaves(text, file)
    start, end = _span(text, path)
    changed = text[:start] + written + text[end:]
    after = json_places.leaves(changed, file)
    kept = [(leaf.path, leaf.spelling) for leaf in before if leaf.path != path]
    if [(leaf.path, leaf.spelling) for leaf in after if leaf.path != path] != kept:
        raise JsonEditError(f"replacing {'.'.join(path)} would change more than that")
    return (b"\xef\xbb\xbf" if marked else b"") + changed.encode()


def written_value(raw: bytes, file: str, path: Path) -> str:
    """Return the value at ``path`` exactly as it is written."""
    text, _ = json_places.text_of(raw, file)
    json_places.leaves(text, file)
    start, end = _span(text, path)
    return text[start:end]


def _span(text: str, path: Path) -> tuple[int, int]:
    at = _skip(text, 0)
    end = len(text)
    for depth, name in enumerate(path):
        found = [span for key, span in _members(text, at) if key == name]
        if len(found) != 1:
            raise JsonEditError(f"{'.'.join(path[: depth + 1])} is there {len(found)} times, expected once")
        at, end = found[0]
    return at, end


def _members(text: str, at: int) -> list[tuple[str, tuple[int, int]]]:
    """Return the members of the object or list at a place, whose JSON is known to be right."""
    is_object = text[at : at + 1] == "{"
    if not is_object and text[at : at + 1] != "[":
        return []
    members: list[tuple[str, tuple[int, int]]] = []
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key = str(len(members))
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        members.append((key, (at, end)))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
