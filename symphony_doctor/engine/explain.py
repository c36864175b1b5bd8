"""Folds findings under the ones that explain them, and puts root causes first.

What explains what is said by each rule (``explained_by``); here is only how it is matched, so no rule
is known by name. Of several explanations the first that the rule names wins. The order in which nodes
were looked at and rules yielded does not matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from symphony_doctor.engine.run import Outcome
from symphony_doctor.model.check import Because, Check, Same
from symphony_doctor.model.finding import Finding, Subject
from symphony_doctor.model.report import Reported

DOCS = "docs/rules.md#{}"

_Shared: TypeAlias = tuple[Subject | None, str | None, str | None]
"""What two findings must share: subject, account, node; ``None`` where it does not matter."""


def explain(outcomes: Iterable[Outcome]) -> tuple[Reported, ...]:
    """Return all findings with ids and causes: each root cause, then what it explains, worst first."""
    every = tuple(outcomes)
    checks = {outcome.check.code: outcome.check for outcome in every}
    found = sorted(_identified(every), key=lambda item: item.id)
    candidates = _Candidates(found)
    causes: dict[str, str] = {}
    for item in found:
        cause = _cause(item, checks[item.code], candidates, causes)
        if cause is not None:
            causes[item.id] = cause
    return _root_first([replace(item, cause=causes.get(item.id)) for item in found])


def finding_id(code: str, finding: Finding) -> str:
    """Return the id of a finding: the same for the same problem in every run.

    It is made of the code and the subject alone, so it stays while severity, evidence and the nodes
    concerned change.
    """
    subject = finding.subject
    return f"{code}-{_digest(code, subject.kind, subject.account or '', subject.name)[:10]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _identified(outcomes: tuple[Outcome, ...]) -> Iterator[Reported]:
    for outcome in outcomes:
        code = outcome.check.code
        for name, finding in _named(code, dict.fromkeys(outcome.findings)):
            yield Reported(
                id=name,
                code=code,
                name=outcome.check.name,
                severity=finding.severity or outcome.check.severity,
                finding=finding,
                cause=None,
                docs=DOCS.format(code.lower()),
            )


def _named(code: str, findings: Iterable[Finding]) -> Iterator[tuple[str, Finding]]:
    """Give each finding an id of its own: of several on one subject the nodes tell them apart, then the title."""
    by_id: dict[str, list[Finding]] = {}
    for finding in findings:
        by_id.setdefault(finding_id(code, finding), []).append(finding)
    for name, several in by_id.items():
        if len(several) == 1:
            yield name, several[0]
            continue
        nodes = [_digest(*sorted(finding.nodes)) for finding in several]
        count = Counter(nodes)
        taken: Counter[str] = Counter()
        for finding, digest in sorted(zip(several, nodes, strict=True), key=lambda pair: _content(pair[0])):
            own = digest if count[digest] == 1 else _digest(digest, finding.title)
            taken[own] += 1
            again = f"-{taken[own]}" if taken[own] > 1 else ""
            yield f"{name}-{own[:6]}{again}", finding


def _content(finding: Finding) -> tuple[str, str, list[str], str]:
    return finding.title, finding.detail, sorted(map(repr, finding.evidence)), repr(finding)


class _Candidates:
    """The findings by code and by what must be shared with them, so that many of them are matched fast."""

    def __init__(self, found: Iterable[Reported]) -> None:
        self._by_code: dict[str, list[Reported]] = {}
        for item in found:
            self._by_code.setdefault(item.code, []).append(item)
        self._tables: dict[Because, dict[_Shared, list[Reported]]] = {}

    def of(self, item: Reported, because: Because) -> Iterator[Reported]:
        """Yield the findings of that code which share with ``item`` what they must."""
        if because.code not in self._by_code:
            return
        table = self._tables.get(because)
        if table is None:
            table = self._tables[because] = {}
            for each in self._by_code[because.code]:
                for key in _keys(each, because.same):
                    table.setdefault(key, []).append(each)
        for key in _keys(item, because.same):
            yield from table.get(key, ())


def _keys(item: Reported, same: Same) -> Iterator[_Shared]:
    account = _account_of(item) if Same.ACCOUNT in same else None
    if Same.ACCOUNT in same and not account:
        return
    subject = item.finding.subject if Same.SUBJECT in same else None
    nodes = sorted(set(item.finding.nodes)) if Same.NODES in same else [None]
    for node in nodes:
        yield subject, account, node


def _account_of(item: Reported) -> str | None:
    subject = item.finding.subject
    return subject.name if subject.kind == "account" else subject.account


def _cause(item: Reported, rule: Check, candidates: _Candidates, causes: dict[str, str]) -> str | None:
    for because in rule.explained_by:
        for other in candidates.of(item, because):
            if not _leads_to(other.id, item.id, causes):
                return other.id
    return None


def _leads_to(start: str, goal: str, causes: dict[str, str]) -> bool:
    at: str | None = start
    while at is not None:
        if at == goal:
            return True
        at = causes.get(at)
    return False


def _root_first(found: list[Reported]) -> tuple[Reported, ...]:
    children: dict[str | None, list[Reported]] = {}
    for item in found:
        children.setdefault(item.cause, []).append(item)
    ordered: list[Reported] = []
    pending = [sorted(children.get(None, ()), key=lambda item: _rank(item, children), reverse=True)]
    while pending:
        if not pending[-1]:
            pending.pop()
            continue
        item = pending[-1].pop()
        ordered.append(item)
        pending.append(sorted(children.get(item.id, ()), key=lambda each: _rank(each, children), reverse=True))
    return tuple(ordered)


def _rank(item: Reported, children: dict[str | None, list[Reported]]) -> tuple[int, int, str, str]:
    """Order worst first, then by how much a finding explains."""
    return (-item.severity, -len(children.get(item.id, ())), item.code, item.id)
