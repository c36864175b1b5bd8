"""Puts the files of a bundle together: those that fit, searched for secrets, packed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import IO, Final

from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.manifest import MANIFEST, Manifest, Omitted, entry_of, to_json
from symphony_doctor.errors import InputError, LeakError
from symphony_doctor.formats.secret_scan import scan

_HEADER: Final = 256
"""Packed bytes of a file's header and its line in the manifest, at most."""

_END: Final = 4096

LEVEL: Final = 6
"""Of the compressor: 9 takes twice as long for a twentieth less."""


def fit(
    needed: Iterable[BundleFile], wanted: Iterable[BundleFile], limit: int
) -> tuple[list[BundleFile], tuple[Omitted, ...]]:
    """Choose what fits in a bundle of so many bytes; raise ``InputError`` where what is needed does not."""
    files, rest, omitted = list(needed), list(wanted), []
    if _END + sum(len(each.content) + _HEADER for each in (*files, *rest)) <= limit:
        # it fits as it is, so nothing need be packed to see that it does
        return [*files, *rest], ()
    left = limit - _END
    left -= sum(_packed(each.content) for each in files)
    if left < 0:
        raise InputError(f"--max-size: the evidence alone needs {limit - left:,} bytes; give at least that")
    for each in rest:
        size = _packed(each.content)
        if size <= left:
            left -= size
            files.append(each)
        else:
            omitted.append(Omitted(each.name, len(each.content), "--max-size"))
    return files, tuple(omitted)


def _packed(content: bytes) -> int:
    return len(zlib.compress(content, LEVEL)) + _HEADER


def complete(
    manifest: Manifest, files: Iterable[BundleFile], leaks: Callable[[bytes], Iterable[object]]
) -> tuple[Manifest, list[BundleFile]]:
    """Return the manifest with every file in it, and all files with the manifest before them.

    Each is searched for the secrets of this run, and for what looks like one: raises ``LeakError`` where it holds one.
    """
    every = list(files)
    manifest = replace(manifest, files=tuple(map(entry_of, every)))
    every.insert(0, BundleFile(MANIFEST, to_json(Manifest, manifest)))
    for each in every:
        whole = each.name.encode() + b"\n" + each.content
        suspect = next(scan(each.content), None)
        if suspect is not None or any(leaks(whole)):
            line = f", line {suspect.line} ({suspect.kind})," if suspect is not None else ""
            raise LeakError(f"{each.name}{line} held a secret, so no bundle was written: this is a fault of the doctor")
    return manifest, every


def pack(file: IO[bytes], files: Iterable[BundleFile], made_at: float) -> None:
    """Write the files as a bundle, packed."""
    with (
        gzip.GzipFile("", "wb", LEVEL, file, int(made_at)) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for each in files:
            member = tarfile.TarInfo(each.name)
            member.size, member.mode, member.mtime = len(each.content), 0o600, int(made_at)
            archive.addfile(member, io.BytesIO(each.content))
