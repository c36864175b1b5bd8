"""What `run` and `demo` share: gather, judge, write the document, choose the exit status."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.commands._gather import gather
from symphony_doctor.commands._output import write_checked
from symphony_doctor.commands._waiting import tell_waiting
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Status
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Snapshot

_PAUSE = 1.0
"""Seconds between two looks while waiting."""


def new_secrets() -> Secrets:
    """Return the registry of one run, under a key of its own."""
    return Secrets(secrets.token_bytes(32))


async def look(
    request: Request, checks: Iterable[Check], known: Secrets, *, problems: Iterable[str] = (), wait: float = 0.0
) -> Report:
    """Gather and judge; with ``wait`` again and again until healthy or until so many seconds are over.

    What it still waits for is said on standard error, each time that it changes.
    """
    report, _ = await look_closely(request, checks, known, problems=problems, wait=wait)
    return report


async def observe(request: Request, known: Secrets) -> Cluster:
    """Gather everything once."""
    return cluster_of(await gather(request, known))


def cluster_of(seen: Snapshot) -> Cluster:
    """Join what was seen to the cluster that rules look at."""
    cluster = assemble(seen.observations, seen.observed_at, Scope(seen.network, seen.credentials, seen.files))
    if seen.earlier is None:
        return cluster
    before = assemble(
        seen.earlier.observations, seen.earlier.observed_at, Scope(seen.network, seen.credentials, files=False)
    )
    return replace(cluster, earlier=Seen(before, "the servers' answers of an earlier sample"))


async def look_closely(
    request: Request, checks: Iterable[Check], known: Secrets, *, problems: Iterable[str] = (), wait: float = 0.0
) -> tuple[Report, Cluster]:
    """Do as ``look``, and return the snapshot too."""
    rules, reasons = tuple(checks), tuple(problems)
    until = time.monotonic() + wait
    before: Report | None = None
    while True:
        cluster = await observe(request, known)
        report = diagnose(rules, cluster, problems=reasons, judging=request.judging)
        if report.is_healthy or time.monotonic() >= until:
            return report, cluster
        tell_waiting(before, report, rules, until - time.monotonic(), known)
        before = report
        await asyncio.sleep(min(_PAUSE, max(0.0, until - time.monotonic())))


def exit_status(report: Report, threshold: Severity, format_: str = "terminal") -> int:
    """Return the status of a run: the first of 4 (crashed), 1 (findings), 3 (unproven) that holds, else 0.

    In the format ``nagios`` it is that of a plugin, whatever the threshold.
    """
    if format_ == "nagios":
        from symphony_doctor.reports.nagios import status_of

        return status_of(report).value
    if report.results_of(Status.CRASHED) or report.problems:
        return 4
    if any(found.severity >= threshold for found in report.findings):
        return 1
    return 3 if report.is_unproven else 0


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
        color=terminal and color and not os.environ.get("NO_COLOR"),
        terminal=terminal,
    )
    write_checked(document, known, output)
