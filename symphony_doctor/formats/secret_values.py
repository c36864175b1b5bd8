"""What is secret, told by what a value is and, where that says nothing, by the name it stands under."""

from __future__ import annotations

import binascii
import math
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from symphony_doctor.formats import jwt, nkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SecretKind(StrEnum):
    """What sort of secret a text holds."""

    SEED = "seed"
    PRIVATE_KEY = "private key"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    PASSWORD = "password"  # noqa: S105
    PASSWORD_HASH = "password hash"  # noqa: S105


@dataclass(frozen=True, slots=True, order=True)
class SecretSpan:
    """Where a text holds a secret: `text[start:end]`."""

    start: int
    end: int
    kind: SecretKind


FINGERPRINT: Final = re.compile(r"secret:(?:[0-9a-f]{8}|empty)")
"""How a masked secret is displayed; text that was masked once stays as it is."""
_MASKED_USER: Final = re.compile(rf"{FINGERPRINT.pattern}@")

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?s:.)*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|(?s:.)*)"
)
TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
"""Whatever looks like a JWT, of NATS or not, whole or cut off."""
_BCRYPT: Final = re.compile(r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}")
# Up to the last @ that belongs to this URL: passwords hold @, / and # more often than URLs allow.
_USERINFO: Final = re.compile(
    r"""://(?P<user>[^\s:/?#@"'<>]*)(?::(?!//|\d{1,5}[/?#])(?P<password>(?:(?!://)[^\s"'<>])*))?@"""
)
_LOGIN_SCHEME: Final = re.compile(r"(?i:ssh|sftp|scp|rsync)$")
_BEARER: Final = re.compile(r"(?i:\bbearer\s+)(?P<value>[A-Za-z0-9._~+/=-]{8,})")
_AUTHORIZATION: Final = re.compile(
    r"""(?i:\bauthorization["']?\s*[:=]\s*["']?(?:basic|digest|token|bearer)\s+)(?P<value>[^\s"',;]+)"""
)
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}")
_BLOCK: Final = 24
_READABLE: Final = re.compile(r"[\t\n\r -~]+")
_URL_ALPHABET: Final = str.maketrans("-_", "+/")
_WORDS: Final = "password|passwd|passphrase|passcode|pwd|secret|token|salt|seed|api_?-?key|private_?-?key|credentials?"
_STEMS: Final = ("pass", "pwd", "secret", "token", "salt", "seed", "api", "private", "credential")
"""A part of each of these words: a text without any is not searched by pattern."""
# A name, then a value that is quoted, or follows `=`, or is no plain word of a sentence.
_ASSIGNED: Final = re.compile(
    rf"""(?i:(?:{_WORDS}))["']?\s*(?:"""
    r"""[:=]\s*(?P<quote>["'])(?P<quoted>(?:(?!(?P=quote))[^\\\r\n]|\\.){1,4096})(?P=quote)"""
    r"""|=(?P<equal>[^\s"',;&<>(){}\[\]]+)"""
    r"""|:[ \t]*(?P<colon>(?=[^\s"',;]*\d)(?=[^\s"',;]*[A-Za-z])[^\s"',;&<>(){}\[\]]{6,}))"""
)
_NO_SECRET: Final = re.compile(
    r"(?i:true|false|null|none|yes|no|on|off|-?\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d)?|\$\w+|\$\{\w+\}|\*+|x+)"
)


def find(text: str) -> tuple[SecretSpan, ...]:
    """Every secret in a text, disjoint and in order.

    Nkey seeds by checksum, PEM private keys, JWTs other than those of operators and accounts, passwords and
    tokens in URLs, bearer tokens, bcrypt hashes, and what is assigned to a name such as `password`.
    """
    found: list[SecretSpan] = []
    # The longer of two secrets that start together comes first.
    for span in sorted(_candidates(text), key=lambda span: (span.start, -span.end)):
        if found and span.start < found[-1].end:
            last = found[-1]
            found[-1] = SecretSpan(last.start, max(last.end, span.end), last.kind)
        elif span.start < span.end and not FINGERPRINT.fullmatch(text, span.start, span.end):
            found.append(span)
    return tuple(found)


def mask(text: str, fingerprint: Callable[[str], str]) -> str:
    """Replace every secret in a text by its fingerprint."""
    parts: list[str] = []
    end = 0
    for span in find(text):
        parts += (text[end : span.start], fingerprint(text[span.start : span.end]))
        end = span.end
    return "".join((*parts, text[end:]))


def _candidates(text: str) -> Iterator[SecretSpan]:
    for seed in nkey.find_seeds(text):
        yield SecretSpan(seed.start, seed.end, SecretKind.SEED)
    # The plain search for a mark is what makes a text without secrets cheap.
    if "-----BEGIN" in text:
        for match in _PEM.finditer(text):
            yield SecretSpan(*match.span(), SecretKind.PRIVATE_KEY)
    if "eyJ" in text:
        yield from _tokens(text)
    if "$2" in text:
        for match in _BCRYPT.finditer(text):
            yield SecretSpan(*match.span(), SecretKind.PASSWORD_HASH)
    if "://" in text:
        yield from _in_urls(text)
    folded = text.casefold()
    if "bearer" in folded or "authorization" in folded:
        yield from _authorizations(text)
    yield from _assigned(text, folded)
    yield from encoded(text)


def encoded(text: str) -> Iterator[SecretSpan]:
    """Yield the runs of base64 that stand for a text with a secret in it, each as a whole."""
    # the name of an account stands in a report at each of its streams
    kinds: dict[str, SecretKind | None] = {}
    for match in _BASE64.finditer(text):
        run = match[0]
        if run not in kinds:
            plain = decoded(run)
            inside = find(plain) if plain is not None else ()
            kinds[run] = inside[0].kind if inside else None
        kind = kinds[run]
        if kind is not None:
            yield SecretSpan(*match.span(), kind)


def decoded(run: str) -> str | None:
    """Return the text that a run of base64 stands for, where it is one: keys, digests and paths are not."""
    # of those the beginning gives it away, and there are many
    if not _raw(run[:_BLOCK]).isascii():
        return None
    text = _raw(run.rstrip("=")).decode("ascii", "replace")
    return text if _READABLE.fullmatch(text) else None


def _raw(run: str) -> bytes:
    """Decode a run as far as it goes: nothing where it is none."""
    try:
        return binascii.a2b_base64(run.translate(_URL_ALPHABET) + "=" * (-len(run) % 4))
    except ValueError:
        return b""


def _tokens(text: str) -> Iterator[SecretSpan]:
    for match in TOKEN.finditer(text):
        if jwt.peek_kind(match[0]) not in {"operator", "account"}:
            yield SecretSpan(*match.span(), SecretKind.TOKEN)


def _authorizations(text: str) -> Iterator[SecretSpan]:
    for match in _AUTHORIZATION.finditer(text):
        yield _span(match, "value", SecretKind.TOKEN)
    for match in _BEARER.finditer(text):
        if any(map(str.isdigit, match["value"])) or len(match["value"]) >= _SENTENCE_WORD:
            yield _span(match, "value", SecretKind.TOKEN)


# No word of a sentence is as long.
_SENTENCE_WORD: Final = 24


def _in_urls(text: str) -> Iterator[SecretSpan]:
    for match in _USERINFO.finditer(text):
        start, end = match.start("user"), match.end() - 1
        if FINGERPRINT.fullmatch(text, start, end):
            continue
        if match["password"] is not None:
            yield _span(match, "password", SecretKind.PASSWORD)
        elif not _LOGIN_SCHEME.search(text, max(0, match.start() - 8), match.start()):
            yield _span(match, "user", SecretKind.TOKEN)


def _assigned(text: str, folded: str) -> Iterator[SecretSpan]:
    for match in _assignments(text, folded):
        group = next(name for name in ("quoted", "equal", "colon") if match[name] is not None)
        value = match[group]
        # In `secret:3f9a12c4@host` the mask itself looks like an assignment.
        masked = FINGERPRINT.match(text, match.start()) or _MASKED_USER.match(value)
        if masked or _NO_SECRET.fullmatch(value) or is_public(value) or _is_path(value):
            continue
        yield _span(match, group, SecretKind.PASSWORD)


def _assignments(text: str, folded: str) -> Iterator[re.Match[str]]:
    """Yield what the pattern would find: tried only where a name begins, as it has no beginning to search for."""
    if len(folded) != len(text):
        # a letter that folds to several: places in one are not those in the other
        yield from _ASSIGNED.finditer(text)
        return
    end = 0
    for at in sorted(at for stem in _STEMS for at in _places(folded, stem)):
        if at >= end and (match := _ASSIGNED.match(text, at)) is not None:
            end = match.end()
            yield match


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _span(match: re.Match[str], group: str, kind: SecretKind) -> SecretSpan:
    return SecretSpan(*match.span(group), kind)


def is_public(value: str) -> bool:
    """Whether a value is a public key, or the JWT of an operator or account: meant to be read."""
    return nkey.is_public(value) or jwt.peek_kind(value) in {"operator", "account"}


_SECRET_NAME: Final = re.compile(
    r"secret|password|passwd|passphrase|passcode|pass$|pwd|token|salt|seed|private|apikey|credential|creds"
)
_KEY_NAME: Final = re.compile(r"key|auth|cipher|nonce|hash|pin$|code$")
# What only describes a secret: where it is, how long it lives, who gives it.
_DESCRIPTION: Final = re.compile(
    r"(?:file|path|dir|directory|url|uri|endpoint|ttl|expiry|expires|expiration|lifetime|duration|interval"
    r"|timeout|type|kind|name|enabled|required|algorithm|alg|header|issuer|claim|policy|public|length)$"
)
_PATH: Final = re.compile(r"(?:/|\.{1,2}/|~/)[\w.-]+(?:/[\w.-]+)*")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPAQUE: Final = re.compile(r"[A-Za-z0-9+/_=-]+")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")

# Bits per character: random hexadecimal text has some 3.6, random base64 4.6, words joined by hyphens 3.9.
_HEX_ENTROPY: Final = 3.0
_TEXT_ENTROPY: Final = 4.2
_OPAQUE_LENGTH: Final = 32
_KEY_ENTROPY: Final = 3.2
_KEY_LENGTH: Final = 16


def sounds_secret(names: tuple[str, ...]) -> bool:
    """Whether what stands under these names (a path of keys) is secret by their sound."""
    plain = [re.sub(r"[^a-z0-9]+", "", re.sub(r"[-_.]pass$|^pass$", "password", name.lower())) for name in names]
    if plain and _DESCRIPTION.search(plain[-1]):
        return False
    return any(_SECRET_NAME.search(name) for name in plain)


def is_secret(names: tuple[str, ...], value: str) -> bool:
    """Whether a whole value is to be masked: by name, or because it is opaque enough to be a secret.

    A value that merely contains a secret (a URL with a password) is the matter of `find`.
    """
    if not value or is_public(value):
        return False
    if sounds_secret(names):
        return not _is_path(value)
    if _UUID.fullmatch(value) or not _OPAQUE.fullmatch(value) or _is_path(value):
        return False
    entropy = _entropy(value)
    if len(value) >= _OPAQUE_LENGTH and entropy >= (_HEX_ENTROPY if _HEX.fullmatch(value) else _TEXT_ENTROPY):
        return True
    name = names[-1].lower() if names else ""
    return (
        len(value) >= _KEY_LENGTH
        and entropy >= _KEY_ENTROPY
        and bool(_KEY_NAME.search(name))
        and any(map(str.isdigit, value))
    )


def _is_path(value: str) -> bool:
    return bool(_PATH.fullmatch(value)) and _entropy(value) < _TEXT_ENTROPY


def _entropy(value: str) -> float:
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values())
