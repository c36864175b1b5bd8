"""Deadlines: one a node, shared by everything that is asked of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point in time (``time.monotonic`` seconds) by which an answer must be there."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline so many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Return the seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())


class _DaemonThreads(ThreadPoolExecutor):
    """An executor whose threads nobody waits for at the end."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on it can no longer be cancelled, only left behind

        def work() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - handed over to the waiting side as it is
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """Do nothing: a name server that never answers does not keep the doctor from ending."""


def leave_threads_behind() -> None:
    """Let the running loop resolve names in threads that it does not wait for when it ends."""
    asyncio.get_running_loop().set_default_executor(_DaemonThreads(max_workers=1))


async def in_thread(work: Callable[[], T], deadline: Deadline) -> T:
    """Run blocking work, and raise ``TimeoutError`` where it is not done by the deadline.

    The thread is a daemon: a file system that never answers does not keep the doctor from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[], None]) -> None:
        if not done.done():
            set_it()

    def target() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over to the waiting side as it is
            finish, value = done.set_exception, error
            _hand_over(loop, lambda: settle(lambda: finish(value)))
        else:
            _hand_over(loop, lambda: settle(lambda: done.set_result(result)))

    threading.Thread(target=target, daemon=True).start()
    return await asyncio.wait_for(done, deadline.remaining)


def _hand_over(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return  # the loop has ended: nobody waits any more
