"""Where a node's log is: the file that nats.config names, and what it was rotated to."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Final

from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.file_system import LOCAL, FileSystem

_MOST_FILES: Final = 32
_MOST_ENTRIES: Final = 100_000
# nats-server's own (nats.log.2026.11.25.22.23.14.123456789), then logrotate's by date and by number
_BY_TIME: Final = re.compile(r"\.\d{4}(?:\.\d\d){5}\.\d+(?:\.gz)?|-\d{8}(?:-?\d+)?(?:\.gz)?")
_BY_NUMBER: Final = re.compile(r"\.(\d{1,4})(?:\.gz)?")


def locate(directory: Path, configured: str, files: FileSystem = LOCAL) -> Path | None:
    """Find the log that nats.config names; of a copied directory by the last components of its path."""
    path = PurePath(configured)
    inside = [directory.joinpath(*path.parts[-count:]) for count in range(min(len(path.parts) - 1, 8), 0, -1)]
    if not path.is_absolute():
        candidates = [directory / path]
    elif files.resolve(Path(path)).is_relative_to(files.resolve(directory)):
        candidates = [Path(path)]
    else:
        candidates = [*inside, Path(path)]
    return next((each for each in candidates if files.exists(each) or rotated(each, files)), None)


def rotated(path: Path, files: FileSystem = LOCAL) -> tuple[Path, ...]:
    """Return the rotated files of a log, the newest first."""
    names = files.list_directory(path.parent, _MOST_ENTRIES)
    if isinstance(names, Missing):
        return ()
    by_time: list[str] = []
    by_number: list[tuple[int, str]] = []
    for name in names.value:
        if not name.startswith(path.name):
            continue
        rest = name[len(path.name) :]
        if _BY_TIME.fullmatch(rest):
            by_time.append(name)
        elif numbered := _BY_NUMBER.fullmatch(rest):
            by_number.append((int(numbered[1]), name))
    newest = [*sorted(by_time, reverse=True), *(name for _, name in sorted(by_number))]
    return tuple(path.parent / name for name in newest[:_MOST_FILES])
