"""Runs what waits for the network and for files, so that an interrupt ends it within a second, whatever it is at."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final, TypeVar

T = TypeVar("T")

_PATIENCE: Final = 0.5
"""Seconds after an interrupt in which connections and child processes are ended in order."""


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns. Raises ``KeyboardInterrupt`` when interrupted.

    asyncio alone only asks the work to end where it waits: at a prompt, or while rules look at a large cluster, the
    interrupt would be lost.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        return asyncio.run(work)
    interrupted = False

    async def main() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            nonlocal interrupted
            if interrupted:
                raise KeyboardInterrupt
            interrupted = True
            signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
            if task is not None:
                task.cancel()
            loop.call_soon_threadsafe(lambda: None)  # it may be asleep

        signal.signal(signal.SIGINT, interrupt)
        return await work

    before = signal.signal(signal.SIGALRM, _give_up)
    try:
        result = asyncio.run(main())
    except BaseException:
        # whatever became of the work then, this is why
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, before)
    if interrupted:
        raise KeyboardInterrupt
    return result


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
