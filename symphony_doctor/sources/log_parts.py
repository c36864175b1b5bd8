"""The end of a log file that a budget allows, block by block; gzipped ones are unpacked."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import OpenLog

UNPACKED_LIMIT: Final = 256 * 1024 * 1024
"""Bytes that a gzipped file may unpack to; of a larger one the end is not known, and it is left out."""

TAIL: Final = 512 * 1024
"""Bytes that are looked at where there is no time for more."""

BLOCK: Final = 256 * 1024

_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or the end of it: from ``offset`` to ``size``. ``blocks`` gives its bytes from an offset on."""

    path: Path
    offset: int
    size: int
    written_at: float
    blocks: Callable[[int], Iterator[bytes]]

    def tail(self) -> Part:
        """Return the last ``TAIL`` bytes of it."""
        return replace(self, offset=max(self.offset, self.size - TAIL))


def part_of(path: Path, log: OpenLog, left: int, deadline: Deadline) -> tuple[Part, int, bool]:
    """Return the end of a file that the budget allows, its size, and whether it is the whole file."""
    if log.read(len(_GZIP), 0) == _GZIP:
        kept, offset, whole = _unpacked(log, left, deadline)
        size = offset + sum(map(len, kept))
        return Part(path, offset, size, log.written_at, lambda at: _kept(kept, offset, at)), size - offset, whole
    size = log.size
    offset = max(0, size - left)
    return (
        Part(path, offset, size, log.written_at, lambda at: _blocks(log, at, size)),
        size - offset,
        offset == 0,
    )


def _blocks(log: OpenLog, at: int, end: int) -> Iterator[bytes]:
    """Read on until the size that the file had at the beginning: a log that grows would never end."""
    while at < end and (block := log.read(min(BLOCK, end - at), at)):
        at += len(block)
        yield block


def _kept(kept: deque[bytes], begin: int, at: int) -> Iterator[bytes]:
    for block in kept:
        if begin + len(block) > at:
            yield block[max(0, at - begin) :]
        begin += len(block)


def _unpacked(log: OpenLog, left: int, deadline: Deadline) -> tuple[deque[bytes], int, bool]:
    """Unpack a file and keep its end: the blocks, where they begin, and whether they are all.

    A damaged file gives what could be unpacked.
    """
    import gzip  # noqa: PLC0415 - only where there is such a file

    kept: deque[bytes] = deque()
    total = size = 0
    whole = True
    with log.stream() as packed, gzip.GzipFile(fileobj=packed) as file:
        try:
            while block := file.read(BLOCK):
                _in_time(deadline)
                kept.append(block)
                total += len(block)
                size += len(block)
                while size > left:
                    size -= len(kept.popleft())
                if total > UNPACKED_LIMIT:
                    return deque(), 0, False
        except TimeoutError:
            raise
        except (EOFError, OSError, zlib.error):
            whole = False
    return kept, total - size, whole and size == total


def _in_time(deadline: Deadline) -> None:
    if deadline.remaining <= 0:
        raise TimeoutError
