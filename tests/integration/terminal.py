"""A program on a terminal of its own, and the screen that it leaves."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from typing import Any

import pyte


class Terminal:
    """What runs on a terminal: its screen, as it is after all that was read so far."""

    def __init__(self, process: int, handle: int, size: tuple[int, int]) -> None:
        self.process = process
        self.text = ""
        self._handle = handle
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self.settings: list[Any] = termios.tcgetattr(handle)

    @property
    def lines(self) -> list[str]:
        """Return the lines of the screen, without those that are empty at its end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip().split("\n")

    @property
    def cursor_is_shown(self) -> bool:
        return not self._screen.cursor.hidden

    def wait(self, until: Callable[[], bool], seconds: float = 30.0) -> None:
        """Read until something holds; the program may not end before it does."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, "\n".join(self.lines)
            is_over = os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            if not self._read(0.1):
                assert not is_over, "\n".join(self.lines)

    def press(self, keys: bytes) -> None:
        os.write(self._handle, keys)

    def end(self, seconds: float = 30.0) -> int:
        """Read until the program has ended, and what is left; return its status."""
        end = time.monotonic() + seconds
        while True:
            ended, status = os.waitpid(self.process, os.WNOHANG)
            while self._read(0.0 if ended else 0.1) and ended:
                pass
            if ended:
                break
            assert time.monotonic() < end, "\n".join(self.lines)
        self.settings = termios.tcgetattr(self._handle)
        self.process = 0
        assert self.text
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if ready:
            data = os.read(self._handle, 65536)
            self.text += data.decode("utf-8", "replace")
            self._stream.feed(data)
        return bool(ready)


@contextlib.contextmanager
def on_terminal(
    *command: object, size: tuple[int, int] = (80, 24), environment: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a program on a terminal of so many columns and lines; it ends with the block at the latest."""
    words = [str(word) for word in command]
    surroundings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "LINES"}}
    surroundings |= {"TERM": "xterm-256color", **(environment or {})}
    handle, program_side = pty.openpty()
    ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    process = os.posix_spawn(
        "/bin/sh",
        ["/bin/sh", "-c", 'exec "$0" "$@" <"$TTY" >"$TTY" 2>"$TTY"', *words],
        surroundings | {"TTY": os.ttyname(program_side)},
        setsid=True,
    )
    terminal = Terminal(process, handle, size)
    try:
        yield terminal
    finally:
        if terminal.process:
            os.killpg(terminal.process, signal.SIGKILL)
            os.waitpid(terminal.process, 0)
        # open until now: a terminal that nobody has open has ended, and the program has to open it first
        os.close(program_side)
        os.close(handle)
