"""Puts the files of a bundle together, and writes it whole or not at all, for its owner's eyes alone."""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from symphony_doctor.bundles.manifest import MANIFEST, Manifest, Omitted, entry_of, to_json
from symphony_doctor.errors import InputError, LeakError

_HEADER: Final = 256
"""Packed bytes of a file's header and its line in the manifest, at most."""

_END: Final = 4096


def fit(
    needed: Iterable[tuple[str, bytes]], wanted: Iterable[tuple[str, bytes]], limit: int
) -> tuple[list[tuple[str, bytes]], tuple[Omitted, ...]]:
    """Choose what fits in a bundle of so many bytes; raise ``InputError`` where what is needed does not."""
    left = limit - _END
    files, omitted = list(needed), []
    left -= sum(_packed(content) for _, content in files)
    if left < 0:
        raise InputError(f"--max-size: the evidence alone needs {limit - left:,} bytes; give at least that")
    for name, content in wanted:
        size = _packed(content)
        if size <= left:
            left -= size
            files.append((name, content))
        else:
            omitted.append(Omitted(name, len(content), "--max-size"))
    return files, tuple(omitted)


def _packed(content: bytes) -> int:
    return len(zlib.compress(content, 6)) + _HEADER


def write_bundle(
    path: Path, manifest: Manifest, files: Iterable[tuple[str, bytes]], leaks: Callable[[bytes], Iterable[object]]
) -> Manifest:
    """Search every file for the secrets of this run, then write; return the manifest as it was written.

    Raises ``LeakError``, and then nothing was written, or ``InputError`` where the file cannot be.
    """
    every = list(files)
    manifest = replace(manifest, files=tuple(entry_of(name, content) for name, content in every))
    every.insert(0, (MANIFEST, to_json(Manifest, manifest)))
    for name, content in every:
        if any(leaks(name.encode() + b"\n" + content)):
            raise LeakError(f"{name} held a secret, so no bundle was written: this is a fault of the doctor")
    try:
        _write(path, every, manifest.made_at)
    except OSError as error:
        raise InputError(f"--output: {path}: {(error.strerror or 'cannot be written').lower()}") from None
    return manifest


def _write(path: Path, files: list[tuple[str, bytes]], made_at: float) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w|gz", format=tarfile.PAX_FORMAT) as archive:
                for name, content in files:
                    member = tarfile.TarInfo(name)
                    member.size, member.mode, member.mtime = len(content), 0o600, int(made_at)
                    archive.addfile(member, io.BytesIO(content))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
