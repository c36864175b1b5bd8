"""symphony.config: every setting with its place, and the identities that stand in it.

The names of the keys that hold an identity are not public, so identities are found by what a value is,
wherever it stands. No secret is in what is returned: seeds are named by their public keys, secret values by a
fingerprint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from symphony_doctor.formats import json_places, nkey, secret_values
from symphony_doctor.formats.json_places import Leaf, Scalar
from symphony_doctor.formats.jwt import Jwt, JwtError, Reason, decode
from symphony_doctor.formats.position import Position

Fingerprint = Callable[[str], str]
"""A secret -> what is displayed in its place."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the file; `path` has its keys, indexes of lists as text.

    `value` is None for null, for an empty object or list, and for a secret. `display` is its JSON in one
    spelling, so equal displays are equal values; of a secret it has fingerprints alone, and `fingerprint`
    that of the whole value. Keys that are secrets themselves are masked in `path`.
    """

    path: Path
    value: Scalar
    display: str
    position: Position
    secret: bool = False
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class JwtReference:
    """A JWT and where it stands; of a secret one (a user's) the text is left out: `jwt.text` is empty."""

    jwt: Jwt
    path: Path
    position: Position


@dataclass(frozen=True, slots=True)
class JwtFlaw:
    """Something that begins as a NATS JWT does and is none."""

    reason: Reason
    detail: str
    path: Path
    position: Position


@dataclass(frozen=True, slots=True)
class SeedReference:
    """A seed, named by the public key that belongs to it."""

    kind: nkey.Kind
    public_key: str
    path: Path
    position: Position


@dataclass(frozen=True, slots=True)
class KeyReference:
    """A public key; also one that stands as the name of a setting."""

    kind: nkey.Kind
    public_key: str
    path: Path
    position: Position


@dataclass(frozen=True, slots=True)
class Identities:
    """What of cryptographic identity stands in the file, in its order."""

    operators: tuple[JwtReference, ...] = ()
    accounts: tuple[JwtReference, ...] = ()
    users: tuple[JwtReference, ...] = ()
    flawed: tuple[JwtFlaw, ...] = ()
    seeds: tuple[SeedReference, ...] = ()
    public_keys: tuple[KeyReference, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any; an instance that still shows the wizard has none."""
        return bool(self.operators or self.accounts or self.users or self.flawed or self.seeds or self.public_keys)


@dataclass(frozen=True, slots=True)
class SymphonyConfig:
    """The file. `byte_order_mark`: it begins with one, which strict JSON parsers, Go's for one, refuse."""

    settings: tuple[Setting, ...]
    identities: Identities = field(default_factory=Identities)
    byte_order_mark: bool = False


_PUBLIC_KEY: Final = re.compile(r"(?<![A-Z2-7])[OAUNCX][A-Z2-7]{55}(?![A-Z2-7])")
_NOT_OF_NATS: Final = frozenset((Reason.BAD_HEADER, Reason.NOT_A_JWT, Reason.WRONG_TYPE))


def parse(raw: bytes, file: str, fingerprint: Fingerprint) -> SymphonyConfig:
    """Read the file; `file` is its name for positions. Raises FormatError and nothing else.

    `fingerprint` is called with every secret, and with each secret part of a longer value.
    """
    text, marked = json_places.text_of(raw, file)
    leaves = json_places.leaves(text, file)
    return SymphonyConfig(
        settings=tuple(_setting(leaf, fingerprint) for leaf in leaves),
        identities=_identities(leaves, fingerprint),
        byte_order_mark=marked,
    )


def _setting(leaf: Leaf, fingerprint: Fingerprint) -> Setting:
    path = _masked_path(leaf.path, fingerprint)
    if not isinstance(leaf.value, str):
        return Setting(path, leaf.value, leaf.spelling, leaf.position)
    value = leaf.value
    spans = secret_values.find(value)
    for span in spans:
        fingerprint(value[span.start : span.end])
    if secret_values.is_secret(leaf.path, value) or any(_swallows(value, span) for span in spans):
        shown = fingerprint(value)
        return Setting(path, None, shown, leaf.position, secret=True, fingerprint=shown)
    if spans:
        shown = json.dumps(secret_values.mask(value, fingerprint), ensure_ascii=False)
        return Setting(path, None, shown, leaf.position, secret=True, fingerprint=fingerprint(value))
    return Setting(path, value, _shortened(value) or leaf.spelling, leaf.position)


def _swallows(value: str, span: secret_values.SecretSpan) -> bool:
    # Around a seed or key stands what makes it a file; around a password a URL, which is worth reading.
    return (span.start, span.end) == (0, len(value)) or span.kind in {
        secret_values.SecretKind.SEED,
        secret_values.SecretKind.PRIVATE_KEY,
    }


def _masked_path(path: Path, fingerprint: Fingerprint) -> Path:
    return tuple(secret_values.mask(key, fingerprint) for key in path)


def _shortened(value: str) -> str | None:
    """Give a JWT of an operator or account in one line; None for anything else."""
    if not value.startswith("eyJ"):
        return None
    try:
        jwt = decode(value)
    except JwtError:
        return None
    issued = "at no time" if jwt.issued_at is None else _time(jwt.issued_at)
    return f"eyJ0… ({jwt.kind} {jwt.subject}, {jwt.name}, issued {issued}, id {jwt.jti[:8]})"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"at {seconds}"


def _identities(leaves: Iterable[Leaf], fingerprint: Fingerprint) -> Identities:
    tokens: dict[str, list[JwtReference]] = {"operator": [], "account": [], "user": []}
    flawed: list[JwtFlaw] = []
    seeds: list[SeedReference] = []
    keys: dict[tuple[str, Path], KeyReference] = {}
    for leaf in leaves:
        path = _masked_path(leaf.path, fingerprint)
        for key in _keys(leaf, path):
            keys.setdefault((key.public_key, key.path), key)
        if not isinstance(leaf.value, str):
            continue
        seeds += _seeds(leaf.value, path, leaf.position)
        for token in _tokens(leaf.value):
            if isinstance(token, JwtError):
                flawed.append(JwtFlaw(token.reason, token.detail, path, leaf.position))
            elif token.kind in tokens:
                tokens[token.kind].append(JwtReference(token, path, leaf.position))
    return Identities(
        operators=tuple(tokens["operator"]),
        accounts=tuple(tokens["account"]),
        users=tuple(tokens["user"]),
        flawed=tuple(flawed),
        seeds=tuple(seeds),
        public_keys=tuple(keys.values()),
    )


def _keys(leaf: Leaf, path: Path) -> Iterator[KeyReference]:
    for text, where in _texts(leaf, path):
        for match in _PUBLIC_KEY.finditer(text):
            if nkey.is_public(match[0]):
                yield KeyReference(nkey.decode(match[0]).kind, match[0], where, leaf.position)


def _seeds(value: str, path: Path, position: Position) -> Iterator[SeedReference]:
    for span in nkey.find_seeds(value):
        if span.kind is not None:
            public = nkey.public_of_seed(value[span.start : span.end])
            yield SeedReference(span.kind, public, path, position)


def _texts(leaf: Leaf, path: Path) -> Iterator[tuple[str, Path]]:
    """Give every text that a leaf brings: its keys, each with the path up to it, and its value."""
    for index, key in enumerate(leaf.path):
        yield key, path[: index + 1]
    if isinstance(leaf.value, str):
        yield leaf.value, path


def _tokens(value: str) -> Iterator[Jwt | JwtError]:
    # A cut-off token has no dots, or too few, and is only told by how the whole value begins.
    found = [match[0] for match in secret_values.TOKEN.finditer(value)]
    for text in found or ([value] if re.fullmatch(r"eyJ[A-Za-z0-9_.-]*", value) else []):
        try:
            jwt = decode(text)
        except JwtError as error:
            if error.reason not in _NOT_OF_NATS:
                yield error
        else:
            yield jwt if jwt.kind in {"operator", "account"} else replace(jwt, text="")
