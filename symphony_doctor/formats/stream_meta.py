"""meta.inf of a stream's directory: the stream's configuration, as the server wrote it.

The server writes its StreamConfig and `Created` as JSON (nats-server filestore.go, writeStreamMeta); with
encryption at rest the file is a nonce and ciphertext, and a meta.key lies beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, TypeAlias

from symphony_doctor.formats import json_places, secret_values
from symphony_doctor.formats.position import FormatError, Position

Storage = Literal["file", "memory"]
Fingerprint: TypeAlias = Callable[[str], str]


class EncryptedMetaError(FormatError):
    """The file is encrypted: intact as far as can be told, and readable by its server alone."""


@dataclass(frozen=True, slots=True)
class StreamMeta:
    """A stream's configuration.

    `config` has all of it as sorted (dotted path, JSON) pairs for comparison between nodes: without what is
    false, zero or empty, which older servers leave out, and without the server's own `_nats.` metadata.
    `created` is as written, RFC 3339; empty if missing.
    """

    name: str
    storage: Storage
    num_replicas: int
    subjects: tuple[str, ...]
    mirror: str | None
    sources: tuple[str, ...]
    created: str
    config: tuple[tuple[str, str], ...]


# A nonce (12 bytes of AES-GCM at least) and an authentication tag stand around the ciphertext.
_SHORTEST_CIPHERTEXT: Final = 12 + 16


def parse(raw: bytes, file: str, fingerprint: Fingerprint, *, has_key: bool | None = None) -> StreamMeta:
    """Read a meta.inf; `file` is its name for positions, `fingerprint` takes the place of secrets in it.

    `has_key` says whether there is a meta.key beside it; None where that was not looked at, then bytes that
    are no text count as encrypted. Raises FormatError, as EncryptedMetaError where the file is encrypted.
    """
    import msgspec  # noqa: PLC0415 - only where needed: start-up time

    if len(raw) > json_places.MAX_SIZE:
        _fail(file, f"at most {json_places.MAX_SIZE} bytes", f"{len(raw)} bytes")
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        if _is_encrypted(raw, has_key=has_key):
            raise EncryptedMetaError(Position(file, 1, 1), "a stream's configuration", "an encrypted one")
        text, _ = json_places.text_of(raw, file)
        # Raises with the place of what is wrong; what only it can read is left to it.
        json_places.leaves(text, file)
        _fail(file, "a stream's configuration as a JSON object", "something else")
    try:
        return _meta(value, fingerprint, text=raw, file=file)
    except RecursionError:
        raise FormatError(Position(file, 1, 1), "a stream's configuration", "far too many levels") from None


def canonical(config: dict[str, Any], fingerprint: Fingerprint) -> tuple[tuple[str, str], ...]:
    """Flatten a stream configuration (from a file or from the API) in the way of `StreamMeta.config`."""
    found: list[tuple[str, str]] = []
    for key, part in config.items():
        if key in _WRITTEN_BY_PEOPLE:
            _flatten(_masked(part, (key,), fingerprint), key, found)
        else:
            _flatten(part, key, found)
    return tuple(sorted(found))


_WRITTEN_BY_PEOPLE: Final = frozenset({"description", "metadata"})
"""What is free text, and may hold a secret: the rest says where messages come from and how they are kept."""


def _masked(value: object, path: tuple[str, ...], fingerprint: Fingerprint) -> object:
    if isinstance(value, dict):
        return {
            secret_values.mask(key, fingerprint): _masked(part, (*path, key), fingerprint)
            for key, part in value.items()
            if not key.startswith("_nats.")
        }
    if isinstance(value, str):
        if secret_values.is_secret(path, value):
            return fingerprint(value)
        return secret_values.mask(value, fingerprint)
    return value


def _is_encrypted(raw: bytes, *, has_key: bool | None) -> bool:
    if has_key is False or len(raw) < _SHORTEST_CIPHERTEXT or not raw.strip(b"\0"):
        return False
    try:
        raw.decode()
    except UnicodeDecodeError:
        # Ciphertext has no run of zeros; what a crash leaves behind has.
        return has_key is True or bytes(8) not in raw
    return False


def _meta(value: dict[str, Any], fingerprint: Fingerprint, *, text: bytes, file: str) -> StreamMeta:
    def fail(key: str, expected: str) -> NoReturn:
        _fail_at(text, file, key, expected)

    name, storage, replicas = value.get("name"), value.get("storage"), value.get("num_replicas")
    if not isinstance(name, str) or not name:
        fail("name", "the stream's name")
    if storage not in ("file", "memory"):
        fail("storage", '"file" or "memory"')
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        fail("num_replicas", "a whole number")
    subjects = value.get("subjects") or []
    if not isinstance(subjects, list) or not all(isinstance(subject, str) for subject in subjects):
        fail("subjects", "a list of subjects")
    mirror, sources = value.get("mirror"), value.get("sources") or []
    if mirror is not None and _upstream(mirror) is None:
        fail("mirror", "the stream that is mirrored")
    if not isinstance(sources, list) or None in (names := [_upstream(source) for source in sources]):
        fail("sources", "a list of streams")
    created = value.get("Created", "")
    if not isinstance(created, str):
        fail("Created", "a time")
    rest = {key: part for key, part in value.items() if key != "Created"}
    return StreamMeta(
        name=name,
        storage="file" if storage == "file" else "memory",
        num_replicas=replicas,
        subjects=tuple(subjects),
        mirror=_upstream(mirror),
        sources=tuple(source for source in names if source is not None),
        created=created,
        config=canonical(rest, fingerprint),
    )


def _upstream(value: object) -> str | None:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name else None


def _flatten(value: object, path: str, found: list[tuple[str, str]]) -> None:
    """Append the leaves below a value: a large cluster has a million, so nothing is made for those left out."""
    if not value:
        return
    if isinstance(value, dict):
        for key, part in value.items():
            if part and not (path == "metadata" and key.startswith("_nats.")):
                _flatten(part, f"{path}.{key}", found)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _flatten(part, f"{path}.{index}", found)
    elif (path, value) != ("compression", "none"):
        found.append((path, _spelled(value)))


def _spelled(value: object) -> str:
    """Give a value's JSON; a large cluster has a million of them, and most need no encoder."""
    if value is True:
        return "true"
    if type(value) is str and value.isalnum():
        return f'"{value}"'
    return str(value) if type(value) is int else json.dumps(value, ensure_ascii=False)


def _fail(file: str, expected: str, found: str) -> NoReturn:
    raise FormatError(Position(file, 1, 1), expected, found)


def _fail_at(raw: bytes, file: str, key: str, expected: str) -> NoReturn:
    text, _ = json_places.text_of(raw, file)
    for leaf in json_places.leaves(text, file):
        if leaf.path[:1] == (key,):
            raise FormatError(leaf.position, f"{key}: {expected}", "something else")
    _fail(file, f"{key}: {expected}", "none")
