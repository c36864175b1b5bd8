"""Runs rules over a snapshot: isolated, timed, and never mistaking a crash or a gap for health."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import EvidenceMissing, State
from symphony_doctor.model.finding import Finding, Gap
from symphony_doctor.model.report import CheckResult, Status

DEADLINE = 20.0
"""Seconds that one rule may take: over a hundred times what the slowest needs on a large cluster."""

MOST_FINDINGS = 100_000
"""Findings that one rule may yield before it is taken for one that never ends."""

_UNPROVEN = frozenset({State.DENIED, State.TIMED_OUT, State.UNREACHABLE, State.UNREADABLE, State.TOO_LARGE})


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


def run(
    checks: Iterable[Check],
    cluster: Cluster,
    *,
    deadline: float = DEADLINE,
    parameters: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[Outcome, ...]:
    """Run each rule and return its outcome, in the order given.

    A rule that raises is ``crashed``; so is one that does not return within ``deadline`` seconds: it
    is left behind in its thread, and the others go on in another. ``parameters`` are thresholds by
    rule code.
    """
    worker = _Worker()
    outcomes = []
    for rule in checks:
        said = worker.ask(rule, cluster, dict((parameters or {}).get(rule.code, {})), deadline)
        if said is None:
            worker = _Worker()
            said = _Said((), (), f"did not return within {deadline:g} s", deadline)
        outcomes.append(Outcome(rule, _result(rule, said), said.findings))
    worker.stop()
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
    )


def _reason(gaps: Iterable[Gap]) -> str:
    nodes_by_why: dict[str, list[str]] = {}
    for gap in gaps:
        nodes = nodes_by_why.setdefault(gap.missing.why, [])
        if gap.node is not None and gap.node not in nodes:
            nodes.append(gap.node)
    return "; ".join(f"{', '.join(nodes)}: {why}" if nodes else why for why, nodes in nodes_by_why.items())


class _Worker:
    """A thread that runs one rule after the other; abandoned with the rule that never returns."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[tuple[Check, Cluster, dict[str, float]] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Said] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="rules", daemon=True).start()

    def ask(self, rule: Check, cluster: Cluster, parameters: dict[str, float], deadline: float) -> _Said | None:
        self._tasks.put((rule, cluster, parameters))
        try:
            return self._answers.get(timeout=deadline)
        except queue.Empty:
            self.stop()
            return None

    def stop(self) -> None:
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._answers.put(_run_one(*task))


def _run_one(rule: Check, cluster: Cluster, parameters: dict[str, float]) -> _Said:
    findings: list[Finding] = []
    gaps: list[Gap] = []
    crash = ""
    began = time.perf_counter()
    try:
        for said in rule(cluster, **parameters):
            if isinstance(said, Finding):
                findings.append(said)
            elif isinstance(said, Gap):
                gaps.append(said)
            else:
                raise TypeError(f"yielded {type(said).__name__}, not a Finding or a Gap")  # noqa: TRY301
            if len(findings) + len(gaps) > MOST_FINDINGS:
                raise RuntimeError(f"yielded more than {MOST_FINDINGS} findings")  # noqa: TRY301
    except EvidenceMissing as error:
        gaps.append(Gap(None, error.missing))
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - one rule's crash is not the run's
        crash = _describe(error)
    return _Said(tuple(findings), tuple(gaps), crash, time.perf_counter() - began)


def _describe(error: BaseException) -> str:
    """Say what was raised and where, without values of variables: they may be anything."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
