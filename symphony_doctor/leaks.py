"""The search of a document for known secrets, in every spelling that an output could give them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

from symphony_doctor.formats import secret_values
from symphony_doctor.formats.secret_values import SecretKind


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret that stands in a document: `offset` in bytes from 0, `line` from 1; never the secret itself.

    `form` is how it is spelt: "plain", "piece", "base64", "hex", "url", "json", "html", "python".
    """

    offset: int
    line: int
    fingerprint: str
    kind: SecretKind
    form: str


@dataclass(frozen=True, slots=True)
class Needle:
    """One spelling of one secret; `anchor` is the short part that is looked for first, `shift` its place."""

    pattern: bytes = field(repr=False)
    anchor: bytes = field(repr=False)
    shift: int
    fingerprint: str
    kind: SecretKind
    form: str
    ordinary: bool


# CPython's search skips ahead by the length of what it looks for, and less often for long ones.
_ANCHOR: Final = 16
_PIECE: Final = 24
_LONG: Final = 40
_WINDOW: Final = 64
_SHORT: Final = 8
_SHORTEST: Final = 5
_CLASSES: Final = 3

_WORD: Final = re.compile(r"(?:[A-Za-z][a-z]*|[A-Z]+)(?:[-_. ](?:[A-Za-z][a-z]*|[A-Z]+))*[-_.]?\d{0,4}!?|\d+")
_WORD_LENGTH: Final = 24
_LINE: Final = re.compile(r"[A-Za-z0-9+/=_-]{32,}")

_BEFORE: Final = re.compile(
    rb"(?i:pass(?:word|wd|phrase|code)?|pwd|secret|token|salt|seed|key|credentials?|creds|bearer|basic)"
    rb"""(?:["'\\\]]*\s*[:=]\s*["'\\]*|\s+["'\\]*)$"""
)
_IN_URL: Final = re.compile(rb"""://(?:[^\s:/@"']*:)?$""")
_CONTEXT: Final = 96
_IN_WORD: Final = re.compile(rb"\w")


def is_ordinary(secret: str) -> bool:
    """Whether a secret could as well be a word of the document: `admin`, `Symphony1`, `a1b2c3`, `12345678`.

    Such a one is looked for as a whole word, and only where a password would stand: after a name such as
    `password` and `:`, `=` or space, or in a URL before `@`. Elsewhere it tells the reader nothing, who
    cannot see that the word is a password; and a search everywhere would refuse every document for
    `symphony`.
    """
    if _WORD.fullmatch(secret) and len(secret) < _WORD_LENGTH:
        return True
    if len(secret) >= _SHORT:
        return False
    tests = (str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum())
    classes = sum(any(map(test, secret)) for test in tests)
    return len(secret) < _SHORTEST or classes < _CLASSES


def needles(secret: str, fingerprint: str) -> Iterator[Needle]:
    """Give every spelling of a secret that is worth a search, the plainest first."""
    ordinary = is_ordinary(secret)
    kind = next(
        (span.kind for span in secret_values.find(secret) if span.end - span.start == len(secret)),
        SecretKind.PASSWORD,
    )
    seen: set[bytes] = set()
    for form, pattern in [("plain", secret)] if ordinary else _spellings(secret):
        raw = pattern.encode("utf-8", "surrogatepass")
        if raw not in seen:
            seen.add(raw)
            shift = max(0, (len(raw) - _ANCHOR) // 2)
            anchor = raw[shift : shift + _ANCHOR]
            yield Needle(raw, anchor, shift, fingerprint, kind, form, ordinary)


def search(document: bytes, wanted: tuple[Needle, ...]) -> tuple[Leak, ...]:
    """Find the first place of each needle, in the order of the document."""
    found: dict[tuple[str, int], Leak] = {}
    for needle in wanted:
        offset = _place(document, needle)
        # One place is one leak, however many spellings coincide there.
        if offset is not None and (needle.fingerprint, offset) not in found:
            line = document.count(b"\n", 0, offset) + 1
            found[needle.fingerprint, offset] = Leak(offset, line, needle.fingerprint, needle.kind, needle.form)
    return tuple(sorted(found.values()))


def _place(document: bytes, needle: Needle) -> int | None:
    at = document.find(needle.anchor)
    while at >= 0:
        start = at - needle.shift
        if (
            start >= 0
            and document.startswith(needle.pattern, start)
            and (not needle.ordinary or _where_a_password_stands(document, start, start + len(needle.pattern)))
        ):
            return start
        at = document.find(needle.anchor, at + 1)
    return None


def _where_a_password_stands(document: bytes, start: int, end: int) -> bool:
    if _IN_WORD.match(document, end) or (start and _IN_WORD.match(document, start - 1)):
        return False
    before = document[max(0, start - _CONTEXT) : start]
    if document[end : end + 1] == b"@" and _IN_URL.search(before):
        return True
    return bool(_BEFORE.search(before))


def _spellings(secret: str) -> Iterator[tuple[str, str]]:
    yield "plain", secret
    yield from (("piece", piece) for piece in _pieces(secret))
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield "json", escaped
        yield "json", escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        yield "json", json.dumps(escaped, ensure_ascii=ascii_only)[1:-1]
    yield "python", repr(secret)[1:-1]
    markup = html.escape(secret, quote=False)
    yield "html", markup
    for quotes in (("&quot;", "&#x27;"), ("&quot;", "&apos;"), ("&#34;", "&#39;"), ("&quot;", "'")):
        yield "html", markup.replace('"', quotes[0]).replace("'", quotes[1])
    raw = secret.encode("utf-8", "surrogatepass")
    for url in (quote(raw, safe=""), quote(raw, safe="/"), quote_plus(raw)):
        yield "url", url
        yield "url", re.sub("%..", lambda code: code[0].lower(), url)
    yield "hex", _window(raw.hex())
    yield "hex", _window(raw.hex().upper())
    for encoded in _base64(raw):
        yield "base64", encoded
        yield "base64", encoded.translate(_URL_ALPHABET)


_URL_ALPHABET: Final = str.maketrans("+/", "-_")


def _base64(raw: bytes) -> Iterator[str]:
    # What surrounds the secret decides the characters at its ends, so those are left out.
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        whole = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield _window(whole)


def _window(encoded: str) -> str:
    # The middle of a long one is enough, and survives a line break elsewhere.
    middle = (len(encoded) - _LONG) // 2
    return encoded if len(encoded) <= _WINDOW else encoded[middle : middle + _LONG]


def _pieces(secret: str) -> Iterator[str]:
    """Give the parts of a long secret that give it away: lines of a key, parts of a token, either end."""
    if secret.startswith("eyJ"):
        # The first part, the header, is the same in all tokens.
        yield from (part for part in secret.split(".")[1:] if _LINE.fullmatch(part))
    elif "\n" in secret:
        yield from (line for line in map(str.strip, secret.split("\n")) if _LINE.fullmatch(line))
    elif len(secret) >= _LONG and " " not in secret:
        yield secret[:_PIECE]
        yield secret[-_PIECE:]
