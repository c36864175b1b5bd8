"""``run --wait``: says on standard error what is still waited for."""

from __future__ import annotations

from collections.abc import Iterable

import click

from symphony_doctor.model.check import Check
from symphony_doctor.model.report import Report
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports.waiting import waiting_lines


def tell_waiting(before: Report | None, now: Report, rules: Iterable[Check], left: float, known: Secrets) -> None:
    """Say what is still waited for, with ``left`` seconds to go, where that has changed since ``before``."""
    transient = frozenset(rule.code for rule in rules if rule.transient)
    for line in waiting_lines(before, now, transient, max(0.0, left)):
        click.echo(known.redact(line), err=True)


def tell_interrupted() -> None:
    """Say that the report that follows is not complete."""
    click.echo("symphony-doctor: interrupted: the report has what was there by then", err=True)
