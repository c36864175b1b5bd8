"""Runs rules over a snapshot: isolated, timed, and never mistaking a crash or a gap for health."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from symphony_doctor.engine.attempt import Failure, attempt_each, describe
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import CLUSTER_KINDS, Cluster
from symphony_doctor.model.evidence import EvidenceMissing, Missing, State
from symphony_doctor.model.finding import Finding, Gap
from symphony_doctor.model.report import CheckResult, Status

DEADLINE = 20.0
"""Seconds that one rule may take: over a hundred times what the slowest needs on a large cluster."""

MOST_FINDINGS = 100_000
"""Findings and gaps that one rule may yield before it is taken for one that never ends."""

_NO_NODE = Missing(State.UNREACHABLE, "no node of a cluster was seen")

_UNPROVEN = frozenset(State) - {State.ABSENT, State.NOT_ASKED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rule's result and its findings."""

    check: Check
    result: CheckResult
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    crash: str
    seconds: float


class _Unusable(Exception):  # noqa: N818 - named by what it is
    """A rule yielded what is no finding and no gap."""


def run(
    checks: Iterable[Check],
    cluster: Cluster,
    *,
    deadline: float = DEADLINE,
    parameters: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[Outcome, ...]:
    """Run each rule and return its outcome, in the order given.

    A rule that raises is ``crashed`` and keeps the findings that it had yielded before; one that does not
    return within ``deadline`` seconds, or yields without end, is ``crashed`` and keeps none. The others
    run all the same. ``parameters`` are thresholds by rule code.
    """
    rules = tuple(checks)
    thresholds = {rule.code: dict((parameters or {}).get(rule.code, {})) for rule in rules}
    outcomes = []
    for rule, said in zip(
        rules,
        attempt_each((partial(_run_one, rule, cluster, thresholds[rule.code]) for rule in rules), deadline),
        strict=True,
    ):
        told = _Said((), (), said.text, deadline) if isinstance(said, Failure) else said
        outcomes.append(Outcome(rule, _result(rule, told), told.findings))
    return tuple(outcomes)


def _result(rule: Check, said: _Said) -> CheckResult:
    unproven = False
    if said.crash:
        status, reason = Status.CRASHED, said.crash
    elif said.findings:
        status, reason = Status.FAILED, _reason(said.gaps)
    elif said.gaps:
        status, reason = Status.SKIPPED, _reason(said.gaps)
        unproven = any(gap.missing.state in _UNPROVEN for gap in said.gaps)
    else:
        status, reason = Status.PASSED, ""
    return CheckResult(
        code=rule.code,
        name=rule.name,
        status=status,
        reason=reason,
        duration_ms=round(said.seconds * 1000, 3),
        origin=rule.origin,
        unproven=unproven,
        severity=rule.severity,
        explanation=rule.explanation,
    )


def _reason(gaps: Iterable[Gap]) -> str:
    nodes_by_why: dict[str, list[str]] = {}
    for gap in gaps:
        nodes = nodes_by_why.setdefault(gap.missing.why, [])
        if gap.node is not None and gap.node not in nodes:
            nodes.append(gap.node)
    return "; ".join(f"{', '.join(nodes)}: {why}" if nodes else why for why, nodes in nodes_by_why.items())


def _run_one(rule: Check, cluster: Cluster, thresholds: dict[str, float]) -> _Said:
    if not cluster.nodes and not (rule.needs and CLUSTER_KINDS.issuperset(rule.needs)):
        # nothing that could be wrong was seen, and nothing that could be right
        return _Said((), (Gap(None, _NO_NODE),), "", 0.0)
    findings: list[Finding] = []
    gaps: list[Gap] = []
    crash = ""
    began = time.perf_counter()
    try:
        for said in rule(cluster, **thresholds):
            sound = _sound(said)
            if isinstance(sound, Finding):
                findings.append(sound)
            else:
                gaps.append(sound)
            if len(findings) + len(gaps) > MOST_FINDINGS:
                return _Said((), (), f"yielded more than {MOST_FINDINGS} findings", time.perf_counter() - began)
    except EvidenceMissing as error:
        gaps.append(Gap(None, error.missing))
    except _Unusable as error:
        crash = str(error)
    except BaseException as error:  # noqa: BLE001 - one rule's crash is not the run's
        crash = describe(error)
    return _Said(tuple(findings), tuple(gaps), crash, time.perf_counter() - began)


def _sound(said: object) -> Finding | Gap:
    """Return a finding or gap whose every field is of the type that it says. Raises ``_Unusable``.

    Annotations bind nobody, and what a rule yields is sorted, joined and written by others.
    """
    if not isinstance(said, Finding | Gap):
        raise _Unusable(f"yielded a {type(said).__name__}, not a Finding or a Gap")
    try:
        fields = msgspec.to_builtins(said, builtin_types=(bytes, bytearray, memoryview))
        return msgspec.convert(fields, Finding) if isinstance(said, Finding) else msgspec.convert(fields, Gap)
    except (msgspec.ValidationError, TypeError) as error:
        raise _Unusable(f"yielded a {type(said).__name__} that cannot be used: {error}") from None
