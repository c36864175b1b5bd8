"""Chooses rules by code, prefix or name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from symphony_doctor.errors import UnknownCode, UsageError
from symphony_doctor.model.check import Check
from symphony_doctor.model.judging import Judging


def select(checks: Iterable[Check], wanted: Iterable[str], ignored: Iterable[str]) -> tuple[Check, ...]:
    """Return the rules that ``wanted`` names (all, where it is empty) without those ``ignored`` names.

    Each pattern is a code, a prefix of codes (``RT``) or a rule's name. Raises ``UnknownCode`` for
    one that matches nothing, and ``UsageError`` where no rule is left: nothing looked at is no health.
    """
    every = tuple(checks)
    chosen = _matching(every, wanted) or {rule.code for rule in every}
    left = chosen - _matching(every, ignored)
    if not left:
        raise UsageError("no rule is left to run: --ignore takes away all that --select names")
    return tuple(rule for rule in every if rule.code in left)


def _matching(checks: tuple[Check, ...], patterns: Iterable[str]) -> set[str]:
    matched: set[str] = set()
    for pattern in patterns:
        text = pattern.strip()
        codes = {rule.code for rule in checks if text and (rule.code.startswith(text.upper()) or rule.name == text)}
        if not codes:
            near = _near(text, checks)
            raise UnknownCode(f"no rule has the code, prefix or name {text!r}; {_hint(near)}")
        matched |= codes
    return matched


def _near(text: str, checks: Iterable[Check]) -> str | None:
    """Return the code or the name of a rule that may have been meant."""
    known = [word for rule in checks for word in (rule.code, rule.name)]
    found = difflib.get_close_matches(text.upper(), known, 1) or difflib.get_close_matches(text, known, 1)
    return found[0] if found else None


def _hint(near: str | None) -> str:
    return f"did you mean {near}?" if near else "see `symphony-doctor checks list`"


def check_judging(judging: Judging, checks: Iterable[Check]) -> None:
    """Raise ``UnknownCode`` for a code that no rule has, ``UsageError`` for a threshold that its rule has not."""
    rules = {rule.code: rule for rule in checks}
    thresholds = [(each.code, each.where) for each in judging.thresholds]
    for code, where in (*thresholds, *((each.code, each.where) for each in judging.mutes)):
        if code not in rules:
            word = _near(code, rules.values())
            near = next((rule.code for rule in rules.values() if word in {rule.code, rule.name}), None)
            raise UnknownCode(f"{where}: no rule has the code {code!r}; {_hint(near)}")
    for each in judging.thresholds:
        names = [parameter.name for parameter in rules[each.code].parameters]
        if each.name not in names:
            has = f"its thresholds are {', '.join(names)}" if names else "it has none"
            raise UsageError(f"{each.where}: {each.code} has no threshold {each.name!r}: {has}")
