"""JUnit XML, as CI systems read it: each rule is a test case, what it found are its failures."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import CheckResult, Report, Reported, Status
from symphony_doctor.reports._words import lines_of, one_line

_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, not even escaped."""


def to_junit(report: Report) -> str:
    """Render a report as one test suite. A finding above info is a failure, a crashed rule an error."""
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", _attributes(report))
    for result in report.results:
        muted = [found for found in report.muted if found.code == result.code]
        _case(suite, result, [found for found in report.findings if found.code == result.code], muted)
    for number, problem in enumerate((*report.problems, *report.unseen), 1):
        case = SubElement(suite, "testcase", classname="symphony-doctor", name=f"evidence {number}", time="0")
        SubElement(case, "error", message=_text(problem), type="not had")
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _attributes(report: Report) -> dict[str, str]:
    failed = {found.code for found in report.findings if found.severity > Severity.INFO}
    lost = len(report.problems) + len(report.unseen)
    muted = {found.code for found in report.muted} - failed - {each.code for each in report.results_of(Status.CRASHED)}
    return {
        "name": _text(report.cluster_name) or "cluster without a name",
        "tests": str(len(report.results) + lost),
        "failures": str(len(failed)),
        "errors": str(len(report.results_of(Status.CRASHED)) + lost),
        "skipped": str(len(report.results_of(Status.SKIPPED)) + len(muted)),
        "time": f"{sum(result.duration_ms for result in report.results) / 1000:.3f}",
        "timestamp": datetime.fromtimestamp(report.generated_at, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _case(suite: Element, result: CheckResult, findings: list[Reported], muted: list[Reported]) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"symphony-doctor.{_text(result.code)[:2]}",
        name=f"{_text(result.code)} {_text(result.name)}",
        time=f"{result.duration_ms / 1000:.3f}",
    )
    if result.status is Status.CRASHED:
        SubElement(case, "error", message=_text(result.reason), type="crashed")
    elif result.status is Status.SKIPPED:
        SubElement(case, "skipped", message=_text(result.reason))
    elif _is_muted(findings, muted):
        SubElement(case, "skipped", message=f"muted: {_text(muted[0].finding.title)}")
    for found in findings:
        if found.severity > Severity.INFO:
            failure = SubElement(case, "failure", message=_text(found.finding.title), type=found.severity.word)
            failure.text = _details(found)
        else:
            SubElement(case, "system-out").text = _text(found.finding.title)
    for found in muted:
        SubElement(case, "system-out").text = f"muted: {found.severity.word.upper()} {_text(found.finding.title)}"


def _is_muted(findings: list[Reported], muted: list[Reported]) -> bool:
    """Tell whether all that a rule found above info is muted."""
    return bool(muted) and all(found.severity is Severity.INFO for found in findings)


def _details(found: Reported) -> str:
    finding = found.finding
    lines = [f"on {', '.join(finding.nodes)}"] if finding.nodes else []
    lines += [finding.detail] if finding.detail else []
    lines += [
        f"{each.source}, {each.where}: expected {each.expected}, found {each.actual}" for each in finding.evidence
    ]
    lines += [f"explained by {found.cause}"] if found.cause else []
    shown = [_text(line) for line in lines]
    for remedy in finding.remedies:
        shown.append(f"{_text(remedy.title)}:")
        shown += [f"  {_kept(line)}" for command in remedy.commands for line in lines_of(command)]
    return "\n".join(shown)


def _text(text: str) -> str:
    return _kept(one_line(text))


def _kept(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
