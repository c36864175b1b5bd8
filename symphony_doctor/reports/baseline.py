"""A report without what an earlier one had already: what is new or worse, and what is gone."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Known, Report, Since
from symphony_doctor.reports.comparison import compare
from symphony_doctor.reports.json_v1 import FindingV1, ReportV1, convert


def narrowed(report: Report, before: ReportV1) -> Report:
    """Return the report with the findings that are new or worse since ``before``; ``since`` has the others.

    A finding whose cause was there before stands by itself.
    """
    found = compare(before, convert(report))
    worse = {now.id for then, now in found.changed if _severity(now) > _severity(then)}
    shown = {each.id for each in found.new} | worse
    still = [*found.still, *(now for _, now in found.changed if now.id not in worse)]
    return replace(
        report,
        findings=tuple(
            replace(each, cause=each.cause if each.cause in shown else None)
            for each in report.findings
            if each.id in shown
        ),
        since=Since(
            at=before.generated_at,
            still=tuple(map(_known, still)),
            gone=tuple(map(_known, found.gone)),
            unknown=tuple(map(_known, found.unknown)),
        ),
    )


def _known(finding: FindingV1) -> Known:
    return Known(finding.id, finding.code, _severity(finding), finding.title)


def _severity(finding: FindingV1) -> Severity:
    return Severity[finding.severity.upper()]
