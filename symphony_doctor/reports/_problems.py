"""What the reports for people say of findings: root causes, each with all that it explains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Risk, Severity, Subject
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.reports._words import lines_of, listing, one_line, paragraphs, plural, shorten

_ALIKE: Final = 3
"""From so many root findings of one rule on, they are shown as one problem with its cases."""

_MOST_CASES: Final = 8
_MOST_EVIDENCE: Final = 6
_MOST_EVIDENCE_OF_MANY: Final = 3
_MOST_NAMES: Final = 3


@dataclass(frozen=True, slots=True)
class Repair:
    """A remedy: ``caution`` is empty where nothing can go wrong. Command lines are to be shown as they are."""

    title: str
    caution: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One or more root findings of one rule, and the findings that they explain, as harmless text.

    ``cases`` are the titles where there is more than one finding, ``more_cases`` the number of those
    that are not listed; ``left_out`` counts the lines of evidence that are not in ``evidence``. ``roots`` are
    the root findings as they were reported.
    """

    severity: Severity
    code: str
    title: str
    cases: tuple[str, ...]
    more_cases: int
    place: str
    details: tuple[str, ...]
    evidence: tuple[EvidenceEntry, ...]
    left_out: int
    explained: tuple[Reported, ...]
    repairs: tuple[Repair, ...]
    roots: tuple[Reported, ...]

    @property
    def is_note(self) -> bool:
        """Tell whether it is only worth knowing, together with all that it explains."""
        return all(severity is Severity.INFO for severity in (self.severity, *(e.severity for e in self.explained)))


def problems_of(report: Report, *, verbose: bool) -> tuple[Problem, ...]:
    """Return the problems in the order of the report; ``verbose`` keeps every finding by itself and in full."""
    trees = _trees(report.findings)
    groups: dict[tuple[Severity, str], list[Reported]] = {}
    for root, _ in trees.values():
        groups.setdefault((root.severity, root.code), []).append(root)
    units: list[list[Reported]] = []
    for root, _ in trees.values():
        alike = groups[root.severity, root.code]
        if verbose or len(alike) < _ALIKE:
            units.append([root])
        elif alike[0] is root:
            units.append(alike)
    most = _MOST_EVIDENCE if len(units) == 1 else _MOST_EVIDENCE_OF_MANY
    everywhere = tuple(node.name for node in report.nodes)
    return tuple(
        _problem(
            unit,
            tuple(item for root in unit for item in trees[root.id][1]),
            everywhere,
            most=None if verbose else most,
        )
        for unit in units
    )


def explained_words(explained: Iterable[Reported]) -> str:
    """Fold findings by their rule: ``4 x JS003 replica-unhealthy (KV_a, KV_b, KV_c and 1 more)``."""
    by_code: dict[str, list[Reported]] = {}
    for item in explained:
        by_code.setdefault(item.code, []).append(item)
    parts = []
    for code, items in by_code.items():
        count = f"{len(items)} x " if len(items) > 1 else ""
        names = dict.fromkeys(shorten(item.finding.subject.name) for item in items)
        parts.append(f"{count}{one_line(code)} {one_line(items[0].name)} ({listing(names, _MOST_NAMES)})")
    return ", ".join(parts)


def place_of(
    nodes: tuple[str, ...], subjects: Iterable[Subject], everywhere: tuple[str, ...], *, full: bool = False
) -> str:
    """Say where a problem is: on which nodes, and what it is about."""
    parts = []
    if nodes and len(everywhere) > 1 and set(nodes) == set(everywhere):
        parts.append(f"on all {len(everywhere)} nodes")
    elif nodes:
        parts.append(f"on {listing(nodes, len(nodes) if full else 8)}")
    for subject in subjects:
        if subject.kind == "node" and subject.name in nodes:
            continue
        name = one_line(subject.name) if full else shorten(subject.name, 40)
        words = f"{one_line(subject.kind)} {name}"
        if subject.account:
            words += f" of account {one_line(subject.account) if full else shorten(subject.account)}"
        parts.append(words)
    return "; ".join(parts)


def _trees(findings: tuple[Reported, ...]) -> dict[str, tuple[Reported, list[Reported]]]:
    """Return each root with what it explains; a finding whose cause is not there is a root, so none is lost."""
    by_id = {item.id: item for item in findings}
    roots = {item.id: _root(item, by_id) for item in findings}
    trees: dict[str, tuple[Reported, list[Reported]]] = {
        item.id: (item, []) for item in findings if roots[item.id] == item.id
    }
    for item in findings:
        if roots[item.id] != item.id:
            trees[roots[item.id]][1].append(item)
    return trees


def _root(item: Reported, by_id: dict[str, Reported]) -> str:
    seen: list[str] = []
    at = item
    while at.cause is not None and at.cause in by_id:
        if at.id in seen:
            # causes in a circle explain nothing: the first by name stands for all of them
            return min(seen[seen.index(at.id) :])
        seen.append(at.id)
        at = by_id[at.cause]
    return at.id


def _problem(
    roots: list[Reported], explained: tuple[Reported, ...], everywhere: tuple[str, ...], *, most: int | None
) -> Problem:
    first = roots[0]
    nodes = tuple(dict.fromkeys(node for root in roots for node in root.finding.nodes))
    details = tuple(dict.fromkeys(line for root in roots for line in paragraphs(root.finding.detail)))
    evidence = tuple(dict.fromkeys(_clean(entry) for root in roots for entry in root.finding.evidence))
    shown = _foremost(evidence, {one_line(node) for node in nodes}, most)
    single = len(roots) == 1
    return Problem(
        severity=first.severity,
        code=one_line(first.code),
        title=one_line(first.finding.title) if single else f"{one_line(first.name)}: {plural(len(roots), 'finding')}",
        cases=() if single else tuple(one_line(root.finding.title) for root in roots[:_MOST_CASES]),
        more_cases=max(0, len(roots) - _MOST_CASES),
        place=place_of(nodes, (first.finding.subject,) if single else (), everywhere, full=most is None),
        # of cases with different details the first one's says what it means
        details=details if single or len(details) == 1 else details[:1],
        evidence=shown,
        left_out=len(evidence) - len(shown),
        explained=explained,
        repairs=_repairs(remedy for root in roots for remedy in root.finding.remedies),
        roots=tuple(roots),
    )


def _clean(entry: EvidenceEntry) -> EvidenceEntry:
    return EvidenceEntry(*map(one_line, (entry.source, entry.where, entry.expected, entry.actual)))


def _foremost(evidence: tuple[EvidenceEntry, ...], concerned: set[str], most: int | None) -> tuple[EvidenceEntry, ...]:
    """Choose the lines to show, those of the nodes concerned before the others, in their order."""
    if most is None or len(evidence) <= most:
        return evidence
    ranked = sorted(range(len(evidence)), key=lambda index: (evidence[index].source not in concerned, index))
    return tuple(evidence[index] for index in sorted(ranked[:most]))


def _repairs(remedies: Iterable[Remedy]) -> tuple[Repair, ...]:
    commands: dict[tuple[str, Risk], dict[tuple[str, ...], None]] = {}
    for remedy in remedies:
        commands.setdefault((remedy.title, remedy.risk), {})[remedy.commands] = None
    return tuple(
        Repair(
            title=one_line(title),
            caution="" if risk is Risk.SAFE else str(risk),
            commands=tuple(line for block in blocks for command in block for line in lines_of(command)),
        )
        for (title, risk), blocks in commands.items()
    )
