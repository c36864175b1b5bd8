"""The store of JetStream: whose directories are in it, and what room its disk has left."""

from __future__ import annotations

import os
from pathlib import Path

from symphony_doctor.model.evidence import Evidence, Seen
from symphony_doctor.model.jetstream import Disk, Store
from symphony_doctor.sources.files import is_directory, list_directory

MOST_ENTRIES = 500_000
"""Entries of one directory."""


def look_at_store(path: Path) -> Evidence[Store]:
    """Look at the store itself: whose directories are in it, and what room its disk has left."""
    names = list_directory(path, MOST_ENTRIES)
    if isinstance(names, Seen):
        return Seen(Store(str(path), names.value, _disk(path)), str(path))
    if names.is_absence and is_directory(path.parent):
        return Seen(Store(str(path), (), _disk(path.parent)), str(path))
    return names


def _disk(path: Path) -> Disk | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    # as df counts: what is kept for root is neither used nor free
    usable = found.f_blocks - found.f_bfree + found.f_bavail
    return Disk(usable * found.f_frsize, found.f_bavail * found.f_frsize)
