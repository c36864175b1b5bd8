"""Work that goes on at once: begun as soon as it is known, and ended with the block that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Together:
    """Tasks under keys: what is known under its key already is not begun again.

    Nothing waits behind something else that is silent: each piece has a deadline of its own from when it is known.
    """

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def begin(self, key: Hashable, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a piece of work, unless one of that key was begun before; return it."""
        if key in self._tasks:
            work.close()
        else:
            self._tasks[key] = asyncio.create_task(work)
        return self._tasks[key]

    def has(self, key: Hashable) -> bool:
        """Tell whether a piece of that key was begun."""
        return key in self._tasks

    async def done(self) -> None:
        """Wait for all, also for what is begun meanwhile. Raises what a piece raised."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                task.result()
