"""Reads logs: a node's own with its rotated files, or a file that was given. From the end, bounded, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Final

from symphony_doctor.formats import secret_values
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.deadline import Deadline, in_thread
from symphony_doctor.sources.file_system import LOCAL, FileSystem, UnreachedError
from symphony_doctor.sources.files import failure
from symphony_doctor.sources.log_parts import Part, part_of
from symphony_doctor.sources.log_places import locate, rotated
from symphony_doctor.sources.observation import GivenLog

if TYPE_CHECKING:
    from symphony_doctor.formats.log_digest import LogDigest
    from symphony_doctor.model.configuration import NatsConfig
    from symphony_doctor.model.log import Log

BUDGET: Final = 16 * 1024 * 1024
"""Bytes of all files of one log that are looked at, unpacked: the newest."""

Fingerprint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LogFile:
    """``--log [NAME=]FILE``."""

    path: Path
    name: str | None = None


async def collect_own(
    directory: Path,
    config: Evidence[NatsConfig],
    fingerprint: Fingerprint,
    deadline: Deadline,
    files: FileSystem = LOCAL,
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
        return await files.settle(
            lambda: _own(directory, named.value, fingerprint, deadline, files=files, utc=utc), deadline
        )
    except UnreachedError as error:
        return error.missing
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
    directory: Path, configured: str, fingerprint: Fingerprint, deadline: Deadline, *, files: FileSystem, utc: bool
) -> Evidence[tuple[Log, ...]]:
    path = locate(directory, configured, files)
    if path is None:
        return Missing(
            State.NOT_ASKED, f"the log {configured} of nats.config is not in {directory}; give it with --log"
        )
    if files.kind(path) not in {"file", None}:
        return Missing(State.NOT_ASKED, f"nats.config logs to {configured}, which is no file; give its log with --log")
    return read((path, *rotated(path, files)), fingerprint, deadline, mixed=False, utc=utc, files=files)


def read(
    paths: tuple[Path, ...],
    fingerprint: Fingerprint,
    deadline: Deadline,
    *,
    mixed: bool,
    utc: bool = False,
    files: FileSystem = LOCAL,
) -> Evidence[tuple[Log, ...]]:
    """Read the end of a log that is in these files, the newest first. Raises ``TimeoutError``."""
    files.prepare_logs(paths, BUDGET)
    parts: list[Part] = []
    seen: set[tuple[int, int]] = set()
    left, truncated = BUDGET, False
    with ExitStack() as stack:
        for path in paths:
            if left <= 0:
                truncated = True
                break
            try:
                log = files.open_log(path)
                stack.callback(log.close)
                # a file that was rotated meanwhile is there under two names
                if not log.is_regular or log.identity in seen:
                    continue
                seen.add(log.identity)
                part, size, whole = part_of(path, log, left, deadline)
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
    parts: list[Part],
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


def _fed(digest: LogDigest, parts: list[Part], deadline: Deadline, *, spare: float, utc: bool) -> bool:
    """Read the parts, the oldest first; give up where no more than ``spare`` seconds are left."""
    from symphony_doctor.formats.log_lines import Clock  # noqa: PLC0415 - only where there is a log

    for part in reversed(parts):
        digest.begin(str(part.path), part.offset, Clock(UTC if utc else None, part.written_at))
        for block in part.blocks(part.offset):
            if deadline.remaining <= spare:
                return False
            digest.feed(block)
    return True
