"""What `run` and `demo` share: gather, judge, write the document, choose the exit status."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from symphony_doctor.commands._observing import observe, observe_or_stop, pause_or_stop
from symphony_doctor.commands._output import is_colored, write_checked
from symphony_doctor.commands._waiting import tell_interrupted, tell_waiting
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.report import Report
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.request import Request

_PAUSE = 1.0
"""Seconds between two looks while waiting."""


def new_secrets() -> Secrets:
    """Return the registry of one run, under a key of its own."""
    return Secrets(secrets.token_bytes(32))


async def look(
    request: Request,
    checks: Iterable[Check],
    known: Secrets,
    *,
    problems: Iterable[str] = (),
    wait: float = 0.0,
    stoppable: bool = False,
) -> Report:
    """Gather and judge; with ``wait`` again and again until healthy or until so many seconds are over.

    What it still waits for is said on standard error, each time that it changes. Where it is ``stoppable``, Ctrl-C
    ends it with what is there, marked as interrupted.
    """
    report, _ = await look_closely(request, checks, known, problems=problems, wait=wait, stoppable=stoppable)
    return report


async def look_closely(
    request: Request,
    checks: Iterable[Check],
    known: Secrets,
    *,
    problems: Iterable[str] = (),
    wait: float = 0.0,
    stoppable: bool = False,
) -> tuple[Report, Cluster]:
    """Do as ``look``, and return the snapshot too."""
    rules, reasons = tuple(checks), tuple(problems)
    until = time.monotonic() + wait
    before: Report | None = None
    while True:
        cluster, stopped = (
            await observe_or_stop(request, known) if stoppable else (await observe(request, known), False)
        )
        report = replace(diagnose(rules, cluster, problems=reasons, judging=request.judging), is_interrupted=stopped)
        if stopped:
            tell_interrupted()
        if stopped or report.is_healthy or time.monotonic() >= until:
            return report, cluster
        tell_waiting(before, report, rules, until - time.monotonic(), known)
        before = report
        pause = min(_PAUSE, max(0.0, until - time.monotonic()))
        if await (pause_or_stop(pause) if stoppable else asyncio.sleep(pause, result=False)):
            tell_interrupted()
            return replace(report, is_interrupted=True), cluster


def write(
    report: Report,
    known: Secrets,
    *,
    format_: str = "terminal",
    output: Path | None = None,
    color: bool = True,
    verbosity: int = 0,
) -> None:
    """Write the report to standard output or to a file, unless it holds a secret that this run has read."""
    terminal = output is None and sys.stdout.isatty()
    document = FORMATS[format_](
        report,
        verbosity=verbosity,
        width=shutil.get_terminal_size().columns if terminal else 80,
        color=terminal and is_colored(color),
        terminal=terminal,
    )
    write_checked(document, known, output)
