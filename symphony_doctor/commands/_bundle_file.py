"""Writes a bundle whole or not at all, for its owner's eyes alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from symphony_doctor.bundles.manifest import Manifest
from symphony_doctor.bundles.write import complete, pack
from symphony_doctor.commands._output import replacement, words
from symphony_doctor.errors import InputError


def write_bundle(
    path: Path, manifest: Manifest, files: Iterable[tuple[str, bytes]], leaks: Callable[[bytes], Iterable[object]]
) -> Manifest:
    """Search every file for the secrets of this run, then write, for its owner alone; return the manifest as written.

    Raises ``LeakError``, and then nothing was written, or ``InputError`` where the file cannot be.
    """
    manifest, every = complete(manifest, files, leaks)
    try:
        with replacement(path, 0o600) as file:
            pack(file, every, manifest.made_at)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(f"--output: {path}: {words(error)}") from None
    return manifest
