"""Writes a bundle whole or not at all, for its owner's eyes alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.manifest import Manifest
from symphony_doctor.bundles.write import complete, pack
from symphony_doctor.commands._output import replacement, words
from symphony_doctor.errors import InputError
from symphony_doctor.remedies.journal import default_directory


def write_bundle(
    path: Path, manifest: Manifest, files: Iterable[BundleFile], leaks: Callable[[bytes], Iterable[object]]
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


def write_names(bundle: Path, mapping: Mapping[str, str], environment: Mapping[str, str]) -> Path:
    """Write what each name became in a bundle to this user's own directory; return where. Raises ``InputError``."""
    path = default_directory(environment) / "names" / f"{bundle.name}.json"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacement(path, 0o600) as file:
            file.write(json.dumps({other: name for name, other in sorted(mapping.items())}, indent=1).encode())
    except OSError as error:
        raise InputError(f"{path}: the map of names: {words(error)}") from None
    return path
