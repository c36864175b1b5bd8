"""Shows on standard error what a gathering waits for, where that is a terminal and it takes long; erased at its end."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from symphony_doctor.commands._output import is_screen
from symphony_doctor.reports.progress import Waiting, progress_lines
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.request import Request

PATIENCE: Final = 0.5
"""Seconds after which somebody wonders what is going on."""

_PAUSE: Final = 0.1


class Board:
    """What is waited for right now. Threads tell it too: each of its changes is a single one of a dictionary."""

    def __init__(self, nodes: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._nodes = nodes
        self._clock = clock
        self._began = clock()
        self._waiting: dict[tuple[str, str], float] = {}
        self._files: dict[str, int] = {}

    def begins(self, who: str, what: str, seconds: float = 0.0) -> None:
        """Note what is waited for."""
        self._waiting[who, what] = self._clock() + seconds if seconds else 0.0

    def counts(self, who: str, files: int) -> None:
        """Note how many files were read."""
        self._files[who] = files

    def ends(self, who: str, what: str) -> None:
        """Note that it is waited for no more."""
        self._waiting.pop((who, what), None)

    def lines(self, size: tuple[int, int], *, stopped: bool = False) -> tuple[str, ...]:
        """Return what there is to show."""
        waiting: dict[str, list[Waiting]] = {}
        for (who, what), until in list(self._waiting.items()):
            waiting.setdefault(who, []).append(Waiting(what, until))
        now = self._clock()
        return progress_lines(waiting, self._nodes, self._files, began=self._began, now=now, size=size, stopped=stopped)


@asynccontextmanager
async def progress_shown(request: Request) -> AsyncIterator[Request]:
    """Give the request that tells of its progress, where somebody looks at standard error."""
    if not is_screen(sys.stderr):
        yield request
        return
    board = Board(_names(request.directories) or {each.text: each.text for each in request.servers})
    attendance = replace(request.attendance, progress=board)
    drawing = asyncio.create_task(_draw(board, lambda: attendance.is_over))
    try:
        yield replace(request, attendance=attendance)
    finally:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing


async def _draw(board: Board, stopped: Callable[[], bool]) -> None:
    drawn = 0
    try:
        await asyncio.sleep(PATIENCE)
        while True:
            columns, lines = shutil.get_terminal_size()
            shown = board.lines((columns, lines), stopped=stopped())
            _write(drawn, shown)
            drawn = len(shown)
            await asyncio.sleep(_PAUSE)
    finally:
        if drawn:
            _write(drawn, ())


def _write(drawn: int, lines: tuple[str, ...]) -> None:
    """Write lines in the place of those drawn before (ECMA-48: cursor up, erase below)."""
    erase = f"\r\x1b[{drawn}A\x1b[J" if drawn else ""
    # a terminal that has gone away is no reason to end
    with suppress(OSError, ValueError):
        sys.stderr.write(erase + "".join(f"{line}\n" for line in lines))
        sys.stderr.flush()


def _names(directories: tuple[NodeDirectory, ...]) -> dict[str, str]:
    """Return what nodes are called before anything was read: the name given, else that of the directory."""
    names = {each.place: each.name or each.directory.name or each.place for each in directories}
    count = Counter(names.values())
    return {place: name if count[name] == 1 else place for place, name in names.items()}
