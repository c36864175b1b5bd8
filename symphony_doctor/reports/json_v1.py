"""The report as JSON, version 1: these classes are the schema, and outlive changes of the model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Severity, Subject
from symphony_doctor.model.report import CheckResult, NodeCoverage, Report, Reported, Since, Status
from symphony_doctor.reports._json_mutes import MuteV1, ThresholdV1, mute_v1, threshold_v1
from symphony_doctor.reports._json_words import SEVERITIES
from symphony_doctor.reports._json_words import writable as _text
from symphony_doctor.reports._json_words import writable_all as _texts
from symphony_doctor.reports._json_words import writable_or_none as _optional

SCHEMA: Final = "symphony-doctor/report/v1"

_SOURCES: Final = ("files", "nats", "info", "http")
"""The sources that ``coverage`` always has, though no node gave them."""


@dataclass(frozen=True, slots=True)
class DoctorV1:
    """The program that looked."""

    version: str


@dataclass(frozen=True, slots=True)
class NodeV1:
    """A node: what it was looked at by, and what could not be had of it."""

    name: str
    sources: list[str]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class ClusterV1:
    """The cluster and its nodes."""

    name: str
    nodes: list[NodeV1]


@dataclass(frozen=True, slots=True)
class SummaryV1:
    """Findings by severity, explained ones included; rules by outcome; the nodes that each source covers."""

    critical: int
    error: int
    warning: int
    info: int
    passed: int
    skipped: int
    crashed: int
    muted: int
    coverage: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class CheckV1:
    """The outcome of a rule. ``unproven``: skipped for want of evidence that was asked for."""

    code: str
    name: str
    status: Literal["passed", "failed", "skipped", "crashed"]
    reason: str
    duration_ms: float
    unproven: bool


@dataclass(frozen=True, slots=True)
class SubjectV1:
    """The one thing that a finding is about."""

    kind: str
    account: str | None
    name: str


@dataclass(frozen=True, slots=True)
class EvidenceV1:
    """One line of proof."""

    source: str
    where: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class RemedyV1:
    """A way to repair."""

    title: str
    commands: list[str]
    action: str | None
    risk: Literal["safe", "disruptive", "destructive"]
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class FindingV1:
    """A problem; ``cause`` is the id of the finding that explains it."""

    id: str
    code: str
    name: str
    severity: Literal["critical", "error", "warning", "info"]
    title: str
    detail: str
    nodes: list[str]
    subject: SubjectV1
    evidence: list[EvidenceV1]
    cause: str | None
    remedies: list[RemedyV1]
    docs: str


@dataclass(frozen=True, slots=True)
class SinceV1:
    """What `--baseline` narrowed the report by: when that was made, the ids of its findings by what became of them."""

    at: str
    still: list[str]
    gone: list[str]
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class ReportV1:
    """The whole document."""

    schema: Literal["symphony-doctor/report/v1"]
    doctor: DoctorV1
    generated_at: str
    cluster: ClusterV1
    summary: SummaryV1
    checks: list[CheckV1]
    findings: list[FindingV1]
    problems: list[str]
    unseen: list[str]
    since: SinceV1 | None = None
    muted: list[FindingV1] = field(default_factory=list)
    mutes: list[MuteV1] = field(default_factory=list)
    thresholds: list[ThresholdV1] = field(default_factory=list)
    interrupted: bool = False


def to_json(report: Report) -> str:
    """Return the report as an indented document in ASCII; a terminal finds nothing in it to obey."""
    return json.dumps(convert(report), default=_members, indent=2, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    from importlib import resources  # noqa: PLC0415 - a run needs no schema

    text = (resources.files(__package__) / "report-v1.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def convert(report: Report) -> ReportV1:
    """Convert the model to the classes of the schema."""
    at = datetime.fromtimestamp(report.generated_at, UTC).isoformat(timespec="seconds")
    return ReportV1(
        schema=SCHEMA,
        doctor=DoctorV1(_text(report.doctor_version)),
        generated_at=at.replace("+00:00", "Z"),
        cluster=ClusterV1(_text(report.cluster_name), [_node(node) for node in report.nodes]),
        summary=_summary(report),
        checks=[_check(result) for result in report.results],
        findings=[_finding(found) for found in report.findings],
        problems=_texts(report.problems),
        unseen=_texts(report.unseen),
        since=_since(report.since) if report.since else None,
        muted=[_finding(found) for found in report.muted],
        mutes=[mute_v1(muting) for muting in report.mutes],
        thresholds=[threshold_v1(judged) for judged in report.thresholds],
        interrupted=report.is_interrupted,
    )


def _since(since: Since) -> SinceV1:
    still, gone, unknown = ([_text(item.id) for item in items] for items in (since.still, since.gone, since.unknown))
    return SinceV1(_text(since.at), still, gone, unknown)


def _summary(report: Report) -> SummaryV1:
    coverage: dict[str, list[str]] = {source: [] for source in _SOURCES}
    for node in report.nodes:
        for source in node.sources:
            coverage.setdefault(_text(source), []).append(_text(node.name))
    return SummaryV1(
        critical=report.count(Severity.CRITICAL),
        error=report.count(Severity.ERROR),
        warning=report.count(Severity.WARNING),
        info=report.count(Severity.INFO),
        passed=len(report.results_of(Status.PASSED)),
        skipped=len(report.results_of(Status.SKIPPED)),
        crashed=len(report.results_of(Status.CRASHED)),
        muted=len(report.muted),
        coverage=coverage,
    )


def _node(node: NodeCoverage) -> NodeV1:
    return NodeV1(_text(node.name), _texts(node.sources), _texts(node.missing))


def _check(result: CheckResult) -> CheckV1:
    return CheckV1(
        code=_text(result.code),
        name=_text(result.name),
        status=result.status.value,
        reason=_text(result.reason),
        duration_ms=result.duration_ms,
        unproven=result.unproven,
    )


def _finding(found: Reported) -> FindingV1:
    finding = found.finding
    return FindingV1(
        id=_text(found.id),
        code=_text(found.code),
        name=_text(found.name),
        severity=SEVERITIES[found.severity],
        title=_text(finding.title),
        detail=_text(finding.detail),
        nodes=_texts(finding.nodes),
        subject=_subject(finding.subject),
        evidence=[_evidence(entry) for entry in finding.evidence],
        cause=_optional(found.cause),
        remedies=[_remedy(remedy) for remedy in finding.remedies],
        docs=_text(found.docs),
    )


def _subject(subject: Subject) -> SubjectV1:
    return SubjectV1(_text(subject.kind), _optional(subject.account), _text(subject.name))


def _evidence(entry: EvidenceEntry) -> EvidenceV1:
    return EvidenceV1(_text(entry.source), _text(entry.where), _text(entry.expected), _text(entry.actual))


def _remedy(remedy: Remedy) -> RemedyV1:
    return RemedyV1(
        title=_text(remedy.title),
        commands=_texts(remedy.commands),
        action=_optional(remedy.action),
        risk=remedy.risk.value,
        parameters={_text(name): _text(value) for name, value in remedy.parameters},
    )


def _members(value: object) -> dict[str, object]:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no part of a report")
    members = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, ReportV1):
        # a report without these is as it always was
        there = {
            "since": value.since,
            "muted": value.mutes,
            "mutes": value.mutes,
            "thresholds": value.thresholds,
            "interrupted": value.interrupted,
        }
        return {name: member for name, member in members.items() if there.get(name, True)}
    return members
