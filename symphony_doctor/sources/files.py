"""Reads files and directories of unknown condition: bounded, never waiting, never writing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


def read_file(path: Path | str, limit: int) -> Evidence[bytes]:
    """Read a regular file of at most ``limit`` bytes.

    A FIFO, a device, a directory or a larger file is not read at all. Never raises ``OSError``.
    """
    where = str(path)
    try:
        handle = open_for_reading(path)
    except (OSError, ValueError) as error:
        return failure(error, where, "a file")
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Missing(State.UNREADABLE, f"{where} is {_kind(status.st_mode)}, expected a file", where)
        if status.st_size > limit:
            return Missing(
                State.TOO_LARGE,
                f"{where} has {status.st_size:,} bytes, expected at most {limit:,}: it was not read",
                where,
            )
        data = bytearray()
        while len(data) <= limit and (chunk := os.read(handle, limit + 1 - len(data))):
            data += chunk
        if len(data) > limit:
            return Missing(State.TOO_LARGE, f"{where} grew beyond {limit:,} bytes while it was read", where)
        return Seen(bytes(data), where)
    except OSError as error:
        return failure(error, where, "a file")
    finally:
        os.close(handle)


def open_for_reading(path: Path | str) -> int:
    """Open whatever is there without waiting for its other end, and return its descriptor. Raises as ``os.open``."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def list_directory(path: Path | str, limit: int) -> Evidence[tuple[str, ...]]:
    """Return the sorted names in a directory, refusing one with more than ``limit`` entries."""
    where = str(path)
    names: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) > limit:
                    return Missing(State.TOO_LARGE, f"{where} holds more than {limit:,} entries", where)
    except (OSError, ValueError) as error:
        return failure(error, where, "a directory")
    return Seen(tuple(sorted(names)), where)


def directory_at(path: Path) -> Evidence[Path]:
    """Tell whether there is a directory at a path, or what is there instead. Never raises ``OSError``."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        return failure(error, str(path), "a directory")
    if stat.S_ISDIR(mode):
        return Seen(path, str(path))
    kind = "a file" if stat.S_ISREG(mode) else _kind(mode)
    return Missing(State.UNREADABLE, f"{path} is {kind}, expected a directory", str(path))


def is_directory(path: Path) -> bool:
    """Tell whether there is a directory, as far as permissions let it be seen. Never raises."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered


def failure(error: OSError | ValueError, where: str, expected: str) -> Missing:
    """Say why a path could not be read: the file system's own words, and what was expected."""
    if not isinstance(error, OSError):
        return Missing(State.UNREADABLE, f"{where!r} is no path: {error}", where)
    if error.errno == errno.ENOENT:
        return Missing(State.ABSENT, f"{where} does not exist", where)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Missing(State.DENIED, f"{where}: permission denied; run as its owner or as root", where)
    if error.errno == errno.ELOOP:
        return Missing(State.UNREADABLE, f"{where} is a loop of symbolic links", where)
    if error.errno == errno.ENOTDIR:
        return Missing(State.UNREADABLE, f"{where}: a part of the path is no directory, expected {expected}", where)
    return Missing(State.UNREADABLE, f"{where}: {(error.strerror or 'cannot be read').lower()}", where)


def _kind(mode: int) -> str:
    return next((word for test, word in _KINDS if test(mode)), "no regular file")
