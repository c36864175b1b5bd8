"""The end of a log as it stands in the file, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from symphony_doctor.formats.log_lines import Clock, read_line
from symphony_doctor.sources.file_system import LOCAL, FileSystem

LIMIT: Final = 64 * 1024
"""Bytes of one log, where no time is given."""

SINCE_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of one log, where all lines since a time are wanted."""


def tail_of(path: Path, since: float | None = None, files: FileSystem = LOCAL) -> str | None:
    """Return the last whole lines of a log, unmasked; ``None`` where it is packed, gone, or no file.

    With ``since`` (Unix seconds) all lines from that time on, as far as ``SINCE_LIMIT`` allows.
    """
    if path.suffix == ".gz":
        return None
    try:
        log = files.open_log(path)
    except (OSError, ValueError):
        return None
    try:
        if not log.is_regular:
            return None
        limit = LIMIT if since is None else SINCE_LIMIT
        start = max(0, log.size - limit)
        data = log.read(limit, start)
    except OSError:
        return None
    finally:
        log.close()
    # a line that is cut off could be the rest of a secret
    whole = data.partition(b"\n")[2] if start else data
    if since is not None:
        whole = _from(whole, since, Clock(written_at=log.written_at))
    return whole.decode("utf-8", "replace")


def _from(data: bytes, since: float, clock: Clock) -> bytes:
    """Return the lines from the first on that was written at that time or later."""
    place = 0
    for line in data.splitlines(keepends=True):
        at = read_line(line, clock).at
        if at is not None and at >= since:
            return data[place:]
        place += len(line)
    return b""
