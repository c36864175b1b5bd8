"""An inventory as a file for people: ``init`` writes it, and they go on from there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symphony_doctor.reports._words import one_line

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, why it is there, and whether it is only a proposal: that is commented out."""

    key: str
    value: str | bool | tuple[str, ...]
    why: str = ""
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a node, or the top of the file where ``name`` is empty."""

    name: str
    entries: tuple[Entry, ...]
    why: str = ""
    proposed: bool = False


def inventory_text(tables: Iterable[Table], made_by: str) -> str:
    """Return the file; every value in it is from elsewhere, and written so that nothing of it is TOML."""
    lines = [f"# Written by {one_line(made_by)}; docs/inventory.md tells all that can stand here."]
    for table in tables:
        if table.name:
            lines.append("")
        lines += _table(table)
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(table: Table) -> Iterator[str]:
    if table.why:
        yield f"# {one_line(table.why)}"
    mark = "# " if table.proposed else ""
    if table.name:
        yield f"{mark}[nodes.{table.name if _BARE.fullmatch(table.name) else quoted(table.name)}]"
    for entry in table.entries:
        if entry.why:
            yield f"# {one_line(entry.why)}"
        yield f"{mark or ('# ' if entry.proposed else '')}{entry.key} = {_value(entry.value)}"


def _value(value: str | bool | tuple[str, ...]) -> str:  # noqa: FBT001 - a value, no switch
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    return f"[{', '.join(map(quoted, value))}]"
