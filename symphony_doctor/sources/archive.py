"""Reads the files of a bundle, one after the other, without unpacking: bounded, nothing is written anywhere."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TypeAlias, cast

from symphony_doctor.bundles.manifest import (
    MANIFEST,
    SNAPSHOT,
    BundleError,
    Manifest,
    is_safe_name,
    read_manifest,
)

FILE_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of one file in it, unpacked."""

TOTAL_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of all files in it, unpacked."""

_MANIFEST_LIMIT: Final = 4 * 1024 * 1024
_MOST_FILES: Final = 10_000
_BLOCK: Final = 1024 * 1024
_HEADERS: Final = 64 * 1024
"""Bytes that may stand between two files: headers, and what the archive's reader takes ahead."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle that was read to its end and is what its manifest says; ``snapshot`` is its evidence."""

    manifest: Manifest
    snapshot: bytes


Visit: TypeAlias = Callable[[str, bytes], None]
"""Is given each file of a bundle: its name and its content."""


def open_bundle(path: Path, visit: Visit | None = None) -> Opened:
    """Read a bundle whole and compare every file with the manifest. Raises ``BundleError``."""
    try:
        with gzip.open(path, "rb") as file:
            return _compared(_files(_Bounded(cast("IO[bytes]", file))), visit)
    except BundleError:
        raise
    except gzip.BadGzipFile:
        raise BundleError("it is no .tar.gz file") from None
    except OSError as error:
        raise BundleError((error.strerror or "it cannot be read").lower()) from None
    except (tarfile.TarError, EOFError, zlib.error, ValueError, ArithmeticError, LookupError):
        raise BundleError("it is damaged, or no .tar.gz file") from None


def _compared(files: Iterator[tuple[str, IO[bytes]]], visit: Visit | None) -> Opened:
    name, content = next(files, ("", None))
    if name != MANIFEST or content is None:
        raise BundleError(f"its first file is not {MANIFEST}")
    manifest = read_manifest(_whole(content, _MANIFEST_LIMIT, MANIFEST))
    expected = {each.name: each for each in manifest.files}
    snapshot = None
    for name, content in files:
        entry = expected.pop(name, None)
        if entry is None:
            raise BundleError(f"it holds {name}, which its {MANIFEST} does not name, or holds it twice")
        size, digest, data = _read(content, keep=visit is not None or name == SNAPSHOT)
        if (size, digest) != (entry.size, entry.sha256):
            raise BundleError(f"its {name} is not what its {MANIFEST} says: damaged or changed")
        if visit is not None:
            visit(name, data)
        snapshot = data if name == SNAPSHOT else snapshot
    if expected:
        raise BundleError(f"it lacks {min(expected)}, which its {MANIFEST} names")
    if snapshot is None:
        raise BundleError(f"it has no {SNAPSHOT}")
    return Opened(manifest, snapshot)


def _files(unpacked: _Bounded) -> Iterator[tuple[str, IO[bytes]]]:
    total = 0
    # as a stream: what is read is read once, in order, and no further than was allowed
    archive = tarfile.open(fileobj=cast("IO[bytes]", unpacked), mode="r|")  # noqa: SIM115 - it holds nothing that must be closed
    for count, member in enumerate(archive):
        if count >= _MOST_FILES:
            raise BundleError(f"it holds more than {_MOST_FILES:,} files")
        if not is_safe_name(member.name):
            raise BundleError(f"it holds a file under a name that no bundle has: {member.name[:60]!a}")
        if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or member.issparse():
            raise BundleError(f"its {member.name} is a link, a device or something else that is no file")
        total += member.size
        if member.size > FILE_LIMIT or total > TOTAL_LIMIT:
            raise BundleError(f"it would unpack to more than {TOTAL_LIMIT:,} bytes")
        unpacked.allow(member.size + _HEADERS)
        content = archive.extractfile(member)
        if content is None:
            raise BundleError(f"its {member.name} has no content")
        yield member.name, content


def _read(content: IO[bytes], *, keep: bool) -> tuple[int, str, bytes]:
    digest, size, blocks = hashlib.sha256(), 0, []
    while block := content.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if keep:
            blocks.append(block)
    return size, digest.hexdigest(), b"".join(blocks)


def _whole(content: IO[bytes], limit: int, name: str) -> bytes:
    data = content.read(limit + 1)
    if len(data) > limit:
        raise BundleError(f"its {name} has more than {limit:,} bytes")
    return data


class _Bounded:
    """A stream that ends with an error where more is read of it than the files in it account for.

    Without that, the header of a file could be as large as the reader's memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _HEADERS

    def allow(self, size: int) -> None:
        """Let so many more bytes be read."""
        self._left += size

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        if self._left < 0:
            raise BundleError("a header in it is larger than that of any bundle")
        data = self._file.read(size)
        self._left -= len(data)
        return data
