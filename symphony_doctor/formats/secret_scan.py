"""The search of a finished file for anything that is a secret by its looks, whoever wrote it, in any encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from symphony_doctor.formats import secret_values
from symphony_doctor.formats.secret_values import SecretKind

_ENCODED: Final = frozenset({SecretKind.SEED, SecretKind.PRIVATE_KEY, SecretKind.TOKEN, SecretKind.PASSWORD_HASH})
"""What is a secret by itself; that a password is one is told by the name before it alone."""


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
        is_encoded = secret_values.decoded(text[span.start : span.end]) is not None
        yield Suspect(_line(text, span.start), span.kind, "base64" if is_encoded else "plain")
    if "%" in text:
        yield from _in_urls(text)


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
