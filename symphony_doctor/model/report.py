"""The outcome of a run, before any format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from symphony_doctor.model.finding import Finding, Severity
from symphony_doctor.model.judging import Mute
from symphony_doctor.model.overview import EMPTY, Overview


class Status(StrEnum):
    """The outcome of one rule: crashed beats failed, failed beats skipped, skipped beats passed."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one rule. ``reason`` says what was missing or how it crashed; time in milliseconds."""

    code: str
    name: str
    status: Status
    reason: str
    duration_ms: float
    origin: str
    unproven: bool = False
    """skipped for want of evidence that was asked for, not of evidence nobody asked for"""
    severity: Severity | None = None
    """the rule's own, which a finding of it may differ from"""
    explanation: str = ""
    """what `checks explain` says, for the formats that carry it along"""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding with its identity: ``cause`` is the id of the finding that explains this one."""

    id: str
    code: str
    name: str
    severity: Severity
    finding: Finding
    cause: str | None
    docs: str


@dataclass(frozen=True, slots=True)
class NodeCoverage:
    """What a node was looked at by (``files``, ``nats``, ``info``, ``routes``), and what could not be had."""

    name: str
    sources: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of an earlier report, in short."""

    id: str
    code: str
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class Since:
    """What a report was narrowed by: an earlier one, made ``at`` (RFC 3339), and what became of its findings.

    ``unknown`` are those whose rules cannot decide any more: they are not called gone.
    """

    at: str
    still: tuple[Known, ...]
    gone: tuple[Known, ...]
    unknown: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A threshold by which a rule judged, and its usual one."""

    code: str
    name: str
    value: float
    usual: float


class MuteState(StrEnum):
    """What became of a mute.

    active: it mutes something; worse: what it was for is worse than it was; expired: its last day is over;
    unused: there is nothing to mute; undecided: its rule could not decide, or did not run.
    """

    ACTIVE = "active"
    WORSE = "worse"
    EXPIRED = "expired"
    UNUSED = "unused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Muting:
    """A mute and what became of it. ``limit`` is the worst that it mutes.

    ``findings`` are the ids of what it mutes, without what is folded beneath these; ``over`` of what it would mute
    if it were not over.
    """

    mute: Mute
    state: MuteState
    limit: Severity
    findings: tuple[str, ...]
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a renderer needs. ``generated_at`` in Unix seconds; findings stand root cause first."""

    doctor_version: str
    generated_at: float
    cluster_name: str
    nodes: tuple[NodeCoverage, ...]
    results: tuple[CheckResult, ...]
    findings: tuple[Reported, ...]
    problems: tuple[str, ...]
    """what could not be used at all: a broken plugin, a source that failed as a whole"""
    unseen: tuple[str, ...] = ()
    """evidence that was asked for, could not be had and is of no node: why, in a sentence each"""
    overview: Overview = EMPTY
    """the cluster at a glance, for the formats that draw it"""
    since: Since | None = None
    """where ``findings`` has only what is new or worse: since when, and what became of the others"""
    muted: tuple[Reported, ...] = ()
    """the findings that are muted, with what is folded beneath them: none of them is in ``findings``"""
    mutes: tuple[Muting, ...] = ()
    """every mute there is, and what became of it"""
    thresholds: tuple[Judged, ...] = ()
    """the thresholds that are not the usual ones, of rules that ran"""

    is_interrupted: bool = False
    """the gathering was ended before it was complete: what was not there by then is missing"""

    @property
    def roots(self) -> tuple[Reported, ...]:
        """Return the findings that no other finding explains."""
        return tuple(found for found in self.findings if found.cause is None)

    @property
    def is_unproven(self) -> bool:
        """Tell whether evidence that was asked for could not be had: what was not found may still be there."""
        return bool(self.unseen) or any(result.unproven for result in self.results)

    @property
    def is_healthy(self) -> bool:
        """Tell whether nothing above info was found and all evidence that was asked for is in."""
        return all(found.severity <= Severity.INFO for found in self.findings) and not self.is_unproven

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity, explained ones included."""
        return sum(found.severity is severity for found in self.findings)

    def results_of(self, status: Status) -> tuple[CheckResult, ...]:
        """Return the rules with that outcome."""
        return tuple(result for result in self.results if result.status is status)
