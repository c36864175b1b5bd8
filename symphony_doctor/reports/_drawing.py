"""Draws the picture of the cluster with rich."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from symphony_doctor.model.overview import NodeState
from symphony_doctor.reports._picture import Picture

_STATES: Final = {NodeState.UP: ("✔", "green"), NodeState.DOWN: ("✖", "bold red"), NodeState.UNKNOWN: ("?", "yellow")}
_GAP: Final = 2


def draw(picture: Picture, width: int) -> RenderableType:
    """Return the drawing: a line for each node, with a column for the routes to each where these fit."""
    parts: list[RenderableType] = [_table(picture, width)]
    if picture.is_drawn and picture.legend:
        parts.append(Text("  ").join(_legend(picture)))
    parts += map(_note, picture.notes)
    return Group(*parts)


def _table(picture: Picture, width: int) -> Table:
    columns = [node.name for node in picture.nodes] if picture.is_drawn else []
    table = _filled(picture, columns, numbered=False)
    if columns and _width(table) > width:
        table = _filled(picture, [str(at + 1) for at in range(len(columns))], numbered=True)
    return table if _width(table) <= width else _filled(picture, [], numbered=False)


def _width(table: Table) -> int:
    columns = [[column.header, *column.cells] for column in table.columns]
    return sum(max(cell_len(str(cell)) for cell in cells) + table.padding[1] for cells in columns) - table.padding[1]


def _filled(picture: Picture, columns: list[str], *, numbered: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1 if numbered else _GAP, 0, 0), header_style="")
    table.add_column(_dim("node"))
    table.add_column(_dim("state"))
    if columns:
        for name in columns:
            table.add_column(_dim(name), justify="center")
    elif len(picture.nodes) > 1:
        table.add_column(_dim("routes"))
    if picture.has_streams:
        for name in ("leads", "holds", "lacks"):
            table.add_column(_dim(name), justify="right")
    for at, node in enumerate(picture.nodes):
        mark, style = _STATES[node.state]
        number = f"{at + 1} " if numbered else ""
        cells = [Text.assemble((mark, style), f" {number}", (node.name, "bold")), Text(node.words, style=style)]
        if columns:
            cells += [
                Text("·", style="dim") if each is None else Text(each.line, style=each.style) for each in node.reaches
            ]
        elif len(picture.nodes) > 1:
            cells.append(Text(node.reached))
        if picture.has_streams:
            cells += [
                Text(node.leads),
                Text(node.holds),
                Text(node.lacks, style="" if node.lacks == "0" else "bold red"),
            ]
        table.add_row(*cells)
    return table


def _note(note: str) -> RenderableType:
    """Let what follows a dash stand below itself."""
    if not note.startswith("- "):
        return Text(note)
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text("-"), Text(note[2:]))
    return grid


def _legend(picture: Picture) -> Iterator[Text]:
    for reach in picture.legend:
        yield Text.assemble((reach.line, reach.style), (f" {reach.legend}", "dim"))


def _dim(text: str) -> Text:
    return Text(text, style="dim")
