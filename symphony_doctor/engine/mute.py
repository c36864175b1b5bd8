"""Takes findings that are known out of a report, and keeps account of them.

What a muted finding explains stays folded beneath it. A mute is over after its last day, and where the finding, or what
it explains, is worse than it was when it was muted: what is muted once is not muted whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from symphony_doctor.model.check import Check
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.judging import Mute
from symphony_doctor.model.report import MuteState, Muting, Report, Reported, Status


def mute(report: Report, checks: Iterable[Check], mutes: Iterable[Mute]) -> Report:
    """Return the report with the findings that are muted in ``muted``, and what became of each mute in ``mutes``."""
    every = tuple(mutes)
    if not every:
        return report
    usual = {check.code: check.severity for check in checks}
    day = datetime.fromtimestamp(report.generated_at, UTC).date()
    trees = _Trees(report.findings)
    done = tuple(
        _apply(each, each.severity or usual.get(each.code, Severity.INFO), report, trees, day) for each in every
    )
    gone = {item.id for each in done for id_ in each.findings for item in trees.below(id_)}
    return replace(
        report,
        findings=tuple(item for item in report.findings if item.id not in gone),
        muted=tuple(item for item in report.findings if item.id in gone),
        mutes=done,
    )


class _Trees:
    """Findings with all that they explain."""

    def __init__(self, findings: tuple[Reported, ...]) -> None:
        self._by_id = {item.id: item for item in findings}
        self._children: dict[str, list[str]] = {}
        for item in findings:
            if item.cause is not None:
                self._children.setdefault(item.cause, []).append(item.id)

    def below(self, id_: str) -> Iterator[Reported]:
        """Yield a finding and all that it explains, each once."""
        pending, seen = [id_], {id_}
        while pending:
            at = pending.pop()
            yield self._by_id[at]
            fresh = [child for child in self._children.get(at, ()) if child not in seen]
            seen.update(fresh)
            pending += fresh


def _apply(each: Mute, limit: Severity, report: Report, trees: _Trees, day: date) -> Muting:
    found = [item for item in report.findings if _is_meant(each, item)]
    if day > each.until:
        return Muting(each, MuteState.EXPIRED, limit, (), tuple(item.id for item in found))
    if not found:
        decided = any(
            result.code == each.code and result.status in {Status.PASSED, Status.FAILED} for result in report.results
        )
        return Muting(each, MuteState.UNUSED if decided else MuteState.UNDECIDED, limit, (), ())
    worse = {item.id: None for item in found if any(below.severity > limit for below in trees.below(item.id))}
    return Muting(
        each,
        MuteState.WORSE if worse else MuteState.ACTIVE,
        limit,
        tuple(item.id for item in found if item.id not in worse),
        tuple(worse),
    )


def _is_meant(each: Mute, item: Reported) -> bool:
    subject = item.finding.subject
    account = subject.name if subject.kind == "account" else subject.account
    # brackets are no pattern: they stand in addresses
    pattern = each.object.replace("[", "[[]")
    return (
        item.code == each.code
        and (each.account is None or each.account == account)
        and fnmatchcase(subject.name, pattern)
    )
