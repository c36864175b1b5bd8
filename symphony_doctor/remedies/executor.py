"""Walks a plan: looks again before each step, takes it, and looks whether it helped.

Nothing is done that is not in the plan: before each step the plan of its finding is made anew from fresh
evidence, and a step that comes out otherwise is refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from symphony_doctor.errors import DoctorError, JournalError
from symphony_doctor.model.action import (
    Access,
    Action,
    Hands,
    Refusal,
    RepairFailed,
    RepairRefused,
    RepairUncertain,
    Step,
)
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Risk, Severity
from symphony_doctor.model.plan import Outcome, Plan, Planned, Verdict
from symphony_doctor.model.report import Report
from symphony_doctor.remedies import journal as journals
from symphony_doctor.remedies.access import Reach, log_in
from symphony_doctor.remedies.hands import Door, StepHands, connected
from symphony_doctor.remedies.journal import Entry, Journal
from symphony_doctor.remedies.plan import refused_in_general, steps_of
from symphony_doctor.sources.credentials import Tls

SETTLE = 20.0
"""Seconds in which a repair must show in what the cluster says of itself."""

_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one time."""

    cluster: Cluster
    report: Report


Record = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Executor:
    """All that walking a plan needs. ``look`` gathers fresh evidence and runs every rule on it."""

    actions: Mapping[str, Action]
    reach: Reach
    journal: Journal
    look: Callable[[], Awaitable[Look]]
    tell: Callable[[str], None]
    seconds: float = 5.0
    settle: float = SETTLE
    extra: Mapping[str, str] | None = None

    async def carry_out(self, plan: Plan, agreed: frozenset[str]) -> tuple[Outcome, ...]:
        """Take the steps that were agreed to, in order, and return what became of each of them."""
        for planned in plan.steps:
            self._write(planned.id, journals.PLANNED, planned.step, planned.finding)
        outcomes: list[Outcome] = []
        for planned in plan.steps:
            failed = any(
                each.planned.finding == planned.cause and each.verdict not in {Verdict.FIXED, Verdict.NOT_NEEDED}
                for each in outcomes
            )
            if failed:
                outcome = Outcome(planned, Verdict.LEFT_OUT, "its cause is not repaired")
            elif planned.id not in agreed:
                outcome = Outcome(planned, Verdict.LEFT_OUT, "it was not agreed to")
            else:
                self.tell(f"{planned.id}: {planned.step.title} ...")
                outcome = await self._take(planned)
            self.tell(f"{planned.id}: {outcome.verdict}: {outcome.words}")
            outcomes.append(outcome)
            if outcome.verdict is Verdict.WORSE:
                self.tell("the rest of the plan is left out")
                break
        return tuple(outcomes)

    async def _take(self, planned: Planned) -> Outcome:
        before = await self.look()
        refusal = self._changed(planned, before)
        if refusal is not None:
            self._try_write(planned.id, journals.REFUSED, planned.step, planned.finding, words=refusal.words)
            return refusal
        begun: list[bool] = []
        try:
            words = await self._apply(planned, before.cluster, begun)
        except (RepairRefused, RepairFailed, RepairUncertain, DoctorError) as error:
            words = str(error)
            # a refusal comes before the change, or from the file system that left all as it was
            if not begun or isinstance(error, RepairRefused | DoctorError):
                self._try_write(planned.id, journals.REFUSED, planned.step, planned.finding, words=words)
                return Outcome(planned, Verdict.REFUSED, f"{words}: nothing was changed")
            if isinstance(error, RepairUncertain):
                words += "; whether it was done shows in what follows"
            self._try_write(planned.id, journals.FAILED, planned.step, planned.finding, words=words)
            return await self._judge(planned, before, words, failed=True)
        self._try_write(planned.id, journals.DONE, planned.step, planned.finding, words=words)
        outcome = await self._judge(planned, before, words, failed=False)
        told = f"{outcome.verdict}: {outcome.words}"
        self._try_write(planned.id, journals.DONE, planned.step, planned.finding, words=told)
        return outcome

    def _changed(self, planned: Planned, look: Look) -> Outcome | None:
        """Compare the step with what fresh evidence would have planned."""
        found = next((each for each in look.report.findings if each.id == planned.finding), None)
        if found is None:
            return Outcome(planned, Verdict.NOT_NEEDED, "a fresh look does not find it any more")
        remedy = next((each for each in found.finding.remedies if each.action == planned.step.action), None)
        if remedy is None:
            return Outcome(planned, Verdict.REFUSED, "the cluster changed since the plan: another repair is right now")
        steps = steps_of(remedy, look.cluster, self.actions, self.reach, self.extra or {})
        if isinstance(steps, Refusal):
            return Outcome(planned, Verdict.REFUSED, f"the cluster changed since the plan: {steps.reason}")
        if planned.step not in steps:
            return Outcome(planned, Verdict.REFUSED, "the cluster changed since the plan: the step would be another")
        return None

    async def _apply(self, planned: Planned, cluster: Cluster, begun: list[bool]) -> str:
        step = planned.step

        def record(before: Mapping[str, object]) -> None:
            self._write(planned.id, journals.BEGAN, step, planned.finding, before=before)
            begun.append(True)

        async with AsyncExitStack() as stack:
            hands = await self.open_hands(stack, step.access, planned.id, cluster, record)
            return await self.actions[step.action].apply(step, hands)

    async def open_hands(
        self, stack: AsyncExitStack, access: Access | None, number: str, cluster: Cluster, record: Record
    ) -> Hands:
        """Log in for one step and give it its hands."""
        client = None
        if access is not None:
            login = log_in(access, self.reach, cluster, time.time())
            client = await stack.enter_async_context(connected(doors_of(cluster, self.reach.tls), login, self.seconds))
        folders = [*self.reach.directories.values(), self.journal.directory]
        return StepHands(
            client, record=record, copy=self.journal.keep, folders=folders, mark=number, seconds=self.seconds
        )

    async def _judge(self, planned: Planned, before: Look, words: str, *, failed: bool) -> Outcome:
        """Look until the finding is gone or time is over: fixed, not fixed, or made worse."""
        known = {each.id for each in before.report.findings}
        until = time.monotonic() + (0.0 if planned.step.waits or failed else self.settle)
        while True:
            after = await self.look()
            gone = all(each.id != planned.finding for each in after.report.findings)
            fresh = [each for each in after.report.findings if each.id not in known and each.severity >= Severity.ERROR]
            if gone and not fresh:
                return Outcome(planned, Verdict.FIXED, words)
            if time.monotonic() >= until:
                break
            await asyncio.sleep(_PAUSE)
        if fresh:
            new = "; ".join(f"{each.code} {each.finding.title}" for each in fresh[:3])
            return Outcome(planned, Verdict.WORSE, f"{words}; new since: {new}")
        if failed:
            return Outcome(planned, Verdict.FAILED, words)
        return Outcome(planned, Verdict.WRITTEN if planned.step.waits else Verdict.NOT_FIXED, words)

    async def undo(self, entry: Entry, before: Entry, number: str, cluster: Cluster) -> str:
        """Put back what a step replaced; raise one of the ``Repair...`` errors where it cannot be."""
        step = step_of(entry)
        action = self.actions.get(step.action)
        if action is None or action.undo is None:
            raise RepairRefused(action.why_no_undo if action else f"there is no action {step.action}")
        refusal = refused_in_general(action, cluster) if cluster.nodes else None
        if refusal is not None:
            raise RepairRefused(refusal.reason)

        def record(what: Mapping[str, object]) -> None:
            self._write(number, journals.BEGAN, replace(step, title=f"undo {entry.step}"), entry.finding, before=what)

        async with AsyncExitStack() as stack:
            # what is put back by files alone needs no server
            access = step.access if cluster.nodes else None
            hands = await self.open_hands(stack, access, number, cluster, record)
            words = await action.undo(step, before.before, hands)
        self._write(entry.step, journals.UNDONE, step, entry.finding, words=words)
        return words

    def _write(
        self,
        number: str,
        phase: str,
        step: Step,
        finding: str,
        *,
        before: Mapping[str, Any] | None = None,
        words: str = "",
    ) -> None:
        self.journal.append(
            Entry(
                at=journals.now(),
                step=number,
                phase=phase,
                action=step.action,
                title=step.title,
                where=step.where,
                finding=finding,
                parameters=dict(step.parameters),
                access=asdict(step.access) if step.access else None,
                before=before or {},
                words=words,
            )
        )

    def _try_write(self, number: str, phase: str, step: Step, finding: str, *, words: str) -> None:
        try:
            self._write(number, phase, step, finding, words=words)
        except JournalError as error:
            # what was replaced is in it already: the step can be told by that
            self.tell(str(error))


def step_of(entry: Entry) -> Step:
    """Make the step of a line of the journal, as far as undoing needs it."""
    access = Access(entry.access["account"], tuple(entry.access["publish"])) if entry.access else None
    return Step(entry.action, tuple(entry.parameters.items()), entry.title, entry.where, (), Risk.SAFE, access)


def doors_of(cluster: Cluster, tls: Tls) -> list[Door]:
    """Return the client addresses of the servers that are up, and how they are verified."""
    doors = []
    for node in cluster.nodes:
        if node.is_up and node.client_url is not None:
            greeting = node.greeting.value if isinstance(node.greeting, Seen) else None
            wanted = greeting is not None and greeting.tls_required
            first = greeting is not None and greeting.tls_first
            doors.append(Door(node.client_url, tls.context() if wanted else None, first))
    return doors


def folders_of(reach: Reach, steps: tuple[Planned, ...]) -> tuple[Path, ...]:
    """Return the node directories in which files may be changed by some steps."""
    return tuple(reach.directories.values()) if any(planned.step.access is None for planned in steps) else ()
