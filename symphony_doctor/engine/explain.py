"""Folds findings under the ones that explain them, and puts root causes first.

What explains what is said by each rule (``explained_by``); here is only how it is matched, so no rule
is known by name. Of several explanations the first that the rule names wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from symphony_doctor.engine.run import Outcome
from symphony_doctor.model.check import Because, Check, Same
from symphony_doctor.model.finding import Finding
from symphony_doctor.model.report import Reported

DOCS = "docs/rules.md#{}"


def explain(outcomes: Iterable[Outcome]) -> tuple[Reported, ...]:
    """Return all findings with ids and causes: each root cause, then what it explains, worst first."""
    every = tuple(outcomes)
    checks = {outcome.check.code: outcome.check for outcome in every}
    found = _identified(every)
    by_code: dict[str, list[Reported]] = {}
    for item in found:
        by_code.setdefault(item.code, []).append(item)
    causes: dict[str, str] = {}
    for item in found:
        cause = _cause(item, checks[item.code], by_code, causes)
        if cause is not None:
            causes[item.id] = cause
    return _root_first([replace(item, cause=causes.get(item.id)) for item in found])


def finding_id(code: str, finding: Finding) -> str:
    """Return the id of a finding: the same for the same problem in every run.

    It is made of the code and the subject alone, so it stays while severity, evidence and the nodes
    concerned change.
    """
    subject = finding.subject
    text = "\x1f".join((code, subject.kind, subject.account or "", subject.name))
    # a name can be of a file, and a file's name any bytes
    return f"{code}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:10]}"


def _identified(outcomes: tuple[Outcome, ...]) -> list[Reported]:
    found: dict[str, Reported] = {}
    for outcome in outcomes:
        for finding in outcome.findings:
            name = finding_id(outcome.check.code, finding)
            if name in found:
                # two findings on one subject: the nodes tell them apart
                name = f"{name}-{hashlib.sha256(repr(finding.nodes).encode()).hexdigest()[:4]}"
            found[name] = Reported(
                id=name,
                code=outcome.check.code,
                name=outcome.check.name,
                severity=finding.severity or outcome.check.severity,
                finding=finding,
                cause=None,
                docs=DOCS.format(outcome.check.code.lower()),
            )
    return list(found.values())


def _cause(item: Reported, rule: Check, by_code: dict[str, list[Reported]], causes: dict[str, str]) -> str | None:
    for because in rule.explained_by:
        for other in by_code.get(because.code, ()):
            if other.id != item.id and _shares(item, other, because) and not _leads_to(other.id, item.id, causes):
                return other.id
    return None


def _shares(item: Reported, other: Reported, because: Because) -> bool:
    mine, theirs = item.finding.subject, other.finding.subject
    if Same.SUBJECT in because.same and mine != theirs:
        return False
    if (Same.ACCOUNT in because.same and not _account_of(item)) or (
        Same.ACCOUNT in because.same and _account_of(item) != _account_of(other)
    ):
        return False
    return Same.NODES not in because.same or bool(set(item.finding.nodes) & set(other.finding.nodes))


def _account_of(item: Reported) -> str | None:
    subject = item.finding.subject
    return subject.name if subject.kind == "account" else subject.account


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
