"""JUnit, Prometheus, Nagios, Markdown: each read back by the format's own parser."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Severity, Subject
from symphony_doctor.model.report import Report, Status
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.junit import to_junit
from symphony_doctor.reports.markdown import to_markdown, to_paste
from symphony_doctor.reports.nagios import PluginStatus, status_of, to_nagios, unknown
from symphony_doctor.reports.prometheus import to_prometheus

from . import builder
from .strategies import reports

HOSTILE = 'a|b\n# <script>`x` & "y" \\ {z} ]]> \x1b[31m\x00'
BROKEN = builder.report(*builder.wizard())
PLUGIN_LINE = re.compile(r"SYMPHONY (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \|( [a-z]+=\d+)+")


def hostile() -> Report:
    finding = builder.found(
        "JS001",
        "name",
        HOSTILE,
        subject=Subject("stream", HOSTILE),
        nodes=(HOSTILE,),
        detail=HOSTILE,
        evidence=(EvidenceEntry(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        remedies=(Remedy(HOSTILE, ("echo '```' `date`",)),),
    )
    return replace(builder.report(finding), cluster_name=HOSTILE)


def suite(report: Report) -> Element:
    document = fromstring(to_junit(report))  # noqa: S314 - our own
    assert document.tag == "testsuites"
    (found,) = document
    return found


def samples(report: Report) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(to_prometheus(report))
        for sample in family.samples
    }


def series(report: Report, metric: str, **labels: str) -> float:
    return samples(report)[f"symphony_doctor_{metric}", tuple(sorted({"cluster": "symphony", **labels}.items()))]


def test_junit_counts_what_it_holds() -> None:
    found = suite(BROKEN)
    cases = found.findall("testcase")
    assert int(found.attrib["tests"]) == len(cases) == len(BROKEN.results)
    assert int(found.attrib["failures"]) == sum(case.find("failure") is not None for case in cases) > 0
    assert int(found.attrib["skipped"]) == sum(case.find("skipped") is not None for case in cases)
    assert found.attrib["timestamp"] == "2026-01-02T03:04:05"


def test_junit_is_read_by_a_parser_of_others_with_the_outcome_of_every_rule() -> None:
    results = (
        builder.result("JS001", "name", Status.FAILED),
        builder.result("XY001", "crash", Status.CRASHED, "boom"),
        builder.result("XY002", "skip", Status.SKIPPED, "no evidence"),
        *builder.passed("CF001"),
    )
    report = replace(hostile(), results=results)
    (read,) = JUnitXml.fromfile(io.BytesIO(to_junit(report).encode()))
    assert isinstance(read, TestSuite)
    declared = (read.tests, read.failures, read.errors, read.skipped, read.timestamp)
    read.update_statistics()  # type: ignore[no-untyped-call]
    assert declared == (read.tests, read.failures, read.errors, read.skipped, "2026-01-02T03:04:05") == (
        4, 1, 1, 1, "2026-01-02T03:04:05",
    )  # fmt: skip
    outcomes = {case.name: [type(each) for each in case.result] for case in read}
    assert outcomes == {
        "JS001 name": [Failure],
        "XY001 crash": [Error],
        "XY002 skip": [Skipped],
        "CF001 rule-cf001": [],
    }


def test_junit_has_commands_as_they_are() -> None:
    text = suite(builder.report(builder.account_missing())).findtext(".//failure") or ""
    commands = [line for remedy in builder.account_missing().finding.remedies for line in remedy.commands]
    assert commands
    assert all(f"  {line}" in text.split("\n") for line in commands)


def test_junit_info_is_no_failure_and_a_crash_an_error() -> None:
    note = builder.found("CF005", "resolver-interval", "worth knowing", severity=Severity.INFO)
    results = (
        builder.result("CF005", "resolver-interval", Status.FAILED),
        builder.result("XY001", "crash", Status.CRASHED, "boom"),
        builder.result("XY002", "skip", Status.SKIPPED, "no evidence"),
    )
    found = suite(builder.report(note, results=results, problems=("rules of x: broken",)))
    assert (found.attrib["failures"], found.attrib["errors"], found.attrib["skipped"]) == ("0", "2", "1")


def test_prometheus_tells_counts_and_roots() -> None:
    root = BROKEN.roots[0]
    assert series(BROKEN, "healthy") == 0
    assert series(BROKEN, "findings", severity="critical") == BROKEN.count(Severity.CRITICAL)
    assert series(BROKEN, "run_timestamp_seconds") == builder.AT
    subject = root.finding.subject
    labels = {
        "code": root.code,
        "name": root.name,
        "severity": "critical",
        "kind": subject.kind,
        "subject": subject.name,
    }
    assert series(BROKEN, "finding", **labels) == 1
    assert sum(name == "symphony_doctor_finding" for name, _ in samples(BROKEN)) == len(BROKEN.roots)


def test_prometheus_healthy_only_where_it_is_proven() -> None:
    assert series(builder.report(), "healthy") == 1
    unproven = builder.result("RT003", "x", Status.SKIPPED, "no answer", unproven=True)
    assert series(builder.report(results=(unproven,)), "healthy") == 0
    assert series(builder.report(results=(unproven,)), "unproven") == 1
    assert series(builder.report(nodes=()), "healthy") == 0


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (builder.report(), PluginStatus.OK),
        (builder.report(builder.found("A", "a", "t", severity=Severity.INFO)), PluginStatus.OK),
        (builder.report(builder.found("A", "a", "t", severity=Severity.WARNING)), PluginStatus.WARNING),
        (builder.report(builder.found("A", "a", "t", severity=Severity.ERROR)), PluginStatus.CRITICAL),
        (BROKEN, PluginStatus.CRITICAL),
        (builder.report(nodes=()), PluginStatus.UNKNOWN),
        (
            builder.report(results=(builder.result("A", "a", Status.SKIPPED, "x", unproven=True),)),
            PluginStatus.UNKNOWN,
        ),
        (builder.report(problems=("a plugin is broken",)), PluginStatus.UNKNOWN),
    ],
)
def test_nagios_status_and_line(report: Report, status: PluginStatus) -> None:
    assert status_of(report) is status
    first = to_nagios(report).splitlines()[0]
    assert PLUGIN_LINE.fullmatch(first)
    assert first.startswith(f"SYMPHONY {status.name} - symphony: ")


def test_nagios_says_why_nothing_is_known() -> None:
    assert unknown("no | such\noption") == "SYMPHONY UNKNOWN - no / such option\n"


def test_markdown_shows_every_value_as_it_is_and_nothing_as_markup() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(hostile()))
    kinds = {token.type for token in tokens} | {each.type for token in tokens for each in token.children or ()}
    assert not kinds & {"html_block", "code_inline", "link_open", "image", "strikethrough_open", "em_open"}
    headings = [tokens[at + 1].children for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert len(headings) == 3
    fences = [token.content for token in tokens if token.type == "fence"]
    assert fences == ["echo '```' `date`\n"]
    cells = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 4


def test_markdown_of_the_worst_has_its_evidence_and_commands() -> None:
    text = to_markdown(builder.report(builder.account_missing()))
    for remedy in builder.account_missing().finding.remedies:
        assert all(command in text.split("\n") for command in remedy.commands)
    assert "| node1 | " in text


def test_a_block_to_paste_has_roots_alone_with_their_first_commands() -> None:
    lines = to_paste(BROKEN).splitlines()
    assert lines[0].startswith("symphony (3 nodes): ")
    assert [line.split()[1] for line in lines if line.startswith(("CRITICAL", "ERROR", "WARNING"))] == [
        root.code for root in BROKEN.roots if root.severity > Severity.INFO
    ]
    command = next(remedy.commands[0] for root in BROKEN.roots for remedy in root.finding.remedies)
    assert f"  {command.splitlines()[0]}" in lines


@pytest.mark.parametrize("format_", ["junit", "sarif", "prometheus", "nagios", "markdown", "paste"])
def test_hostile_text_is_harmless_everywhere(format_: str) -> None:
    document = FORMATS[format_](hostile())
    assert "\x1b" not in document
    assert "\x00" not in document


@given(report=reports)
@settings(max_examples=40, deadline=None)
def test_any_report_can_be_read_back(report: Report) -> None:
    suite(report)
    samples(report)
    assert PLUGIN_LINE.fullmatch(to_nagios(report).splitlines()[0])
    MarkdownIt("commonmark").enable("table").parse(to_markdown(report))
    assert to_paste(report).endswith("\n")
