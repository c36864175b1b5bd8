"""Who watches a gathering: is told what is waited for, and may end it before it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from symphony_doctor.model.evidence import Missing, State

T = TypeVar("T")

_LET_GO: Final = 0.3
"""Seconds that work which was interrupted has to end its connections."""

INTERRUPTED: Final = Missing(State.INTERRUPTED, "interrupted before it was looked at")


class Progress(Protocol):
    """Is told what a gathering waits for; from any thread, and it must not block."""

    def begins(self, who: str, what: str, seconds: float = 0.0) -> None:
        """Say that ``what`` is waited for: of the node with that directory or address, ``seconds`` at the most."""

    def counts(self, who: str, files: int) -> None:
        """Say how many files of that node were read so far."""

    def ends(self, who: str, what: str) -> None:
        """Say that it is waited for no more."""


class _Nobody:
    def begins(self, who: str, what: str, seconds: float = 0.0) -> None:
        pass

    def counts(self, who: str, files: int) -> None:
        pass

    def ends(self, who: str, what: str) -> None:
        pass


NOBODY: Final[Progress] = _Nobody()


@dataclass(frozen=True, slots=True)
class Attendance:
    """``progress`` is told what is waited for; once ``stop`` is set, everything that is not there is interrupted."""

    progress: Progress = NOBODY
    stop: asyncio.Event | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether the gathering is to end with what is there."""
        return self.stop is not None and self.stop.is_set()

    @contextmanager
    def telling(self, who: str, what: str, seconds: float = 0.0) -> Iterator[None]:
        """Tell of something while it is done."""
        self.progress.begins(who, what, seconds)
        try:
            yield
        finally:
            self.progress.ends(who, what)

    async def do(
        self,
        who: str,
        what: str,
        seconds: float,
        work: Callable[[], Coroutine[Any, Any, T]],
        instead: Callable[[Missing], T],
    ) -> T:
        """Do one piece of the work, ``seconds`` at the most; return ``instead`` where it is interrupted.

        ``work`` is called once it is begun: what was never begun need not be ended.
        """
        if self.is_over:
            return instead(INTERRUPTED)
        with self.telling(who, what, seconds):
            if self.stop is None:
                return await work()
            return await _first(asyncio.create_task(work()), self.stop, instead)

    async def pause(self, seconds: float) -> bool:
        """Wait so long, or until it is over; tell whether it is."""
        if self.stop is None:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                return await self.stop.wait()
        except TimeoutError:
            return False


async def _first(task: asyncio.Task[T], stop: asyncio.Event, instead: Callable[[Missing], T]) -> T:
    halt = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, halt}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else instead(INTERRUPTED)
    finally:
        halt.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_LET_GO)
