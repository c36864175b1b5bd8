"""Two reports side by side: what is new, what is gone, what is still there, worse or better than it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from symphony_doctor.model.finding import Severity
from symphony_doctor.reports._words import ascii_only, listing, one_line, plural
from symphony_doctor.reports.json_v1 import FindingV1, ReportV1

SCHEMA: Final = "symphony-doctor/compare/v1"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings by what became of them; ``changed`` are (before, after) of those whose severity is another.

    ``undecided`` are rules that decided before and cannot now: what they found may still be there, so it is not in
    ``gone`` but in ``unknown``.
    """

    new: tuple[FindingV1, ...]
    gone: tuple[FindingV1, ...]
    still: tuple[FindingV1, ...]
    changed: tuple[tuple[FindingV1, FindingV1], ...]
    unknown: tuple[FindingV1, ...]
    undecided: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Tell whether something above info is new, or a finding is worse than it was."""
        return any(_severity(each) > Severity.INFO for each in self.new) or any(
            _severity(after) > _severity(before) for before, after in self.changed
        )


def compare(before: ReportV1, after: ReportV1) -> Comparison:
    """Compare by the ids of findings, which are the same for the same problem in every run."""
    old = {each.id: each for each in (*before.findings, *before.muted)}
    now = {each.id: each for each in after.findings}
    decided = {each.code for each in after.checks if each.status in {"passed", "failed"}}
    # what is muted now is there all the same
    muted = {each.id for each in after.muted}
    left = [each for id_, each in old.items() if id_ not in now and id_ not in muted]
    both = [(old[id_], each) for id_, each in now.items() if id_ in old]
    could = {each.code for each in before.checks if each.status in {"passed", "failed"}}
    return Comparison(
        new=tuple(each for id_, each in now.items() if id_ not in old),
        gone=tuple(each for each in left if each.code in decided),
        still=tuple(each for then, each in both if then.severity == each.severity),
        changed=tuple((then, each) for then, each in both if then.severity != each.severity),
        unknown=tuple(each for each in left if each.code not in decided),
        undecided=tuple(sorted(could - decided)),
    )


def list_comparison(before: ReportV1, after: ReportV1, found: Comparison) -> str:
    """Return the comparison as text, what is new first."""
    counts = [
        f"{len(found.new)} new",
        f"{len(found.gone)} gone",
        *([f"{len(found.changed)} of another severity"] if found.changed else []),
        *([f"{len(found.unknown)} not known"] if found.unknown else []),
        f"{len(found.still)} still there",
    ]
    lines = [f"{one_line(before.generated_at)} to {one_line(after.generated_at)}: {', '.join(counts)}"]
    if before.cluster.name != after.cluster.name:
        lines.append(f"of two clusters: {one_line(before.cluster.name)} and {one_line(after.cluster.name)}")
    lines += _lines("new", found.new)
    for then, each in found.changed:
        lines.append(
            f"{'worse' if _severity(each) > _severity(then) else 'better':8}{_words(each)}, was {then.severity}"
        )
    lines += _lines("gone", found.gone)
    lines += _lines("unknown", found.unknown)
    lines += _lines("still", found.still)
    if found.undecided:
        lines.append(f"{plural(len(found.undecided), 'rule')} cannot decide any more: {listing(found.undecided, 20)}")
    return ascii_only("\n".join(lines)) + "\n"


def comparison_json(before: ReportV1, after: ReportV1, found: Comparison) -> str:
    """Return the comparison as JSON: the ids of the findings, which are in the reports."""
    document = {
        "schema": SCHEMA,
        "before": before.generated_at,
        "after": after.generated_at,
        "new": [each.id for each in found.new],
        "gone": [each.id for each in found.gone],
        "unknown": [each.id for each in found.unknown],
        "still": [each.id for each in found.still],
        "changed": [{"id": each.id, "before": then.severity, "after": each.severity} for then, each in found.changed],
        "undecided": list(found.undecided),
    }
    return json.dumps(document, indent=2) + "\n"


def _lines(label: str, findings: Iterable[FindingV1]) -> list[str]:
    ordered = sorted(findings, key=lambda each: (-_severity(each), each.code, each.id))
    return [f"{label:8}{_words(each)}" for each in ordered]


def _words(finding: FindingV1) -> str:
    return f"{finding.severity.upper()} {one_line(finding.code)} {one_line(finding.title)}"


def _severity(finding: FindingV1) -> Severity:
    return Severity[finding.severity.upper()]
