"""What the reports for people say of an inventory: what it mutes, which mutes are over, which thresholds it sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from symphony_doctor.model.report import MuteState, Muting, Report, Reported
from symphony_doctor.reports._words import one_line, plural


@dataclass(frozen=True, slots=True)
class MuteLine:
    """A line about a mute; ``loud`` where it is over though what it muted is there."""

    label: str
    text: str
    loud: bool = False


def muted_words(report: Report) -> str:
    """Count what is muted, to stand at the end of a sentence; empty where nothing is."""
    return f", {plural(len(report.muted), 'finding')} muted" if report.muted else ""


def muted_by(report: Report) -> Iterator[tuple[Reported, Muting, int]]:
    """Yield each finding that is muted by itself, with its mute, and how many findings are folded beneath it."""
    by_id = {item.id: item for item in report.muted}
    beneath = Counter(cause for item in report.muted for cause in _causes(by_id, item))
    seen: set[str] = set()
    for muting in report.mutes:
        for id_ in muting.findings:
            if id_ in by_id and id_ not in seen:
                seen.add(id_)
                yield by_id[id_], muting, beneath[id_]


def _causes(by_id: dict[str, Reported], item: Reported) -> set[str]:
    """Return the ids of what explains a finding, at any depth."""
    causes: set[str] = set()
    while item.cause is not None and item.cause not in causes:
        causes.add(item.cause)
        if item.cause not in by_id:
            break
        item = by_id[item.cause]
    return causes


def mute_lines(report: Report) -> Iterator[MuteLine]:
    """Yield what is muted and why, then the mutes that are over, then those that mute nothing."""
    for item, muting, count in muted_by(report):
        folded = f", with {plural(count, 'finding')} that it explains" if count else ""
        words = f"{item.severity.word.upper()} {one_line(item.code)} {one_line(item.finding.title)}{folded}"
        yield MuteLine("Muted", f"{words}: {one_line(muting.mute.reason)} (until {muting.mute.until})")
    for muting in report.mutes:
        about = f"{one_line(muting.mute.code)} on {one_line(muting.mute.object)}"
        where = one_line(muting.mute.where)
        if muting.state is MuteState.WORSE:
            text = f"{about} was muted as {muting.limit.word}, it or what it explains is worse now ({where})"
            yield MuteLine("Mute over", text, loud=True)
        elif muting.state is MuteState.EXPIRED:
            text = f"{about} was muted until {muting.mute.until}: {one_line(muting.mute.reason)} ({where})"
            yield MuteLine("Mute over", text, loud=bool(muting.over))
        elif muting.state is MuteState.UNUSED:
            yield MuteLine("Mute unused", f"{about}: nothing of that is found ({where})")


def threshold_words(report: Report) -> Iterator[str]:
    """Yield each threshold that is not the usual one: with it other things are found."""
    for each in report.thresholds:
        yield f"{one_line(each.code)} {one_line(each.name)} = {each.value:g}, usually {each.usual:g}"
