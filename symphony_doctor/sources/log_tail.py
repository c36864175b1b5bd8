"""The end of a log as it stands in the file, for people."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from symphony_doctor.sources.files import open_for_reading

LIMIT: Final = 64 * 1024
"""Bytes of one log."""


def tail_of(path: Path) -> str | None:
    """Return the last whole lines of a log, unmasked; ``None`` where it is packed, gone, or no file."""
    if path.suffix == ".gz":
        return None
    try:
        handle = open_for_reading(path)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        start = max(0, status.st_size - LIMIT)
        data = os.pread(handle, LIMIT, start)
    except OSError:
        return None
    finally:
        os.close(handle)
    # a line that is cut off could be the rest of a secret
    whole = data.partition(b"\n")[2] if start else data
    return whole.decode("utf-8", "replace")
