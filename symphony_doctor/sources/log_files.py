"""Reads logs: a node's own with its rotated files, or a file that was given. From the end, bounded, once."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from symphony_doctor.formats import secret_values
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.deadline import Deadline, in_thread
from symphony_doctor.sources.files import failure, list_directory, open_for_reading
from symphony_doctor.sources.observation import GivenLog

if TYPE_CHECKING:
    from symphony_doctor.formats.log_digest import LogDigest
    from symphony_doctor.model.configuration import NatsConfig
    from symphony_doctor.model.log import Log

BUDGET: Final = 16 * 1024 * 1024
"""Bytes of all files of one log that are looked at, unpacked: the newest."""

UNPACKED_LIMIT: Final = 256 * 1024 * 1024
"""Bytes that a gzipped file may unpack to; of a larger one the end is not known, and it is left out."""

TAIL: Final = 512 * 1024
"""Bytes that are looked at where there is no time for more."""

BLOCK: Final = 256 * 1024

_MOST_FILES: Final = 32
_MOST_ENTRIES: Final = 100_000
_GZIP: Final = b"\x1f\x8b"
# nats-server's own (nats.log.2026.11.25.22.23.14.123456789), then logrotate's by date and by number
_BY_TIME: Final = re.compile(r"\.\d{4}(?:\.\d\d){5}\.\d+(?:\.gz)?|-\d{8}(?:-?\d+)?(?:\.gz)?")
_BY_NUMBER: Final = re.compile(r"\.(\d{1,4})(?:\.gz)?")

Fingerprint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LogFile:
    """``--log [NAME=]FILE``."""

    path: Path
    name: str | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, or the end of it: from ``offset`` to ``size``. ``blocks`` gives its bytes from an offset on."""

    path: Path
    offset: int
    size: int
    written_at: float
    blocks: Callable[[int], Iterator[bytes]]

    def tail(self) -> _Part:
        """Return the last ``TAIL`` bytes of it."""
        return replace(self, offset=max(self.offset, self.size - TAIL))


async def collect_own(
    directory: Path, config: Evidence[NatsConfig], fingerprint: Fingerprint, deadline: Deadline
) -> Evidence[tuple[Log, ...]]:
    """Read the log that a node's nats.config names. Whatever cannot be read is missing with its reason."""
    if isinstance(config, Missing):
        return Missing(State.NOT_ASKED, "nats.config does not tell where the log is; give it with --log", config.where)
    named = config.value.log_file
    if named is None or not named.value:
        return Missing(
            State.NOT_ASKED,
            "nats.config names no log file; give journalctl or docker output with --log",
            config.where,
        )
    utc = any(each.key == "logtime_utc" and each.shown == "true" for each in config.value.settings)
    try:
        return await in_thread(lambda: _own(directory, named.value, fingerprint, deadline, utc=utc), deadline)
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"the log {named.value} could not be read in time")


async def collect_given(file: LogFile, fingerprint: Fingerprint, deadline: Deadline) -> GivenLog:
    """Read a file that was given: nats-server's log, `journalctl -o json` or `docker compose logs` output."""
    logs: Evidence[tuple[Log, ...]]
    try:
        logs = await in_thread(lambda: read((file.path,), fingerprint, deadline, mixed=True), deadline)
    except TimeoutError:
        logs = Missing(State.TIMED_OUT, f"{file.path} could not be read in time", str(file.path))
    return GivenLog(file.name, str(file.path), logs)


def _own(
    directory: Path, configured: str, fingerprint: Fingerprint, deadline: Deadline, *, utc: bool
) -> Evidence[tuple[Log, ...]]:
    path = locate(directory, configured)
    if path is None:
        return Missing(
            State.NOT_ASKED, f"the log {configured} of nats.config is not in {directory}; give it with --log"
        )
    if not stat.S_ISREG(_mode(path)) and path.exists():
        return Missing(State.NOT_ASKED, f"nats.config logs to {configured}, which is no file; give its log with --log")
    return read((path, *rotated(path)), fingerprint, deadline, mixed=False, utc=utc)


def locate(directory: Path, configured: str) -> Path | None:
    """Find the log that nats.config names; of a copied directory by the last components of its path."""
    path = PurePath(configured)
    inside = [directory.joinpath(*path.parts[-count:]) for count in range(min(len(path.parts) - 1, 8), 0, -1)]
    if not path.is_absolute():
        candidates = [directory / path]
    elif Path(path).resolve().is_relative_to(directory.resolve()):
        candidates = [Path(path)]
    else:
        candidates = [*inside, Path(path)]
    return next((each for each in candidates if os.path.lexists(each) or rotated(each)), None)


def rotated(path: Path) -> tuple[Path, ...]:
    """Return the rotated files of a log, the newest first."""
    names = list_directory(path.parent, _MOST_ENTRIES)
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


def read(
    paths: tuple[Path, ...], fingerprint: Fingerprint, deadline: Deadline, *, mixed: bool, utc: bool = False
) -> Evidence[tuple[Log, ...]]:
    """Read the end of a log that is in these files, the newest first. Raises ``TimeoutError``."""
    parts: list[_Part] = []
    seen: set[tuple[int, int]] = set()
    left, truncated = BUDGET, False
    with ExitStack() as stack:
        for path in paths:
            if left <= 0:
                truncated = True
                break
            try:
                handle = open_for_reading(path)
                stack.callback(os.close, handle)
                status = os.fstat(handle)
                # a file that was rotated meanwhile is there under two names
                if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                part, size, whole = _part(path, handle, status, left, deadline)
            except TimeoutError:
                raise
            except (OSError, ValueError) as error:
                missing = failure(error, str(path), "a file")
                if path == paths[0] and not missing.is_absence:
                    return missing
                # gone with a rotation, or old and not to be read: the others are still worth reading
                truncated = True
                continue
            parts.append(part)
            left -= size
            truncated = truncated or not whole
        if not parts:
            return Missing(State.UNREADABLE, f"{paths[0]} is no file, or is gone", str(paths[0]))
        return _digest(parts, paths[0], fingerprint, deadline, mixed=mixed, utc=utc, truncated=truncated)


def _digest(
    parts: list[_Part],
    path: Path,
    fingerprint: Fingerprint,
    deadline: Deadline,
    *,
    mixed: bool,
    utc: bool,
    truncated: bool,
) -> Evidence[tuple[Log, ...]]:
    from symphony_doctor.formats.log_digest import LogDigest  # noqa: PLC0415 - only where there is a log

    def new() -> LogDigest:
        return LogDigest(str(path), lambda text: secret_values.mask(text, fingerprint), mixed=mixed)

    digest = new()
    if not _fed(digest, parts, deadline, spare=deadline.remaining / 2, utc=utc):
        # half of the time is over, and what counts comes last: the end alone, then
        digest, truncated = new(), True
        if not _fed(digest, [parts[0].tail()], deadline, spare=0.0, utc=utc):
            raise TimeoutError
    logs = digest.result(truncated=truncated)
    if not logs:
        return Missing(State.NOT_ASKED, f"{path} is empty: the node logs elsewhere; give its log with --log", str(path))
    if all(log.last_at is None and not log.events and log.quorum_at is None for log in logs):
        return Missing(
            State.UNREADABLE,
            f"{path} has no line with a time: expected nats-server's log, `journalctl -o json` "
            "or `docker compose logs -t` output",
            str(path),
        )
    return Seen(logs, str(path))


def _fed(digest: LogDigest, parts: list[_Part], deadline: Deadline, *, spare: float, utc: bool) -> bool:
    """Read the parts, the oldest first; give up where no more than ``spare`` seconds are left."""
    from symphony_doctor.formats.log_lines import Clock  # noqa: PLC0415 - only where there is a log

    for part in reversed(parts):
        digest.begin(str(part.path), part.offset, Clock(UTC if utc else None, part.written_at))
        for block in part.blocks(part.offset):
            if deadline.remaining <= spare:
                return False
            digest.feed(block)
    return True


def _part(path: Path, handle: int, status: os.stat_result, left: int, deadline: Deadline) -> tuple[_Part, int, bool]:
    """Return the end of a file that the budget allows, its size, and whether it is the whole file."""
    if os.pread(handle, len(_GZIP), 0) == _GZIP:
        kept, offset, whole = _unpacked(handle, left, deadline)
        size = offset + sum(map(len, kept))
        return _Part(path, offset, size, status.st_mtime, lambda at: _kept(kept, offset, at)), size - offset, whole
    size = status.st_size
    offset = max(0, size - left)
    return (
        _Part(path, offset, size, status.st_mtime, lambda at: _blocks(handle, at, size)),
        size - offset,
        offset == 0,
    )


def _blocks(handle: int, at: int, end: int) -> Iterator[bytes]:
    """Read on until the size that the file had at the beginning: a log that grows would never end."""
    while at < end and (block := os.pread(handle, min(BLOCK, end - at), at)):
        at += len(block)
        yield block


def _kept(kept: deque[bytes], begin: int, at: int) -> Iterator[bytes]:
    for block in kept:
        if begin + len(block) > at:
            yield block[max(0, at - begin) :]
        begin += len(block)


def _unpacked(handle: int, left: int, deadline: Deadline) -> tuple[deque[bytes], int, bool]:
    """Unpack a file and keep its end: the blocks, where they begin, and whether they are all.

    A damaged file gives what could be unpacked.
    """
    import gzip  # noqa: PLC0415 - only where there is such a file

    kept: deque[bytes] = deque()
    total = size = 0
    whole = True
    with os.fdopen(os.dup(handle), "rb") as packed, gzip.GzipFile(fileobj=packed) as file:
        packed.seek(0)
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


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return stat.S_IFREG
