"""Who agrees to a plan: a person at a terminal, or the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from symphony_doctor.commands._asking import ask, confirm
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.model.finding import Risk
from symphony_doctor.model.plan import Plan


def agreed_to(plan: Plan, wishes: Wishes, tell: Callable[[str], None]) -> frozenset[str]:
    """Ask once for the plan, and once more for each destructive step; without a terminal nobody agrees."""
    terminal = sys.stdin.isatty()
    usual = [each for each in plan.steps if each.step.risk is not Risk.DESTRUCTIVE]
    agreed: set[str] = set()
    if usual and (wishes.yes or (terminal and confirm("Carry out this plan?"))):
        agreed |= {each.id for each in usual}
    for each in plan.steps:
        if each.step.risk is not Risk.DESTRUCTIVE:
            continue
        word = each.step.confirm
        if word in wishes.confirmed or (terminal and not wishes.yes and _typed(each.step.title, word)):
            agreed.add(each.id)
        else:
            tell(f"{each.id} is destructive and needs its own confirmation: --yes-destructive {word}")
    if plan.steps and not agreed and not terminal:
        tell("nothing was changed: there is no terminal to ask at, and --yes was not given")
    return frozenset(agreed)


def _typed(title: str, word: str) -> bool:
    return ask(f"{title}: type {word} to agree: ") == word
