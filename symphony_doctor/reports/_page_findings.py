"""What the page says of findings: a card for each problem, with what it explains beneath it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Risk, Severity
from symphony_doctor.model.overview import NodeState, Overview
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.reports._page_times import ago
from symphony_doctor.reports._problems import Problem, place_of, problems_of
from symphony_doctor.reports._words import lines_of, listing, one_line, paragraphs

_MOST_ROWS: Final = 6
"""Lines of evidence that are seen before more of them are asked for."""

_MOST_SINGLE: Final = 12
"""Commands of one repair that each have a button of their own."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command exactly as it is to be typed; a comment heads those that follow."""

    text: str

    @property
    def is_comment(self) -> bool:
        """Tell whether it is for the reader alone."""
        return self.text.startswith("#")


@dataclass(frozen=True, slots=True)
class Repair:
    """A way to repair; ``caution`` is empty where nothing can go wrong."""

    title: str
    caution: str
    commands: tuple[Command, ...]

    @property
    def together(self) -> str:
        """Return all commands as one text, where they belong together: a comment heads an alternative."""
        if len(self.commands) < 2 or any(command.is_comment for command in self.commands):  # noqa: PLR2004
            return ""
        return "\n".join(command.text for command in self.commands)

    @property
    def is_long(self) -> bool:
        """Tell whether there are too many commands for a button each."""
        return len(self.commands) > _MOST_SINGLE


@dataclass(frozen=True, slots=True)
class Item:
    """One finding; ``nodes`` are places in the list of all nodes, by which the page filters."""

    severity: Severity
    code: str
    name: str
    title: str
    place: str
    details: tuple[str, ...]
    evidence: tuple[EvidenceEntry, ...]
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule that a problem explains."""

    items: tuple[Item, ...]

    @property
    def names(self) -> str:
        """Name the first few titles, so that a closed group tells what is in it."""
        return listing((item.title for item in self.items), 2)


@dataclass(frozen=True, slots=True)
class Card:
    """A problem: its head, its cases where it has several, what repairs it, what it explains.

    ``concerned`` are the sources of evidence that the problem is on, to be told from those that are right.
    """

    number: int
    head: Item
    cases: tuple[Item, ...]
    since: str
    repairs: tuple[Repair, ...]
    rows: tuple[EvidenceEntry, ...]
    more_rows: tuple[EvidenceEntry, ...]
    concerned: frozenset[str]
    groups: tuple[Group, ...]
    is_note: bool

    @property
    def explained(self) -> int:
        """Return the number of findings that this problem explains."""
        return sum(len(group.items) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Findings:
    """All cards, and what they can be filtered by: severities, nodes and rules that occur."""

    cards: tuple[Card, ...]
    severities: tuple[Severity, ...]
    nodes: tuple[tuple[int, str], ...]
    rules: tuple[tuple[str, str], ...]
    count: int


def findings_of(report: Report) -> Findings:
    """Return the problems of a report in its order, worst and root causes first; notes stand at the end."""
    problems = problems_of(report, verbose=False)
    ordered = sorted(problems, key=lambda problem: problem.is_note)
    nodes = _Nodes(report)
    cards = tuple(nodes.card(number, problem) for number, problem in enumerate(ordered, 1))
    concerned = dict.fromkeys(name for found in report.findings for name in found.finding.nodes)
    return Findings(
        cards=cards,
        severities=tuple(sorted({found.severity for found in report.findings}, reverse=True)),
        nodes=tuple((at, one_line(name)) for name, at in nodes.places.items() if name in concerned),
        rules=tuple(sorted({(one_line(found.code), one_line(found.name)) for found in report.findings})),
        count=len(report.findings),
    )


class _Nodes:
    """The nodes of a report, and those that findings alone name, by their place."""

    def __init__(self, report: Report) -> None:
        names = [node.name for node in report.nodes]
        named = [name for found in report.findings for name in found.finding.nodes]
        self.places = {name: at for at, name in enumerate(dict.fromkeys([*names, *named]))}
        self._everywhere = tuple(names)
        self._now = report.generated_at
        self._overview = report.overview

    def card(self, number: int, problem: Problem) -> Card:
        single = len(problem.roots) == 1
        evidence = tuple(dict.fromkeys(_clean(entry) for root in problem.roots for entry in root.finding.evidence))
        rows = evidence if single else ()
        return Card(
            number=number,
            head=Item(
                severity=problem.severity,
                code=problem.code,
                name=one_line(problem.roots[0].name),
                title=problem.title,
                place=problem.place,
                details=problem.details,
                evidence=(),
                nodes=self._numbers(name for root in problem.roots for name in root.finding.nodes),
            ),
            cases=() if single else tuple(self._item(root) for root in problem.roots),
            since=_since(problem, self._overview, self._now),
            repairs=_repairs(remedy for root in problem.roots for remedy in root.finding.remedies),
            rows=rows[:_MOST_ROWS],
            more_rows=rows[_MOST_ROWS:],
            concerned=frozenset(one_line(name) for root in problem.roots for name in root.finding.nodes),
            groups=tuple(Group(tuple(map(self._item, items))) for items in _by_code(problem.explained)),
            is_note=problem.is_note,
        )

    def _item(self, found: Reported) -> Item:
        finding = found.finding
        return Item(
            severity=found.severity,
            code=one_line(found.code),
            name=one_line(found.name),
            title=one_line(finding.title),
            place=place_of(finding.nodes, (finding.subject,), self._everywhere),
            details=paragraphs(finding.detail),
            evidence=tuple(dict.fromkeys(map(_clean, finding.evidence))),
            nodes=self._numbers(finding.nodes),
        )

    def _numbers(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted({self.places[name] for name in names}))


def _clean(entry: EvidenceEntry) -> EvidenceEntry:
    return EvidenceEntry(*map(one_line, (entry.source, entry.where, entry.expected, entry.actual)))


def _by_code(explained: Iterable[Reported]) -> Iterator[list[Reported]]:
    by_code: dict[tuple[int, str], list[Reported]] = {}
    for item in explained:
        by_code.setdefault((-item.severity, item.code), []).append(item)
    yield from (by_code[key] for key in sorted(by_code, key=lambda key: key[0]))


def _repairs(remedies: Iterable[Remedy]) -> tuple[Repair, ...]:
    merged: dict[tuple[str, Risk], dict[tuple[str, ...], None]] = {}
    for remedy in remedies:
        merged.setdefault((remedy.title, remedy.risk), {})[remedy.commands] = None
    return tuple(
        Repair(
            title=one_line(title),
            caution="" if risk is Risk.SAFE else str(risk),
            commands=tuple(Command("\n".join(lines_of(command))) for block in blocks for command in block),
        )
        for (title, risk), blocks in merged.items()
    )


def _since(problem: Problem, overview: Overview, now: float) -> str:
    """Say since when, where a log or a leader tells: by the evidence's own line, or when a lost node was heard."""
    places = {(entry.source, entry.where) for root in problem.roots for entry in root.finding.evidence}
    begun = [
        moment.at
        for moment in overview.moments
        if moment.count and moment.at is not None and (moment.node, moment.where) in places
    ]
    if begun:
        return f"Since {ago(min(begun), now)}"
    proofs = [entry.actual for root in problem.roots for entry in root.finding.evidence]
    concerned = {name for root in problem.roots for name in root.finding.nodes}
    lost = [
        node
        for node in overview.nodes
        # that a node is down is part of this problem where the evidence has the very words
        if node.name in concerned and node.state is NodeState.DOWN and any(node.how in proof for proof in proofs)
    ]
    heard = [node.heard_at for node in lost if node.heard_at is not None]
    return f"{listing(node.name for node in lost)} last heard {ago(max(heard), now)}" if heard else ""
