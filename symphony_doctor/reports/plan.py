"""The plan of a repair and what became of it, as plain text: pure."""

from __future__ import annotations

from collections.abc import Iterable

from symphony_doctor.model.finding import Risk
from symphony_doctor.model.plan import Declined, Outcome, Plan, Planned
from symphony_doctor.reports._words import ascii_only, one_line, plural


def plan_text(plan: Plan) -> str:
    """Return what is going to be done, where, at which risk and what it will look like; and what is not."""
    lines = [f"Plan {plan.id}: {plural(len(plan.steps), 'step')}" if plan.steps else "Nothing is going to be changed."]
    for planned in plan.steps:
        lines += ["", *_step(planned)]
    if plan.declined:
        lines += ["", "Not repaired:", *(line for declined in plan.declined for line in _declined(declined))]
    return _text(lines)


def outcomes_text(outcomes: Iterable[Outcome]) -> str:
    """Return what became of each step, and the commands that are left to people."""
    every = tuple(outcomes)
    lines = [f"{each.planned.id} {each.verdict}: {one_line(each.planned.step.title)}" for each in every]
    lines += [f"  {each.planned.id}: {one_line(each.words)}" for each in every]
    left = dict.fromkeys(line for each in every if each.verdict.is_made for line in each.planned.step.afterwards)
    if left:
        lines += ["Left to do, one node at a time, waiting for each to be back:", *(f"    {line}" for line in left)]
    return _text(lines)


def _step(planned: Planned) -> list[str]:
    step = planned.step
    risk = "" if step.risk is Risk.SAFE else f" [{step.risk}]"
    lines = [f"{planned.id} {one_line(step.title)}{risk}", f"    for:   {planned.code} {one_line(planned.problem)}"]
    lines.append(f"    where: {one_line(step.where)}")
    lines += [f"    then:  {one_line(change)}" for change in step.changes]
    if planned.cause is not None:
        lines.append("    only if it is still there when its cause is repaired")
    if step.risk is Risk.DESTRUCTIVE:
        lines.append(f"    needs its own confirmation: {one_line(step.confirm)}")
    if step.afterwards:
        lines.append("    left to you afterwards:")
        lines += [f"        {one_line(command)}" for command in step.afterwards]
    return lines


def _declined(declined: Declined) -> list[str]:
    return [
        f"  {declined.code} {one_line(declined.problem)}",
        f"      {declined.action} is refused: {one_line(declined.reason)}",
    ]


def _text(lines: list[str]) -> str:
    return "".join(f"{ascii_only(line)}\n" for line in lines)
