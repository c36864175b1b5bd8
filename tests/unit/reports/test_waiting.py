"""What is said while `run --wait` waits."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Status
from symphony_doctor.reports.waiting import waiting_lines

from . import builder

WELL = builder.report()
ILL = builder.report(builder.account_missing())
WORDS = f"ERROR AC001 {builder.account_missing().finding.title} (on node3)"


def test_what_passes_by_itself_is_said_to() -> None:
    assert list(waiting_lines(None, ILL, {"AC001"}, 12.4)) == [
        "still waiting, at most 12 s: 1 problem of the kind that passes by itself while a cluster starts",
        f"  {WORDS}: passes by itself while a cluster starts",
    ]


def test_a_fault_is_told_from_it() -> None:
    assert list(waiting_lines(None, ILL, {"JS004"}, 12.4)) == [
        "still waiting, at most 12 s: 1 fault that waiting alone does not repair",
        f"  {WORDS}: a fault: waiting alone does not repair it",
    ]


def test_nothing_is_said_twice() -> None:
    assert list(waiting_lines(ILL, ILL, set(), 9)) == []
    assert list(waiting_lines(WELL, ILL, set(), 9)) == list(waiting_lines(None, ILL, set(), 9))
    milder = replace(ILL, findings=tuple(replace(each, severity=Severity.WARNING) for each in ILL.findings))
    assert list(waiting_lines(milder, ILL, set(), 9)) == list(waiting_lines(None, ILL, set(), 9))


def test_evidence_that_is_not_in() -> None:
    blind = builder.report(results=(builder.result("AC001", "x", Status.SKIPPED, "node2: no answer", unproven=True),))
    assert list(waiting_lines(None, blind, set(), 3)) == [
        "still waiting, at most 3 s: evidence that is not in yet",
        "  not in yet: node2: no answer",
    ]


def test_many_of_a_kind_are_counted() -> None:
    many = [replace(each, id=str(number)) for number in range(11) for each in ILL.findings]
    lines = list(waiting_lines(None, replace(ILL, findings=tuple(many)), set(), 3))
    assert lines[-1] == "  and 3 more: a fault: waiting alone does not repair it"
    assert len(lines) == 1 + 8 + 1
