"""What a run looks at, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from symphony_doctor.model.judging import USUAL, Judging
from symphony_doctor.model.log import Log
from symphony_doctor.sources.attendance import Attendance
from symphony_doctor.sources.credentials import Credentials, Tls
from symphony_doctor.sources.file_system import FileSystem
from symphony_doctor.sources.log_files import LogFile
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.observation import Address


@dataclass(frozen=True, slots=True)
class Request:
    """What a run looks at. ``seconds`` is the deadline of each node, not the sum of them.

    Where there are ``further_credentials``, the servers tell which are the system account's; the others ask
    services. The servers are asked ``samples`` times, ``interval`` seconds apart. ``record`` is given each answer of
    the last time as it came: the server's id, the endpoint, the bytes; ``keep_log`` each log of a node that was read,
    and the file system that it is in. Of logs, complaints that ended before ``logs_since`` (Unix seconds) are left
    out. ``uis`` are addresses of UI ports that were given: of the node with that directory, or with that client
    address. ``judging`` is how what was seen is to be judged.
    ``attendance`` is told what is waited for, and may end it.
    """

    directories: tuple[NodeDirectory, ...] = ()
    servers: tuple[Address, ...] = ()
    credentials: Credentials | None = None
    network: bool = True
    seconds: float = 5.0
    environment: Mapping[str, str] = field(default_factory=dict)
    load_balancers: tuple[Path, ...] = ()
    logs: tuple[LogFile, ...] = ()
    tls: Tls = field(default_factory=Tls)
    further_credentials: tuple[Credentials, ...] = ()
    bundles: tuple[Path, ...] = ()
    samples: int = 1
    interval: float = 5.0
    record: Callable[[str, str, bytes], None] | None = None
    keep_log: Callable[[Log, FileSystem], None] | None = None
    read_logs: bool = True
    logs_since: float | None = None
    uis: tuple[Address, ...] = ()
    judging: Judging = USUAL
    attendance: Attendance = field(default_factory=Attendance)

    @property
    def is_live(self) -> bool:
        """Tell whether it looks at anything besides bundles."""
        return bool(self.directories or self.servers or self.load_balancers or self.logs or self.credentials)
