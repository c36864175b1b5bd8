"""A report narrowed to what is new since an earlier one."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Status
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports._words import ascii_only
from symphony_doctor.reports.baseline import narrowed
from symphony_doctor.reports.json_v1 import convert, schema

from . import builder

WELL = builder.report()
ILL = builder.report(builder.account_missing())
FOUND = ILL.findings[0]
WORDS = ascii_only(f"ERROR AC001 {FOUND.finding.title}")


def since(before: Report, now: Report) -> Report:
    return narrowed(now, convert(before))


def plain(report: Report) -> str:
    return " ".join(FORMATS["terminal"](report).split())


def test_what_is_new_is_shown() -> None:
    report = since(WELL, ILL)
    assert report.findings == ILL.findings
    assert f"1 problem (error), new since {convert(WELL).generated_at}" in plain(report)


def test_what_was_there_is_not_shown_but_told() -> None:
    report = since(ILL, ILL)
    assert report.findings == ()
    text = plain(report)
    assert f"No new problem since {convert(ILL).generated_at}, 1 older one still there" in text
    assert "Healthy" not in text
    assert f"Still there: {WORDS}" in text


def test_what_is_gone_is_told() -> None:
    report = since(ILL, builder.report(results=(builder.result("AC001", "x", Status.PASSED),)))
    assert report.findings == ()
    assert "Healthy" in plain(report)
    assert f"Gone: {WORDS}" in plain(report)


def test_what_cannot_be_decided_any_more_is_not_gone() -> None:
    blind = builder.report(results=(builder.result("AC001", "x", Status.SKIPPED, "no answer", unproven=True),))
    assert f"Not known: {WORDS}" in plain(since(ILL, blind))


def test_what_is_worse_is_shown_again_and_what_is_milder_is_not() -> None:
    milder = replace(ILL, findings=tuple(replace(each, severity=Severity.WARNING) for each in ILL.findings))
    assert since(milder, ILL).findings == ILL.findings
    assert since(ILL, milder).findings == ()


def test_an_effect_of_an_older_cause_stands_by_itself() -> None:
    effect = replace(FOUND, id="effect", cause=FOUND.id)
    now = replace(ILL, findings=(FOUND, effect))
    assert since(ILL, now).findings == (replace(effect, cause=None),)
    assert since(WELL, now).findings == now.findings


@pytest.mark.parametrize("before", [WELL, ILL])
def test_the_document_is_valid_and_has_since_only_with_a_baseline(before: Report) -> None:
    document = json.loads(FORMATS["json"](since(before, ILL)))
    jsonschema.validate(document, schema())
    assert document["since"]["at"] == convert(before).generated_at
    assert "since" not in json.loads(FORMATS["json"](ILL))
