"""The one seam between readers of a node's files and where these are: this machine, or a host behind SSH."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, Protocol, TypeAlias, TypeVar

from symphony_doctor.model.evidence import Evidence, Missing
from symphony_doctor.model.jetstream import Disk
from symphony_doctor.sources import files
from symphony_doctor.sources.deadline import Deadline, in_thread

T = TypeVar("T")

Kind: TypeAlias = Literal["file", "directory", "other"]


class UnreachedError(Exception):
    """The host of the files cannot be reached, or the connection broke; ``missing`` is what to say of all of them."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.why)
        self.missing = missing


class OpenLog(Protocol):
    """A log that is open: ``size`` in bytes, ``written_at`` in Unix seconds, ``identity`` the same under two names."""

    @property
    def is_regular(self) -> bool:
        """Tell whether it is a file, and not a FIFO or a device."""

    @property
    def size(self) -> int:
        """Return the size at the time of opening, in bytes."""

    @property
    def written_at(self) -> float:
        """Return when it was last written, in Unix seconds."""

    @property
    def identity(self) -> tuple[int, int]:
        """Return what is the same for one file under two names."""

    def read(self, count: int, at: int) -> bytes:
        """Return at most ``count`` bytes from an offset on; fewer at the end. Raises ``OSError``."""

    def stream(self) -> BinaryIO:
        """Return the whole of it, from its beginning. Raises ``OSError``."""

    def close(self) -> None:
        """Let go of it."""


class FileSystem(Protocol):
    """Where the files of a node are. Nothing is written; only ``open_log`` and ``settle`` raise."""

    def read_file(self, path: Path | str, limit: int) -> Evidence[bytes]:
        """Read a regular file of at most ``limit`` bytes."""

    def list_directory(self, path: Path | str, limit: int) -> Evidence[tuple[str, ...]]:
        """Return the sorted names in a directory, refusing one with more than ``limit`` entries."""

    def kind(self, path: Path | str) -> Kind | None:
        """Tell what is at a path, links followed; ``None`` where nothing is to be seen."""

    def exists(self, path: Path | str) -> bool:
        """Tell whether there is anything at a path, be it a link to nothing."""

    def resolve(self, path: Path) -> Path:
        """Return the path without links, as far as it exists."""

    def disk(self, path: Path) -> Disk | None:
        """Return the file system that a directory is on, ``None`` where it cannot be told."""

    def prepare_logs(self, paths: Sequence[Path], budget: int) -> None:
        """Say that these logs are opened next, the newest first, and no more than ``budget`` bytes of all of them."""

    def open_log(self, path: Path) -> OpenLog:
        """Open a log. Raises ``OSError`` or ``ValueError`` as ``os.open``."""

    async def settle(self, work: Callable[[], T], deadline: Deadline) -> T:
        """Do what reads these files. Raises ``TimeoutError``, or ``UnreachedError`` where they cannot be reached."""


@dataclass(frozen=True, slots=True)
class _LocalLog:
    handle: int
    status: os.stat_result

    @property
    def is_regular(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)

    @property
    def size(self) -> int:
        return self.status.st_size

    @property
    def written_at(self) -> float:
        return self.status.st_mtime

    @property
    def identity(self) -> tuple[int, int]:
        return self.status.st_dev, self.status.st_ino

    def read(self, count: int, at: int) -> bytes:
        return os.pread(self.handle, count, at)

    def stream(self) -> BinaryIO:
        packed = os.fdopen(os.dup(self.handle), "rb")
        packed.seek(0)
        return packed

    def close(self) -> None:
        os.close(self.handle)


class LocalFiles:
    """The files of this machine."""

    # the functions themselves: there are tens of thousands of files, and each is read once
    read_file = staticmethod(files.read_file)
    list_directory = staticmethod(files.list_directory)
    exists = staticmethod(os.path.lexists)

    def kind(self, path: Path | str) -> Kind | None:
        """Tell what is at a path, links followed."""
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - a Path costs more than the question
        except (OSError, ValueError):
            return None
        return "directory" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"

    def resolve(self, path: Path) -> Path:
        """Return the path without links."""
        return path.resolve()

    def disk(self, path: Path) -> Disk | None:
        """Return the file system that a directory is on."""
        try:
            found = os.statvfs(path)
        except OSError:
            return None
        # as df counts: what is kept for root is neither used nor free
        usable = found.f_blocks - found.f_bfree + found.f_bavail
        return Disk(usable * found.f_frsize, found.f_bavail * found.f_frsize)

    def prepare_logs(self, paths: Sequence[Path], budget: int) -> None:
        """Do nothing: they are here."""

    def open_log(self, path: Path) -> OpenLog:
        """Open a log without waiting for its other end."""
        handle = files.open_for_reading(path)
        try:
            return _LocalLog(handle, os.fstat(handle))
        except OSError:
            os.close(handle)
            raise

    async def settle(self, work: Callable[[], T], deadline: Deadline) -> T:
        """Read in a thread: a file system that does not answer is left behind."""
        return await in_thread(work, deadline)


LOCAL: Final[FileSystem] = LocalFiles()
