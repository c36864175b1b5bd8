"""What is said of the rules themselves: the list of them, and the page of one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

from symphony_doctor.model.check import Because, Check, Same
from symphony_doctor.redaction import printable
from symphony_doctor.reports._words import one_line, plural

_SHARED: Final = {
    Same.NODES: "on the same nodes",
    Same.ACCOUNT: "of the same account",
    Same.SUBJECT: "of the same thing",
}
_NARROWEST: Final = 20


def list_checks(checks: Iterable[Check], *, verbose: bool = False) -> str:
    """Return the rules as a table; ``verbose`` adds what each needs and where it is from."""
    from tabulate import tabulate  # noqa: PLC0415 - it is imported only where a table is drawn

    every = list(checks)
    headers = ["code", "name", "severity", "title", *(["needs", "origin"] if verbose else [])]
    rows = [
        [one_line(check.code), one_line(check.name), check.severity.word, one_line(check.title)]
        + ([needs_words(check), one_line(check.origin)] if verbose else [])
        for check in every
    ]
    table = tabulate(rows, headers, tablefmt="simple", disable_numparse=True)
    lines = [line.rstrip() for line in table.split("\n")]
    return "\n".join([*lines, "", f"{plural(len(every), 'rule')}. More on one: symphony-doctor checks explain CODE"])


def explain_check(check: Check, *, width: int = 80) -> str:
    """Return the page of one rule: its explanation wrapped to ``width``, and its metadata."""
    columns = max(width, _NARROWEST)
    head = f"{one_line(check.code)} {one_line(check.name)} ({check.severity.word})"
    pages = [_paragraph(text, columns) for text in printable(check.explanation).strip("\n").split("\n\n")]
    facts = [("Needs", needs_words(check) or "nothing in particular")]
    if check.parameters:
        facts.append(("Thresholds", ", ".join(f"{each.name} = {each.default:g}" for each in check.parameters)))
    if check.explained_by:
        facts.append(("Explained by", because_words(check.explained_by)))
    if check.transient:
        facts.append(("Passes", TRANSIENT))
    facts.append(("Origin", one_line(check.origin) or "unknown"))
    return "\n\n".join([head, *pages, "\n".join(_fact(label, text, columns) for label, text in facts)])


def _paragraph(text: str, width: int) -> str:
    """Wrap prose; a block that is indented is an example, and stays as it is."""
    if all(line.startswith((" ", "\t")) for line in text.split("\n") if line):
        return text
    return _wrap(" ".join(text.split()), width)


def _fact(label: str, text: str, width: int) -> str:
    return _wrap(f"{label + ':':<13} {text}", width, " " * 14)


def _wrap(text: str, width: int, hanging: str = "") -> str:
    return textwrap.fill(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def needs_words(check: Check) -> str:
    """Name the kinds of evidence that a rule needs."""
    return ", ".join(kind.value.replace("_", " ") for kind in check.needs)


TRANSIENT: Final = "by itself while a cluster starts; `run --wait 5m` waits for that"


def because_words(explained_by: Iterable[Because]) -> str:
    """Group what explains a rule by what the two must share: ``QU001, QU002 on the same nodes``."""
    codes: dict[str, list[str]] = {}
    for because in explained_by:
        shared = " ".join(words for flag, words in _SHARED.items() if flag in because.same)
        codes.setdefault(shared, []).append(one_line(because.code))
    return "; ".join(f"{', '.join(each)} {shared}".rstrip() for shared, each in codes.items())
