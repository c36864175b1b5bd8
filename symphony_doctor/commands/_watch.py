"""``run --watch``: look again and again, show what there is, and note what appeared and what went away."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Never, TypeVar

import click

from symphony_doctor.commands._output import is_colored, is_screen, write_checked
from symphony_doctor.commands._values import DURATION
from symphony_doctor.errors import UsageError
from symphony_doctor.model.report import Report
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.changes import change_lines

F = TypeVar("F", bound=Callable[..., Any])

_MOST_CHANGES = 12
_CLEARED = "\x1b[H\x1b[2J\x1b[3J"
"""Cursor home, screen and what was scrolled out cleared (ECMA-48, xterm)."""


def watch_options(function: F) -> F:
    """Add the options of looking again and again."""
    every = click.option(
        "--every", type=DURATION, default=5.0, metavar="S", help="With --watch: between two looks; 5s."
    )
    return click.option("--watch", is_flag=True, help="Look again and again; Ctrl-C ends it.")(every(function))


def check(*, others: dict[str, bool]) -> None:
    """Refuse options that make no sense with --watch; raise ``UsageError``."""
    given = [name for name, is_given in others.items() if is_given]
    if given:
        raise UsageError(f"--watch shows what it sees as it changes: leave out {' and '.join(given)}")


async def watch(look: Callable[[], Awaitable[Report]], known: Secrets, *, every: float, color: bool) -> Never:
    """Look every so many seconds until interrupted. A terminal is redrawn; elsewhere each change is a line."""
    color = is_colored(color)
    before: Report | None = None
    changes: deque[str] = deque(maxlen=_MOST_CHANGES)
    while True:
        began = time.monotonic()
        report = await look()
        lines = list(change_lines(before, report))
        changes.extend(lines if before is not None else ())
        if is_screen(sys.stdout):
            size = shutil.get_terminal_size()
            page = FORMATS["terminal"](report, width=size.columns, color=color, terminal=True)
            noted = "".join(f"{line}\n" for line in ("", *changes)) if changes else ""
            write_checked(_CLEARED + page + noted, known)
        elif lines:
            write_checked("".join(f"{line}\n" for line in lines), known)
        sys.stdout.flush()
        before = report
        await asyncio.sleep(max(0.1, every - (time.monotonic() - began)))
