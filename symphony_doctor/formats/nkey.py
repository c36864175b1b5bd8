"""NATS nkeys: Ed25519 (and X25519) keys written as base32 text with a kind letter and a CRC-16.

The text is decoded with the standard library alone (its `crc_hqx` is the CRC of nkeys), because every
value of every file is asked "are you a key?". PyNaCl is imported where something is signed or verified.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Kind(StrEnum):
    """What a key identifies."""

    OPERATOR = "operator"
    ACCOUNT = "account"
    USER = "user"
    SERVER = "server"
    CLUSTER = "cluster"
    CURVE = "curve"

    @property
    def letter(self) -> str:
        """The first letter of its public keys, and the second of its seeds."""
        return _LETTERS[self]


class NkeyError(ValueError):
    """The text is no nkey, or not one that can do what was asked. The message never quotes the text."""


@dataclass(frozen=True, slots=True)
class Nkey:
    """A decoded key: `raw` is 32 bytes, the public key or the seed of the pair."""

    kind: Kind
    is_seed: bool
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeedSpan:
    """Where a text holds a secret key: `text[start:end]`; `kind` is None for an expanded private key."""

    start: int
    end: int
    kind: Kind | None


# nats-io/nkeys, strkey.go: the upper five bits of the prefix byte are the base32 letter.
_PREFIXES: Final = {
    Kind.OPERATOR: 14 << 3,
    Kind.ACCOUNT: 0,
    Kind.USER: 20 << 3,
    Kind.SERVER: 13 << 3,
    Kind.CLUSTER: 2 << 3,
    Kind.CURVE: 23 << 3,
}
_KINDS: Final = {prefix: kind for kind, prefix in _PREFIXES.items()}
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LETTERS: Final = {kind: _ALPHABET[prefix >> 3] for kind, prefix in _PREFIXES.items()}
_SEED: Final = 18 << 3
_PRIVATE: Final = 15 << 3

_RAW_LENGTH: Final = 32
_PUBLIC_LENGTH: Final = 56
_SEED_LENGTH: Final = 58

# A pattern that begins with a letter is searched ten times as fast: it tells whether there is any candidate at all.
_SECRET_PLAIN: Final = (re.compile(r"S[OAUNCX][A-Z2-7]{56}"), re.compile(r"P[A-Z2-7]{107}"))
# Look-ahead, so that a candidate inside a longer run of the alphabet is tried at every offset.
_SECRET_CANDIDATE: Final = re.compile(r"(?=(S[OAUNCX][A-Z2-7]{56}|P[A-Z2-7]{107}))")


def decode(text: str) -> Nkey:
    """Decode a public key (56 characters) or a seed (58); raise NkeyError for anything else."""
    if len(text) == _PUBLIC_LENGTH:
        return _public(text)
    if len(text) == _SEED_LENGTH:
        body = _body(text)
        kind = _KINDS.get((body[0] & 7) << 5 | body[1] >> 3)
        if body[0] & 0xF8 != _SEED or kind is None:
            raise NkeyError("not a seed of a known kind")
        return Nkey(kind, is_seed=True, raw=body[2:])
    raise NkeyError("neither the length of a public key nor of a seed")


@lru_cache(maxsize=4096)
def _public(text: str) -> Nkey:
    """Decode a public key; the few of a cluster come again and again. Seeds are never kept."""
    body = _body(text)
    kind = _KINDS.get(body[0])
    if kind is None:
        raise NkeyError("not a public key of a known kind")
    return Nkey(kind, is_seed=False, raw=body[1:])


def is_public(text: str, kind: Kind | None = None) -> bool:
    """Whether the text is a public key, of this kind if one is given."""
    if len(text) != _PUBLIC_LENGTH:
        return False
    try:
        key = decode(text)
    except NkeyError:
        return False
    return kind is None or key.kind is kind


def is_seed(text: str, kind: Kind | None = None) -> bool:
    """Whether the text is a seed, of this kind if one is given."""
    if len(text) != _SEED_LENGTH:
        return False
    try:
        key = decode(text)
    except NkeyError:
        return False
    return kind is None or key.kind is kind


def seeds_of(text: str, kind: Kind) -> list[str]:
    """Every seed of a kind that is anywhere in the text, in order."""
    return [text[span.start : span.end] for span in find_seeds(text) if span.kind is kind]


def find_seeds(text: str) -> tuple[SeedSpan, ...]:
    """Every seed and expanded private key (`P...`) anywhere in the text, by checksum, in order, disjoint."""
    found: list[SeedSpan] = []
    if not any(each.search(text) for each in _SECRET_PLAIN):
        return ()
    for match in _SECRET_CANDIDATE.finditer(text):
        start, end = match.span(1)
        if found and start < found[-1].end:
            continue
        try:
            candidate = match[1]
            if candidate.startswith("S"):
                found.append(SeedSpan(start, end, decode(candidate).kind))
            elif _body(candidate)[0] == _PRIVATE:
                found.append(SeedSpan(start, end, None))
        except NkeyError:
            continue
    return tuple(found)


def public_of_seed(seed: str) -> str:
    """Give the public key that belongs to a seed."""
    key = _seed(seed)
    if key.kind is Kind.CURVE:
        from nacl.public import PrivateKey  # noqa: PLC0415 - only where needed: see the module's docstring

        return _encode_public(Kind.CURVE, bytes(PrivateKey(key.raw).public_key))
    from nacl.signing import SigningKey  # noqa: PLC0415

    return _encode_public(key.kind, bytes(SigningKey(key.raw).verify_key))


def sign(seed: str, message: bytes) -> bytes:
    """Sign with a seed: 64 bytes. Curve keys encrypt and cannot sign: NkeyError."""
    from nacl.signing import SigningKey  # noqa: PLC0415

    key = _seed(seed)
    if key.kind is Kind.CURVE:
        raise NkeyError("a curve key cannot sign")
    return bytes(SigningKey(key.raw).sign(message).signature)


def verify(public: str, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's; False also where key or signature are malformed."""
    from nacl.exceptions import CryptoError  # noqa: PLC0415
    from nacl.signing import VerifyKey  # noqa: PLC0415

    try:
        key = decode(public)
        if key.is_seed or key.kind is Kind.CURVE:
            return False
        VerifyKey(key.raw).verify(message, signature)
    except (NkeyError, CryptoError, ValueError):
        return False
    return True


def create_seed(kind: Kind) -> str:
    """Make a new random seed."""
    import secrets  # noqa: PLC0415

    return encode_seed(kind, secrets.token_bytes(_RAW_LENGTH))


def encode_seed(kind: Kind, raw: bytes) -> str:
    """Write 32 bytes as a seed of this kind."""
    if len(raw) != _RAW_LENGTH:
        raise NkeyError("a seed has 32 bytes")
    prefix = _PREFIXES[kind]
    return _encode(bytes((_SEED | prefix >> 5, (prefix & 31) << 3)) + raw)


def _encode_public(kind: Kind, raw: bytes) -> str:
    return _encode(bytes((_PREFIXES[kind],)) + raw)


def _encode(body: bytes) -> str:
    checksum = binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return base64.b32encode(body + checksum).decode().rstrip("=")


def _body(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        # `from None`: the cause would carry the text into a traceback's locals.
        raise NkeyError("not base32") from None
    body, checksum = raw[:-2], raw[-2:]
    if binascii.crc_hqx(body, 0) != int.from_bytes(checksum, "little"):
        raise NkeyError("the checksum does not match")
    return body


def _seed(text: str) -> Nkey:
    key = decode(text)
    if not key.is_seed:
        raise NkeyError("a public key where a seed is needed")
    return key
