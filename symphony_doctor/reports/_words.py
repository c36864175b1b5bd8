"""Words that the reports for people share: counting, listing, shortening, and making text harmless."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from symphony_doctor.model.finding import Severity
from symphony_doctor.redaction import printable

ELLIPSIS: Final = "…"

_KEY_LENGTH: Final = 24
"""A name longer than this is shortened where it stands in a list: a public key has 56 characters."""


def one_line(text: str) -> str:
    """Return a text from elsewhere as one harmless line."""
    return " ".join(printable(text).split())


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text as they are, each of them harmless: for commands."""
    return tuple(printable(text).split("\n"))


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the lines of a prose that have something in them."""
    return tuple(filter(None, (one_line(line) for line in printable(text).split("\n"))))


def plural(count: int, word: str) -> str:
    """Return ``1 node``, ``2 nodes``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def counted(count: int, severity: Severity) -> str:
    """Return ``2 critical``, ``1 error``, ``3 warnings``."""
    return f"{count} {severity.word}" if severity is Severity.CRITICAL else plural(count, severity.word)


def by_severity(severities: Iterable[Severity]) -> str:
    """Count severities, worst first: ``1 critical, 2 warnings``."""
    every = list(severities)
    return ", ".join(counted(every.count(each), each) for each in sorted(set(every), reverse=True))


def listing(names: Iterable[str], most: int = 8) -> str:
    """Join names by commas; of many, the first few and how many more."""
    every = [one_line(name) for name in names]
    if len(every) > most:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return ", ".join(every)


def elsewhere_words(names: Iterable[str]) -> str:
    """Say that a stream is assigned to what is no node of the cluster."""
    return f"also assigned to {listing(names)}, no node of the cluster"


def shorten(name: str, most: int = _KEY_LENGTH) -> str:
    """Cut the middle out of a long name, as people compare keys: both ends are left."""
    text = one_line(name)
    if len(text) <= most:
        return text
    tail = min(4, (most - 1) // 2)
    head = min(6, most - 1 - tail)
    return f"{text[:head]}{ELLIPSIS}{text[len(text) - tail :]}"


def shorten_path(where: str, most: int) -> str:
    """Cut the beginning off a place: a file is told from another by its end."""
    text = one_line(where)
    return text if len(text) <= most else f"{ELLIPSIS}{text[len(text) - most + 1 :]}"


def ascii_only(text: str) -> str:
    """Write a text in ASCII; what has no letters there becomes visible as an escape."""
    return text.replace(ELLIPSIS, "...").encode("ascii", "backslashreplace").decode("ascii")
