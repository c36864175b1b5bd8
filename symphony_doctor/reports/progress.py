"""What is shown while evidence is gathered: a line for each node that says what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from symphony_doctor.reports._words import one_line, plural, shorten, shorten_path

_LONGEST: Final = 24


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that is waited for, until ``until`` (the clock's seconds) at the most, 0 where that is not known."""

    what: str
    until: float


def progress_lines(
    waiting: Mapping[str, Sequence[Waiting]],
    nodes: Mapping[str, str],
    files: Mapping[str, int],
    *,
    began: float,
    now: float,
    size: tuple[int, int],
    stopped: bool = False,
) -> tuple[str, ...]:
    """Return the lines of one moment, for a terminal of ``size`` columns and lines.

    ``nodes`` are the names of those that always have a line, by who they are; others have one while they are
    waited for.
    """
    width, height = size
    others = {who: shorten_path(who, _LONGEST) for who in waiting if who not in nodes}
    names = {who: shorten(name, _LONGEST) for who, name in nodes.items()} | others
    column = max(map(len, names.values()), default=0)
    lines = [f"  {name:<{column}}  {_words(waiting.get(who, ()), files.get(who, 0))}" for who, name in names.items()]
    room = max(1, height - 3)
    if len(lines) > room:
        lines = [*lines[:room], f"  and {len(lines) - room} more"]
    every = [_head(waiting, nodes, began, now, stopped=stopped), *lines]
    return tuple(line if len(line) < width else f"{line[: max(0, width - 2)]}…" for line in every)


def _head(
    waiting: Mapping[str, Sequence[Waiting]], nodes: Mapping[str, str], began: float, now: float, *, stopped: bool
) -> str:
    if stopped:
        return "Interrupted: the report of what is there follows; Ctrl-C again for none"
    left = max((each.until - now for every in waiting.values() for each in every if each.until), default=0.0)
    ready = sum(not waiting.get(who) for who in nodes)
    parts = [f"Looking for {now - began:.1f} s"]
    if nodes:
        parts.append(f"{ready} of {plural(len(nodes), 'node')} ready")
    if left > 0:
        parts.append(f"at most {left:.0f} s more for this step" if left >= 1 else "less than 1 s more for this step")
    return ", ".join(parts)


def _words(waiting: Sequence[Waiting], files: int) -> str:
    if not waiting:
        return "ready"
    # what began last says most: a page of an answer, and not the connection that brings it
    what = one_line(waiting[-1].what)
    return f"{what}: {files:,} so far" if what == "reading files" and files else what
