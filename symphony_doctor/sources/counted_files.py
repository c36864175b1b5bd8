"""The files of a node, counted as they are read: what somebody who waits is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from symphony_doctor.model.evidence import Evidence
from symphony_doctor.model.jetstream import Disk
from symphony_doctor.sources.attendance import NOBODY, Progress
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import FileSystem, Kind, OpenLog

T = TypeVar("T")

_OFTEN: Final = 50
"""Files after which it is told again: there are tens of thousands."""


def counted(files: FileSystem, who: str, progress: Progress) -> FileSystem:
    """Return the same files; of those read ``progress`` is told, where anybody listens."""
    return files if progress is NOBODY else _Counted(files, who, progress)


class _Counted:
    def __init__(self, files: FileSystem, who: str, progress: Progress) -> None:
        self._files = files
        self._who = who
        self._progress = progress
        self._count = 0

    def read_file(self, path: Path | str, limit: int) -> Evidence[bytes]:
        self._count += 1
        if self._count % _OFTEN == 0:
            self._progress.counts(self._who, self._count)
        return self._files.read_file(path, limit)

    def list_directory(self, path: Path | str, limit: int) -> Evidence[tuple[str, ...]]:
        return self._files.list_directory(path, limit)

    def exists(self, path: Path | str) -> bool:
        return self._files.exists(path)

    def kind(self, path: Path | str) -> Kind | None:
        return self._files.kind(path)

    def resolve(self, path: Path) -> Path:
        return self._files.resolve(path)

    def disk(self, path: Path) -> Disk | None:
        return self._files.disk(path)

    def prepare_logs(self, paths: Sequence[Path], budget: int) -> None:
        self._files.prepare_logs(paths, budget)

    def open_log(self, path: Path) -> OpenLog:
        return self._files.open_log(path)

    async def settle(self, work: Callable[[], T], deadline: Deadline) -> T:
        def anew() -> T:
            # files of a host are read in rounds, each from the beginning with what came so far
            self._count = 0
            return work()

        return await self._files.settle(anew, deadline)
