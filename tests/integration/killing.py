"""Runs the doctor again and again, and kills it right before the n-th thing that it does to a file or a server.

Usage: killing.py ARGUMENT ...; for each line on standard input, a number and further arguments, it writes the
exit status: -9, or the doctor's own where the doctor does fewer such things.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client

from symphony_doctor.commands import _repair, fix, run
from symphony_doctor.commands._main import main

LOADED = (_repair, fix, run)
"""Imported once, so that each run is a fork and starts at once."""

left = 0


def step() -> bool:
    """Count one step, and tell whether it is the one to be killed at."""
    global left  # noqa: PLW0603 - one counter for all that is wrapped
    left -= 1
    return left < 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - whatever the real one takes
        if step():
            die()
        return real(*arguments, **keywords)

    return stepped


real_write = os.write


def half_written(handle: int, data: Any) -> int:  # noqa: ANN401 - bytes or a view of them
    if step():
        real_write(handle, bytes(data)[: len(data) // 2])
        die()
    return real_write(handle, data)


for name in ("fsync", "link", "replace", "rename", "unlink", "fchmod", "fchown", "utime", "ftruncate", "mkdir"):
    setattr(os, name, wrapped(getattr(os, name)))
os.write = half_written
Client.publish = wrapped(Client.publish)  # type: ignore[method-assign]

for line in sys.stdin:
    number, *more = line.split()
    left = int(number)
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        main([*sys.argv[1:], *more])
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()
