"""What `run --fix` and `fix` share: plan, ask, carry out, look again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from symphony_doctor.commands._agree import agreed_to
from symphony_doctor.commands._diagnosis import look, look_closely
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.commands._repair_setting import (
    Setting,
    absolute,
    all_actions,
    executor_of,
    extra_of,
    journal_of,
    reach_of,
    say,
    to_standard_error,
)
from symphony_doctor.model.action import Action
from symphony_doctor.model.check import Check
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.plan import Declined, Outcome, Plan
from symphony_doctor.model.report import Report
from symphony_doctor.remedies.access import Reach
from symphony_doctor.remedies.executor import SETTLE, Look, folders_of
from symphony_doctor.remedies.lock import locked
from symphony_doctor.remedies.plan import make_plan
from symphony_doctor.remedies.saved import limited, read_saved
from symphony_doctor.reports.plan import outcomes_text, plan_text

_PAUSE = 1.0


async def look_and_repair(
    setting: Setting,
    wishes: Wishes,
    rules: Iterable[Check],
    problems: Iterable[str],
    wait: float,
    tell: Callable[[str], None],
) -> Report:
    """Look, repair, and return the report of what is left."""
    chosen, reasons = tuple(rules), tuple(problems)
    setting = replace(setting, request=absolute(setting.request))
    report, cluster = await look_closely(setting.request, chosen, setting.known, problems=reasons, wait=wait)
    outcomes = await repair(setting, wishes, Look(cluster, report), tell)
    if not outcomes:
        return report
    known = {found.id for found in report.findings}
    until = time.monotonic() + SETTLE
    while True:
        left = await look(setting.request, chosen, setting.known, problems=reasons)
        # what only shows while servers follow a change is not what is left
        fresh = [found for found in left.findings if found.id not in known and found.severity >= Severity.ERROR]
        if not fresh or time.monotonic() >= until:
            return left
        await asyncio.sleep(_PAUSE)


async def repair(
    setting: Setting,
    wishes: Wishes,
    seen: Look,
    tell: Callable[[str], None],
    progress: Callable[[str], None] = to_standard_error,
) -> tuple[Outcome, ...]:
    """Plan from a look, show, ask, and carry out what was agreed to."""
    actions = all_actions(setting.providers, tell)
    reach = reach_of(setting.request, wishes, seen.cluster)
    plan = _plan(wishes, seen, actions, reach)
    say(plan_text(plan), setting.known, tell)
    agreed = frozenset[str]() if wishes.dry_run else agreed_to(plan, wishes, progress)
    if not agreed:
        return ()
    journal = journal_of(wishes, setting)
    journal.prepare()
    with locked([journal.directory, *folders_of(reach, plan.steps)]):
        executor = executor_of(setting, wishes, reach, actions, journal, progress)
        outcomes = await executor.carry_out(plan, agreed)
    say(outcomes_text(outcomes), setting.known, tell)
    return outcomes


def _plan(wishes: Wishes, seen: Look, actions: dict[str, Action], reach: Reach) -> Plan:
    report, further = seen.report, tuple[Declined, ...]()
    if wishes.saved is not None:
        report, further = limited(report, read_saved(wishes.saved))
    name = secrets.token_hex(3)
    plan = make_plan(name, report, seen.cluster, actions.values(), reach, extra=extra_of(wishes))
    return replace(plan, declined=(*plan.declined, *further))
