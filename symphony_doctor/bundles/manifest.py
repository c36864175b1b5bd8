"""The manifest of a bundle: who made it, when, of what, and every other file in it with its size and digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from symphony_doctor.bundles.codec import CodecError, codec
from symphony_doctor.bundles.files import BundleFile

SCHEMA: Final = 2
"""The version of manifest and snapshot; a bundle with a greater one is of a newer doctor.

1: the first; 2: an earlier sample in the snapshot, the servers' own answers, what was masked and where. One of each
is in ``fixtures/bundles`` and is still diagnosed.
"""

KIND: Final = "symphony-doctor/bundle"
MANIFEST: Final = "manifest.json"
SNAPSHOT: Final = "snapshot.json"
REPORT: Final = "report.json"
REPORT_TEXT: Final = "report.txt"
REPORT_HTML: Final = "report.html"
REDACTION: Final = "redaction.json"

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,2}")
_LATEST: Final = 2.0**35


class BundleError(ValueError):
    """What was read is no bundle, or not one that can be trusted; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the bundle: ``size`` in bytes, ``sha256`` in hex; ``origin`` is what it was made of."""

    name: str
    size: int
    sha256: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Omitted:
    """A file that was left out, and why."""

    name: str
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself. ``made_at`` in Unix seconds; ``host`` is the machine it was made on.

    ``fingerprints`` names the key under which secrets were fingerprinted: only fingerprints of one key can
    be compared. The key cannot be told from it. ``directories`` are those that were read, as they are on ``host``.
    """

    kind: str
    schema: int
    doctor_version: str
    made_at: float
    host: str
    fingerprints: str
    nodes: tuple[str, ...]
    files: tuple[FileEntry, ...]
    left_out: tuple[Omitted, ...] = ()
    directories: tuple[str, ...] = ()


def is_safe_name(name: str) -> bool:
    """Tell whether a file may be called so: relative, without ``..``, hidden parts or odd characters."""
    return _NAME.fullmatch(name) is not None


def entry_of(file: BundleFile) -> FileEntry:
    """Return the line of the manifest for a file."""
    return FileEntry(file.name, len(file.content), hashlib.sha256(file.content).hexdigest(), file.origin)


def to_json(kind: object, value: object) -> bytes:
    """Write a value of a type as JSON."""
    import msgspec  # noqa: PLC0415 - only where one is written: start-up time

    encoded = codec(kind).encode(value)
    try:
        return msgspec.json.encode(encoded)
    except UnicodeEncodeError:
        # names that are no UTF-8 come from the file system with lone surrogates, which JSON can escape
        return json.dumps(encoded, separators=(",", ":")).encode()


def from_json(kind: object, data: bytes, name: str) -> Any:  # noqa: ANN401 - a value of ``kind``
    """Read a value of a type; ``name`` is the file it is from. Raises ``BundleError``."""
    return _checked(name, lambda: codec(kind).decode(json.loads(data)))


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest; raise ``BundleError``, also where a newer doctor wrote it."""
    found = _checked(MANIFEST, lambda: json.loads(data))
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise BundleError(f"its {MANIFEST} is not that of a support bundle")
    schema = found.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise BundleError(
            f"it has schema {schema}, and this symphony-doctor reads up to {SCHEMA}: read it with a newer one"
        )
    manifest: Manifest = _checked(MANIFEST, lambda: codec(Manifest).decode(found))
    names = [each.name for each in manifest.files]
    if len(set(names)) < len(names) or MANIFEST in names:
        raise BundleError(f"its {MANIFEST} names a file twice")
    if not all(map(is_safe_name, names)):
        raise BundleError(f"its {MANIFEST} names a file that no bundle has")
    check_time(manifest.made_at)
    return manifest


def check_time(at: float) -> None:
    """Refuse a time that is none, such as infinity; raise ``BundleError``."""
    if not 0 <= at <= _LATEST:
        raise BundleError("it was made at no possible time")


def _checked(name: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever ``read`` returns
    try:
        return read()
    except CodecError as error:
        raise BundleError(f"its {name} is not as expected: {error}") from None
    except RecursionError:
        raise BundleError(f"its {name} is nested too deep") from None
    except ValueError:
        # of json: its message would quote what is there
        raise BundleError(f"its {name} is no JSON") from None
