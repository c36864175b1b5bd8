"""What `run --wait` still waits for, told each time that it changes."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.reports._words import listing, one_line, plural

_MOST = 8
"""Lines of one kind: who waits reads the first ones, the report at the end has all."""

_PASSES = "passes by itself while a cluster starts"
_STAYS = "a fault: waiting alone does not repair it"


def waiting_lines(before: Report | None, now: Report, transient: AbstractSet[str], left: float) -> Iterator[str]:
    """Yield what keeps a report from healthy, with ``left`` seconds to go; nothing where that is as it was before.

    ``transient`` are the codes of the rules that see what passes by itself while a cluster starts: the
    specification's section on starting says that nodes retry for several minutes until there is a quorum.
    """
    if before is not None and _state(before) == _state(now):
        return
    found, lacking = _found(now), _lacking(now)
    passing = [each for each in found if each.code in transient]
    staying = [each for each in found if each.code not in transient]
    parts = []
    if passing:
        parts.append(f"{plural(len(passing), 'problem')} of the kind that {_PASSES}")
    if staying:
        parts.append(f"{plural(len(staying), 'fault')} that waiting alone does not repair")
    if lacking:
        parts.append("evidence that is not in yet")
    yield f"still waiting, at most {left:.0f} s: {', '.join(parts)}"
    for kind, words in ((staying, _STAYS), (passing, _PASSES)):
        yield from (f"  {_words(each)}: {words}" for each in kind[:_MOST])
        if len(kind) > _MOST:
            yield f"  and {len(kind) - _MOST} more: {words}"
    yield from (f"  not in yet: {each}" for each in lacking[:_MOST])


def _state(report: Report) -> object:
    return {(each.id, each.severity) for each in _found(report)}, _lacking(report)


def _found(report: Report) -> list[Reported]:
    """Return the roots that keep a cluster from healthy."""
    return [each for each in report.roots if each.severity > Severity.INFO]


def _lacking(report: Report) -> list[str]:
    reasons = (*report.unseen, *(result.reason for result in report.results if result.unproven))
    return list(dict.fromkeys(one_line(each) for each in reasons))


def _words(found: Reported) -> str:
    where = f" (on {listing(found.finding.nodes)})" if found.finding.nodes else ""
    return f"{found.severity.word.upper()} {one_line(found.code)} {one_line(found.finding.title)}{where}"
