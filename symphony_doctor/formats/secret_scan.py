"""The search of a finished file for anything that is a secret by its looks, whoever wrote it, in any encoding."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from symphony_doctor.formats import secret_values
from symphony_doctor.formats.secret_values import SecretKind

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_READABLE: Final = re.compile(r"[\t\n\r -~]+")
_URL_ALPHABET: Final = str.maketrans("-_", "+/")
_ENCODED: Final = frozenset({SecretKind.SEED, SecretKind.PRIVATE_KEY, SecretKind.TOKEN, SecretKind.PASSWORD_HASH})
"""What is a secret by itself; that a password is one is told by the name before it, which random bytes have too."""


@dataclass(frozen=True, slots=True, order=True)
class Suspect:
    """Where something looks like a secret: `line` from 1, what kind, and how it is spelt; never the secret."""

    line: int
    kind: SecretKind
    form: str


def scan(content: bytes) -> Iterator[Suspect]:
    """Yield what looks like a secret in a file: as it stands, in base64 and in URL encoding, in this order."""
    text = content.decode("utf-8", "replace")
    for span in secret_values.find(text):
        yield Suspect(_line(text, span.start), span.kind, "plain")
    yield from _in_base64(text)
    if "%" in text:
        yield from _in_urls(text)


def _in_base64(text: str) -> Iterator[Suspect]:
    for match in _BASE64.finditer(text):
        decoded = _decoded(match[0])
        for span in secret_values.find(decoded) if decoded is not None else ():
            if span.kind in _ENCODED:
                yield Suspect(_line(text, match.start()), span.kind, "base64")


def _in_urls(text: str) -> Iterator[Suspect]:
    for number, line in enumerate(text.split("\n"), 1):
        plain = unquote(line) if "%" in line else line
        if plain != line:
            known = {line[span.start : span.end] for span in secret_values.find(line)}
            for span in secret_values.find(plain):
                if span.kind in _ENCODED and plain[span.start : span.end] not in known:
                    yield Suspect(number, span.kind, "url")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _decoded(run: str) -> str | None:
    """Return the text that a run of base64 stands for, where it is one: keys, digests and paths are not."""
    body = run.rstrip("=").translate(_URL_ALPHABET)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None
    text = raw.decode("ascii", "replace")
    return text if _READABLE.fullmatch(text) else None
