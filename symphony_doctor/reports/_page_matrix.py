"""The matrix of the page: what each node has of each stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from symphony_doctor.model.overview import Copy, CopyState, Overview, Placement
from symphony_doctor.reports._words import elsewhere_words, one_line, shorten

_MARKS: Final = {
    CopyState.LEADER: "★",
    CopyState.REPLICA: "●",
    CopyState.LAGGING: "◐",
    CopyState.OFFLINE: "○",
    CopyState.ABSENT: "✖",
    CopyState.HELD: "●",
    CopyState.NONE: "-",
    CopyState.UNKNOWN: "?",
}
_WORDS: Final = {
    CopyState.LEADER: "leads, and takes the writes",
    CopyState.REPLICA: "follows, and is current",
    CopyState.LAGGING: "is behind the leader, by so many operations",
    CopyState.OFFLINE: "is there, and its server is down or not heard",
    CopyState.ABSENT: "is assigned, and does not have it",
    CopyState.HELD: "has it; no leader told how current it is",
    CopyState.NONE: "not assigned to this node",
    CopyState.UNKNOWN: "not known",
}

_MOST_APART: Final = 5_000
"""Streams that have a row each: of more, the healthy ones of an account that lie alike share one."""

_MOST_DRAWN: Final = 200
"""Rows that are all drawn at once: those of more would be felt."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one node has of one stream: a mark and a word, and where there is more to say, that."""

    state: CopyState
    mark: str
    word: str


@dataclass(frozen=True, slots=True)
class Row:
    """A stream, or several of an account that lie alike: their copies in the order of the nodes.

    ``name`` has the names of all ``count`` of them; ``account`` is the account's name, ``account_key`` its key.
    """

    name: str
    account: str
    account_key: str
    kind: str
    trouble: str
    cells: tuple[Cell, ...]
    is_faulty: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Matrix:
    """Streams and nodes; ``legend`` explains the states that occur."""

    nodes: tuple[str, ...]
    rows: tuple[Row, ...]
    streams: int
    faulty: int
    legend: tuple[tuple[Cell, str], ...]

    @property
    def is_long(self) -> bool:
        """Tell whether rows that are out of sight are to be drawn only when they come into it."""
        return len(self.rows) > _MOST_DRAWN


_PLAIN: Final = {state: Cell(state, _MARKS[state], str(state)) for state in CopyState}


def matrix_of(overview: Overview) -> Matrix:
    """Return a row for each stream, those that lack something first."""
    states = {copy.state for placement in overview.streams for copy in placement.copies}
    rows = tuple(map(_row, overview.streams))
    return Matrix(
        nodes=tuple(one_line(node.name) for node in overview.nodes),
        rows=rows if len(rows) <= _MOST_APART else _shared(rows),
        streams=len(rows),
        faulty=sum(placement.is_faulty for placement in overview.streams),
        legend=tuple((_PLAIN[state], _WORDS[state]) for state in CopyState if state in states),
    )


def _shared(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    alike: dict[Row, list[Row]] = {}
    for row in rows:
        alike.setdefault(row if row.is_faulty else replace(row, name=""), []).append(row)
    return tuple(replace(row, name=", ".join(each.name for each in of), count=len(of)) for row, of in alike.items())


def _row(placement: Placement) -> Row:
    troubles = ["no leader"] if placement.has_leader is False else []
    if placement.elsewhere:
        troubles.append(elsewhere_words(placement.elsewhere))
    account = one_line(placement.account)
    return Row(
        name=one_line(placement.stream),
        account=one_line(placement.account_name) or shorten(account),
        account_key=account,
        kind=f"R{placement.num_replicas} {one_line(placement.storage)}",
        trouble="; ".join(troubles),
        cells=tuple(map(_cell, placement.copies)),
        is_faulty=placement.is_faulty,
    )


def _cell(copy: Copy) -> Cell:
    if copy.state is CopyState.LAGGING:
        return Cell(copy.state, _MARKS[copy.state], f"{copy.lag:,} behind")
    return _PLAIN[copy.state]
