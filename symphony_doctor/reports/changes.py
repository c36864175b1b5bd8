"""What appeared and what went away between two looks, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from symphony_doctor.model.report import Report, Reported
from symphony_doctor.reports._summary import one_line_verdict
from symphony_doctor.reports._words import listing, one_line


def change_lines(before: Report | None, now: Report) -> Iterator[str]:
    """Yield a line for each finding that is new, gone, or of another severity; at first the verdict.

    What a rule had found that cannot decide any more is said to be not known, and not to be gone.
    """
    at = datetime.fromtimestamp(now.generated_at, UTC).strftime("%H:%M:%S")
    if before is None:
        yield f"{at} {one_line_verdict(now)}"
        return
    then = {found.id: found for found in before.findings}
    here = {found.id: found for found in now.findings}
    undecided = {result.code for result in now.results if result.status.value in {"skipped", "crashed"}}
    for id_, found in here.items():
        if id_ not in then:
            yield f"{at} + {_words(found)}"
        elif then[id_].severity is not found.severity:
            yield f"{at} ! {_words(found)}, was {then[id_].severity.word}"
    for id_, found in then.items():
        if id_ not in here:
            yield f"{at} {'?' if found.code in undecided else '-'} {_words(found)}"
    if before.is_unproven != now.is_unproven:
        yield f"{at} {one_line_verdict(now)}"


def _words(found: Reported) -> str:
    where = f" (on {listing(found.finding.nodes)})" if found.finding.nodes else ""
    return f"{found.severity.word.upper()} {one_line(found.code)} {one_line(found.finding.title)}{where}"
