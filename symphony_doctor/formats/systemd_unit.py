"""Unit files of systemd, with their drop-ins: assignments in order, specifiers, and what a command line is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symphony_doctor.formats.words import split

_PREFIXES = "@-:+!|"
"""Before the program of ExecStart: how it is run."""

_SPECIFIER = re.compile(r"%(.)")


@dataclass(frozen=True, slots=True)
class Unit:
    """The assignments of [Service]: each key with its values, those before an empty one forgotten as systemd does."""

    settings: Mapping[str, tuple[str, ...]]

    def last(self, key: str) -> str:
        """Return the value that counts of a key with one value; empty where there is none."""
        values = self.settings.get(key, ())
        return values[-1] if values else ""

    def words(self, key: str) -> list[str]:
        """Return all values of a key, split as systemd does: quoted parts are one word."""
        return [word for value in self.settings.get(key, ()) for word in split(value)]


def parse(texts: Iterable[str]) -> Unit:
    """Read a unit file and then its drop-ins. Lines that are none are passed over, as systemd does."""
    settings: dict[str, list[str]] = {}
    for text in texts:
        section = ""
        for line in _lines(text):
            if line.startswith("["):
                section = line.strip("[]")
                continue
            key, equals, value = line.partition("=")
            if section != "Service" or not equals:
                continue
            values = settings.setdefault(key.strip(), [])
            if value.strip():
                values.append(value.strip())
            else:
                values.clear()
    return Unit({key: tuple(values) for key, values in settings.items()})


def _lines(text: str) -> Iterable[str]:
    """Yield logical lines: a backslash at the end goes on, and comments in between are left out."""
    pending = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if pending or line:
            yield (pending + line).strip()
        pending = ""
    if pending:
        yield pending.strip()


def program(words: list[str]) -> str:
    """Return the program of a command line, without what says how it is run."""
    return words[0].lstrip(_PREFIXES) if words else ""


def specified(text: str, specifiers: Mapping[str, str]) -> str:
    """Replace specifiers such as ``%i``; one that is not known stays as it is."""
    return _SPECIFIER.sub(lambda match: specifiers.get(match[1], match[0]), text)
