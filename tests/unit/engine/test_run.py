from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from symphony_doctor.engine import run as module
from symphony_doctor.engine.run import Outcome, run
from symphony_doctor.model.check import Check, Parameter
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.model.finding import Finding, Gap, Severity, Subject
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, installed_checks

from .builder import CLUSTER, NOT_ASKED, TIMED_OUT, check, finding, saying

GOOD = check("ZZ001", saying(finding("good")))


class WordlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def outcome(function: Callable[..., Any]) -> Outcome:
    """Run a rule before a good one, and see that the good one is not harmed."""
    bad, good = run([check("XY001", function), GOOD], CLUSTER, deadline=60.0)
    assert (good.result.status, good.findings) == (Status.FAILED, (finding("good"),))
    return bad


def other(**fields: object) -> Finding:
    return replace(finding("a"), **fields)  # type: ignore[arg-type]


def subject(name: object) -> Subject:
    return Subject("stream", name)  # type: ignore[arg-type]


def gap(node: object, missing: object) -> Gap:
    return Gap(node, missing)  # type: ignore[arg-type]


def raising(error: BaseException) -> Callable[[Cluster], Iterator[Finding | Gap]]:
    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        yield finding("before")
        raise error

    return rule


def test_nothing_said_is_passed() -> None:
    result = outcome(saying()).result

    assert (result.status, result.reason, result.unproven) == (Status.PASSED, "", False)
    assert (result.code, result.name, result.origin) == ("XY001", "rule-xy001", "a test")


def test_a_finding_fails_the_rule() -> None:
    said = outcome(saying(finding("a"), finding("b")))

    assert (said.result.status, said.result.reason) == (Status.FAILED, "")
    assert said.findings == (finding("a"), finding("b"))


def test_a_gap_alone_is_skipped_and_never_passed() -> None:
    result = outcome(saying(Gap("node3", TIMED_OUT), Gap("node2", TIMED_OUT), Gap(None, NOT_ASKED))).result

    assert result.status is Status.SKIPPED
    assert result.reason == "node3, node2: no answer within 5 s; no credentials"


def test_findings_win_and_name_the_gaps() -> None:
    said = outcome(saying(Gap("node3", TIMED_OUT), finding("a")))

    assert said.result.status is Status.FAILED
    assert said.result.reason == "node3: no answer within 5 s"
    assert said.findings == (finding("a"),)


@pytest.mark.parametrize(
    ("state", "unproven"),
    [
        (State.NOT_ASKED, False),
        (State.ABSENT, False),
        (State.DENIED, True),
        (State.TIMED_OUT, True),
        (State.UNREACHABLE, True),
        (State.UNREADABLE, True),
        (State.TOO_LARGE, True),
    ],
)
def test_a_gap_is_unproven_where_the_evidence_was_asked_for(state: State, *, unproven: bool) -> None:
    result = outcome(saying(Gap("node1", Missing(state, "why")))).result

    assert (result.status, result.unproven) == (Status.SKIPPED, unproven)


def test_get_on_missing_evidence_skips_the_rule() -> None:
    result = outcome(lambda _cluster: TIMED_OUT.get()).result

    assert (result.status, result.reason) == (Status.SKIPPED, "no answer within 5 s")
    assert result.unproven


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boom"),
        RecursionError(),
        SystemExit(0),
        KeyboardInterrupt(),
        GeneratorExit(),
        BaseException("bare"),
        WordlessError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_crash_is_said_with_its_place_and_keeps_what_was_found_before(error: BaseException) -> None:
    said = outcome(raising(error))

    assert said.result.status is Status.CRASHED
    assert said.result.reason.startswith(type(error).__name__)
    assert " in rule, line " in said.result.reason
    assert said.result.reason.endswith("of test_run.py")
    assert said.findings == (finding("before"),)


def test_a_crash_does_not_become_a_skip_by_a_gap_before_it() -> None:
    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        yield Gap("node1", TIMED_OUT)
        raise ValueError("boom")

    assert outcome(rule).result.status is Status.CRASHED


def test_the_words_of_an_error_are_cut() -> None:
    assert len(outcome(raising(ValueError("x" * 100_000))).result.reason) < 500


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("text", "yielded a str, not a Finding or a Gap"),
        (None, "yielded a NoneType, not a Finding or a Gap"),
        (Finding, "yielded a type, not a Finding or a Gap"),
        (
            other(title=3),
            "yielded a Finding that cannot be used: Expected `str`, got `int` - at `$.title`",
        ),
        (other(subject=None), "at `$.subject`"),
        (other(subject=subject(b"x")), "at `$.subject.name`"),
        (other(nodes="node1"), "at `$.nodes`"),
        (other(evidence=("proof",)), "at `$.evidence[0]`"),
        (other(remedies=("do it",)), "at `$.remedies[0]`"),
        (other(severity="error"), "at `$.severity`"),
        (other(title=object()), "yielded a Finding that cannot be used"),
        (gap(7, TIMED_OUT), "at `$.node`"),
        (gap("node1", None), "at `$.missing`"),
    ],
)
def test_what_is_no_finding_crashes_the_rule_and_not_the_doctor(said: object, reason: str) -> None:
    result = outcome(saying(finding("before"), said)).result

    assert result.status is Status.CRASHED
    assert reason in result.reason


def test_a_list_in_place_of_a_tuple_is_made_one() -> None:
    said = outcome(saying(other(nodes=["node1"])))

    assert said.result.status is Status.FAILED
    assert said.findings == (finding("a", "node1"),)
    assert isinstance(hash(said.findings), int)


def test_a_function_that_returns_nothing_crashed() -> None:
    result = outcome(lambda _cluster: None).result

    assert result.status is Status.CRASHED
    assert "NoneType" in result.reason


def test_a_rule_that_never_returns_is_left_behind() -> None:
    release = threading.Event()

    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        yield finding("before")
        release.wait()

    hung, good = run([check("XY001", rule), GOOD], CLUSTER, deadline=2.0)
    release.set()

    assert (hung.result.status, hung.result.reason) == (Status.CRASHED, "did not return within 2 s")
    assert (hung.findings, hung.result.duration_ms) == ((), 2000.0)
    assert good.result.status is Status.FAILED


def test_a_rule_that_works_for_ever_is_left_behind() -> None:
    stopped = False

    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        while not stopped:
            pass
        yield finding()

    hung, good = run([check("XY001", rule), GOOD], CLUSTER, deadline=2.0)
    stopped = True

    assert (hung.result.status, good.result.status) == (Status.CRASHED, Status.FAILED)


def test_findings_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FINDINGS", 10)

    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        while True:
            yield finding("again")

    said = outcome(rule)

    assert (said.result.status, said.result.reason) == (Status.CRASHED, "yielded more than 10 findings")
    assert said.findings == ()


def test_as_many_findings_as_allowed_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FINDINGS", 10)

    assert len(outcome(saying(*(finding(str(number)) for number in range(10)))).findings) == 10


def test_what_a_rule_prints_does_not_reach_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        print("noise")  # noqa: T201 - what the rule must not do
        sys.stdout.write("more\n")
        yield finding()

    outcome(rule)
    os.write(1, b"the report\n")

    out, err = capfd.readouterr()
    assert out == "the report\n"
    assert "noise\nmore\n" in err


def threshold() -> Check:
    def rule(_cluster: Cluster, *, most: int = 5) -> Iterator[Finding | Gap]:
        yield finding(f"most is {most}")

    return check("XY001", rule, parameters=[Parameter("most", 5)])


@pytest.mark.parametrize(
    ("parameters", "seen"),
    [(None, "most is 5"), ({"XY001": {"most": 7}}, "most is 7"), ({"XY002": {"most": 7}}, "most is 5")],
)
def test_thresholds_are_given_by_code(parameters: dict[str, dict[str, float]] | None, seen: str) -> None:
    (said,) = run([threshold()], CLUSTER, parameters=parameters)

    assert said.findings[0].subject.name == seen


def test_a_threshold_that_a_rule_does_not_have_is_a_crash_and_no_silence() -> None:
    (said,) = run([threshold()], CLUSTER, parameters={"XY001": {"least": 1}})

    assert said.result.status is Status.CRASHED
    assert "least" in said.result.reason


def test_every_rule_is_timed() -> None:
    started = threading.Event()

    def rule(_cluster: Cluster) -> Iterator[Finding | Gap]:
        started.wait(0.05)
        yield finding()

    assert 40 < outcome(rule).result.duration_ms < 60_000


def test_no_rule_is_no_outcome() -> None:
    assert run([], CLUSTER) == ()


def test_a_rule_may_be_worse_than_its_usual_severity() -> None:
    assert outcome(saying(finding(severity=Severity.CRITICAL))).findings[0].severity is Severity.CRITICAL


def test_without_any_node_nothing_is_said_and_nothing_passes() -> None:
    """An address that refuses connections is no cluster without quorum, and none that is healthy."""
    outcomes = run(installed_checks(), Cluster(observed_at=NOW, name="", nodes=()))
    assert [outcome.check.code for outcome in outcomes if outcome.findings] == []
    assert {outcome.result.status for outcome in outcomes} == {Status.SKIPPED}
    unproven = {outcome.result.reason for outcome in outcomes if outcome.result.unproven}
    assert unproven == {"no node of a cluster was seen"}
