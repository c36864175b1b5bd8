"""Puts the files of a bundle together: those that fit, searched for secrets, packed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import IO, Final

from symphony_doctor.bundles.manifest import MANIFEST, Manifest, Omitted, entry_of, to_json
from symphony_doctor.errors import InputError, LeakError

_HEADER: Final = 256
"""Packed bytes of a file's header and its line in the manifest, at most."""

_END: Final = 4096

LEVEL: Final = 6
"""Of the compressor: 9 takes twice as long for a twentieth less."""


def fit(
    needed: Iterable[tuple[str, bytes]], wanted: Iterable[tuple[str, bytes]], limit: int
) -> tuple[list[tuple[str, bytes]], tuple[Omitted, ...]]:
    """Choose what fits in a bundle of so many bytes; raise ``InputError`` where what is needed does not."""
    files, rest, omitted = list(needed), list(wanted), []
    if _END + sum(len(content) + _HEADER for _, content in (*files, *rest)) <= limit:
        # it fits as it is, so nothing need be packed to see that it does
        return [*files, *rest], ()
    left = limit - _END
    left -= sum(_packed(content) for _, content in files)
    if left < 0:
        raise InputError(f"--max-size: the evidence alone needs {limit - left:,} bytes; give at least that")
    for name, content in rest:
        size = _packed(content)
        if size <= left:
            left -= size
            files.append((name, content))
        else:
            omitted.append(Omitted(name, len(content), "--max-size"))
    return files, tuple(omitted)


def _packed(content: bytes) -> int:
    return len(zlib.compress(content, LEVEL)) + _HEADER


def complete(
    manifest: Manifest, files: Iterable[tuple[str, bytes]], leaks: Callable[[bytes], Iterable[object]]
) -> tuple[Manifest, list[tuple[str, bytes]]]:
    """Return the manifest with every file in it, and all files with the manifest before them.

    Each is searched for the secrets of this run: raises ``LeakError`` where it holds one.
    """
    every = list(files)
    manifest = replace(manifest, files=tuple(entry_of(name, content) for name, content in every))
    every.insert(0, (MANIFEST, to_json(Manifest, manifest)))
    for name, content in every:
        if any(leaks(name.encode() + b"\n" + content)):
            raise LeakError(f"{name} held a secret, so no bundle was written: this is a fault of the doctor")
    return manifest, every


def pack(file: IO[bytes], files: Iterable[tuple[str, bytes]], made_at: float) -> None:
    """Write the files as a bundle, packed."""
    with (
        gzip.GzipFile("", "wb", LEVEL, file, int(made_at)) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o600, int(made_at)
            archive.addfile(member, io.BytesIO(content))
