"""What `run --fix` and `fix` share: plan, ask, carry out, look again."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import click

from symphony_doctor.commands._diagnosis import look, look_closely, observe
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.load import Provider, load_actions
from symphony_doctor.errors import LeakError
from symphony_doctor.model.action import Action
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.finding import Risk, Severity
from symphony_doctor.model.plan import Declined, Outcome, Plan
from symphony_doctor.model.report import Report
from symphony_doctor.redaction import Secrets
from symphony_doctor.remedies.access import Reach, accounts_of
from symphony_doctor.remedies.executor import SETTLE, Executor, Look, folders_of
from symphony_doctor.remedies.journal import Journal, default_directory
from symphony_doctor.remedies.lock import locked
from symphony_doctor.remedies.plan import make_plan
from symphony_doctor.remedies.saved import limited, read_saved
from symphony_doctor.reports.plan import outcomes_text, plan_text
from symphony_doctor.sources.collect import Request

_PAUSE = 1.0
BUILTIN = Provider("symphony_doctor.remedies.actions", "symphony-doctor")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a repair works: the request, every rule there is, and the secrets of the run."""

    request: Request
    rules: tuple[Check, ...]
    known: Secrets
    providers: tuple[Provider, ...] = ()


def all_actions(providers: Iterable[Provider], tell: Callable[[str], None]) -> dict[str, Action]:
    """Load the actions, and say which cannot be."""
    loaded = load_actions([BUILTIN, *providers])
    for broken in loaded.broken:
        tell(f"not loaded: {broken.origin}: {broken.error}")
    return loaded.actions


def journal_of(wishes: Wishes, setting: Setting) -> Journal:
    """Return the journal, in ``--journal`` or in the user's state directory."""
    return Journal(wishes.journal or default_directory(setting.request.environment), setting.known.leaks)


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


def to_standard_error(text: str) -> None:
    """Say something that belongs to no document."""
    click.echo(text, err=True)


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
    _say(plan_text(plan), setting.known, tell)
    agreed = frozenset[str]() if wishes.dry_run else _agreed(plan, wishes, progress)
    if not agreed:
        return ()
    journal = journal_of(wishes, setting)
    journal.prepare()
    with locked([journal.directory, *folders_of(reach, plan.steps)]):
        executor = executor_of(setting, wishes, reach, actions, journal, progress)
        outcomes = await executor.carry_out(plan, agreed)
    _say(outcomes_text(outcomes), setting.known, tell)
    return outcomes


def executor_of(
    setting: Setting,
    wishes: Wishes,
    reach: Reach,
    actions: dict[str, Action],
    journal: Journal,
    tell: Callable[[str], None],
) -> Executor:
    """Return what carries out a plan; it looks with every rule, whatever was selected."""

    async def look_again() -> Look:
        cluster = await observe(setting.request, setting.known)
        return Look(cluster, diagnose(setting.rules, cluster))

    return Executor(
        actions=actions,
        reach=reach,
        journal=journal,
        look=look_again,
        tell=lambda text: _say(text + "\n", setting.known, tell),
        seconds=setting.request.seconds,
        extra=_extra(wishes),
    )


def reach_of(request: Request, wishes: Wishes, cluster: Cluster) -> Reach:
    """Return the accounts that were given credentials for, and the node directories on this machine, by node."""
    given = [*wishes.credentials, *([request.credentials] if request.credentials else [])]
    directories = {}
    for node in cluster.nodes:
        for each in request.directories:
            files = (str(each.directory / "nats.config"), str(each.directory / "symphony.config"))
            if (node.nats_config.where, node.symphony_config.where) == files:
                directories[node.name] = each.directory
    return Reach(accounts_of(given), directories)


def _plan(wishes: Wishes, seen: Look, actions: dict[str, Action], reach: Reach) -> Plan:
    report, further = seen.report, tuple[Declined, ...]()
    if wishes.saved is not None:
        report, further = limited(report, read_saved(wishes.saved))
    name = secrets.token_hex(3)
    plan = make_plan(name, report, seen.cluster, actions.values(), reach, extra=_extra(wishes))
    return replace(plan, declined=(*plan.declined, *further))


def _extra(wishes: Wishes) -> dict[str, str]:
    return {"lost": ",".join(wishes.lost)} if wishes.lost else {}


def _agreed(plan: Plan, wishes: Wishes, tell: Callable[[str], None]) -> frozenset[str]:
    """Ask once for the plan, and once more for each destructive step; without a terminal nobody agrees."""
    terminal = sys.stdin.isatty()
    usual = [each for each in plan.steps if each.step.risk is not Risk.DESTRUCTIVE]
    agreed: set[str] = set()
    if usual and (wishes.yes or (terminal and click.confirm("Carry out this plan?", err=True))):
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
    answer: str = click.prompt(f"{title}: type {word} to agree", default="", show_default=False, err=True)
    return answer == word


def _say(text: str, known: Secrets, tell: Callable[[str], None]) -> None:
    leaks = known.leaks(text)
    if leaks:
        raise LeakError(f"the plan held a secret and was not shown ({leaks[0]}): this is a fault of the doctor")
    tell(text.rstrip("\n"))
