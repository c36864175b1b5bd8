"""What appeared and what went away between two looks."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Status
from symphony_doctor.reports.changes import change_lines

from . import builder

WELL = builder.report()
ILL = builder.report(builder.account_missing())
WORDS = f"ERROR AC001 {builder.account_missing().finding.title} (on node3)"


def test_the_first_look_gives_the_verdict() -> None:
    (line,) = change_lines(None, WELL)
    assert line.startswith("03:04:05 symphony (3 nodes): Healthy")


def test_new_and_gone() -> None:
    assert list(change_lines(WELL, ILL)) == [f"03:04:05 + {WORDS}"]
    assert list(change_lines(ILL, WELL)) == [f"03:04:05 - {WORDS}"]
    assert list(change_lines(ILL, ILL)) == []


def test_another_severity() -> None:
    milder = replace(ILL, findings=tuple(replace(each, severity=Severity.WARNING) for each in ILL.findings))
    assert list(change_lines(milder, ILL)) == [f"03:04:05 ! {WORDS}, was warning"]


def test_what_cannot_be_decided_any_more_is_not_gone() -> None:
    blind = builder.report(results=(builder.result("AC001", "x", Status.SKIPPED, "no answer", unproven=True),))
    first, second = change_lines(ILL, blind)
    assert first == f"03:04:05 ? {WORDS}"
    assert second.startswith("03:04:05 symphony (3 nodes): No problem found")
