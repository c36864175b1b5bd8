"""Walking a plan: fixed, not fixed, made worse, refused; and nothing that was not agreed to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.action import (
    Action,
    Hands,
    RepairFailed,
    RepairRefused,
    RepairUncertain,
    Step,
)
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.finding import Finding, Remedy, Risk, Severity, Subject
from symphony_doctor.model.plan import Outcome, Verdict
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.remedies.access import Reach
from symphony_doctor.remedies.executor import Executor, Look
from symphony_doctor.remedies.journal import Journal
from symphony_doctor.remedies.plan import make_plan
from symphony_doctor.testing import healthy

CLUSTER = healthy()
EMPTY = diagnose((), CLUSTER)


def found(name: str, cause: str | None = None, severity: Severity = Severity.ERROR) -> Reported:
    remedies = (Remedy("", (), action="x.repair", parameters=(("name", name),)),)
    finding = Finding(name, "", Subject("node", name), (), (), remedies)
    return Reported(name, "XX001", "x", severity, finding, cause, "")


def report(*findings: Reported) -> Report:
    return replace(EMPTY, findings=findings)


def walk(
    folder: Path,
    looks: list[Report],
    apply: Callable[[Step, Hands], Awaitable[str]],
    *,
    waits: bool = False,
    agreed: bool = True,
) -> tuple[Outcome, ...]:
    """Carry out the plan of the first look, with the others in turn and the last one for ever."""

    def step(parameters: dict[str, str], _cluster: Cluster) -> tuple[Step, ...]:
        chosen = tuple(parameters.items())
        return (Step("x.repair", chosen, parameters["name"], "", (), Risk.SAFE, waits=waits),)

    action = Action("x.repair", "x", step, apply, why_no_undo="a test")  # type: ignore[arg-type]
    reach = Reach({}, {})
    plan = make_plan("p", looks[0], CLUSTER, [action], reach)
    left = looks[1:] or looks[:]

    async def look() -> Look:
        return Look(CLUSTER, left.pop(0) if len(left) > 1 else left[0])

    journal = Journal(folder, lambda _: ())
    executor = Executor({"x.repair": action}, reach, journal, look, lambda _: None, seconds=1, settle=0.1)
    chosen = frozenset(each.id for each in plan.steps) if agreed else frozenset[str]()
    return asyncio.run(executor.carry_out(plan, chosen))


async def does(_step: Step, hands: Hands) -> str:
    hands.began({"old": "1"})
    return "it did"


def verdicts(outcomes: tuple[Outcome, ...]) -> list[Verdict]:
    return [each.verdict for each in outcomes]


def test_a_repair_counts_only_when_a_fresh_look_no_longer_shows_the_finding(tmp_path: Path) -> None:
    one = report(found("a"))
    assert verdicts(walk(tmp_path, [one, report()], does)) == [Verdict.NOT_NEEDED]
    assert verdicts(walk(tmp_path, [one, one, report()], does)) == [Verdict.FIXED]
    assert [entry.phase for entry in Journal(tmp_path, lambda _: ()).entries()][-4:] == [
        "planned", "began", "done", "done",
    ]  # fmt: skip
    assert verdicts(walk(tmp_path, [one], does)) == [Verdict.NOT_FIXED]
    assert verdicts(walk(tmp_path, [one], does, waits=True)) == [Verdict.WRITTEN]


def test_a_new_error_makes_it_worse_and_ends_the_plan(tmp_path: Path) -> None:
    both = report(found("a"), found("b"))
    outcomes = walk(tmp_path, [both, both, report(found("b"), found("new"))], does)
    assert verdicts(outcomes) == [Verdict.WORSE]
    assert "new since: XX001 new" in outcomes[0].words


def test_a_new_warning_is_not_worse(tmp_path: Path) -> None:
    one = report(found("a"))
    after = report(found("new", severity=Severity.WARNING))
    assert verdicts(walk(tmp_path, [one, one, after], does)) == [Verdict.FIXED]


def test_what_waits_for_its_cause_is_left_out_where_that_is_not_repaired(tmp_path: Path) -> None:
    outcomes = walk(tmp_path, [report(found("a"), found("b", cause="a"))], does)
    assert verdicts(outcomes) == [Verdict.NOT_FIXED, Verdict.LEFT_OUT]


def test_nothing_is_done_that_was_not_agreed_to(tmp_path: Path) -> None:
    async def never(_step: Step, _hands: Hands) -> str:
        raise AssertionError

    assert verdicts(walk(tmp_path, [report(found("a"))], never, agreed=False)) == [Verdict.LEFT_OUT]


@pytest.mark.parametrize("error", [RepairRefused, RepairFailed, RepairUncertain])
@pytest.mark.parametrize("begun", [False, True])
def test_what_goes_wrong_before_the_change_changed_nothing(
    tmp_path: Path,
    error: type[Exception],
    begun: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async def fails(_step: Step, hands: Hands) -> str:
        if begun:
            hands.began({})
        raise error("no")

    (outcome,) = walk(tmp_path, [report(found("a"))], fails)
    refused = not begun or error is RepairRefused
    assert outcome.verdict is (Verdict.REFUSED if refused else Verdict.FAILED)
    assert ("nothing was changed" in outcome.words) is refused


def test_a_change_that_is_not_in_the_journal_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "file"

    async def hasty(_step: Step, hands: Hands) -> str:
        hands.replace(str(path), None, b"new")
        return "done"

    (outcome,) = walk(tmp_path, [report(found("a"))], hasty)
    assert outcome.verdict is Verdict.REFUSED
    assert not path.exists()
