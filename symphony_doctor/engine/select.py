"""Chooses rules by code, prefix or name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from symphony_doctor.errors import UnknownCode, UsageError
from symphony_doctor.model.check import Check


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
            known = [word for rule in checks for word in (rule.code, rule.name)]
            near = difflib.get_close_matches(text.upper(), known, 1) or difflib.get_close_matches(text, known, 1)
            hint = f"; did you mean {near[0]}?" if near else "; see `symphony-doctor checks list`"
            raise UnknownCode(f"no rule has the code, prefix or name {text!r}{hint}")
        matched |= codes
    return matched
