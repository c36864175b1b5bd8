"""The end of a log of another host, in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

from symphony_doctor.sources.ssh_script import LogEnd


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """What was fetched of it, read as a file of this machine is."""

    found: LogEnd

    @property
    def is_regular(self) -> bool:
        """Tell whether it is a file, and not a FIFO or a device."""
        return self.found.status.kind == "f"

    @property
    def size(self) -> int:
        """Return the size that it had there, in bytes."""
        return self.found.size

    @property
    def written_at(self) -> float:
        """Return when it was last written, in Unix seconds."""
        return self.found.written_at

    @property
    def identity(self) -> tuple[int, int]:
        """Return what is the same for one file under two names."""
        return 0, self.found.inode

    def read(self, count: int, at: int) -> bytes:
        """Return at most ``count`` bytes from an offset of the file on."""
        start = at - (self.size - len(self.found.content))
        # what a gzipped file begins with is asked of files of which only the end is here, too
        return self.found.content[max(0, start) : max(0, start + count)]

    def stream(self) -> BinaryIO:
        """Return what is here of it; of a packed one that is all."""
        return io.BytesIO(self.found.content)

    def close(self) -> None:
        """Do nothing: it is in memory."""
