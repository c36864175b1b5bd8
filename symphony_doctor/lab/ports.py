"""Free ports on loopback, held until the moment they are needed."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Self

from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
_LOWEST = 10240
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 200


class Reservation:
    """Ports that nobody else can bind until they are released."""

    def __init__(self, count: int) -> None:
        """Bind `count` ports and keep them bound."""
        self._sockets: list[socket.socket] = []
        try:
            self._sockets.extend(_bind_one() for _ in range(count))
        except BaseException:
            self.release()
            raise
        self.ports: tuple[int, ...] = tuple(held.getsockname()[1] for held in self._sockets)

    def release(self) -> None:
        """Let go, just before a server takes them."""
        for held in self._sockets:
            held.close()
        self._sockets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _bind_one() -> socket.socket:
    # Below the ephemeral range: there no outgoing connection takes the port while its node is down.
    highest = _ephemeral_start() - 1
    for _ in range(_ATTEMPTS):
        held = _try_bind(random.randint(_LOWEST, highest) if highest > _LOWEST else 0)  # noqa: S311
        if held is not None:
            return held
    held = _try_bind(0)
    if held is None:
        raise LabError(f"no free port on {HOST}")
    return held


def _try_bind(port: int) -> socket.socket | None:
    # No SO_REUSEADDR: two labs that start at the same time must not both get the port.
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.bind((HOST, port))
    except OSError:
        held.close()
        return None
    return held


def _ephemeral_start() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
