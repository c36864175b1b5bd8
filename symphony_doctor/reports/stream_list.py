"""Every stream on one screen: replicas wanted and had, leader and peers, lag, bytes, and where it is on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.model.jetstream import Stream
from symphony_doctor.model.overview import FAULTY, Copy, CopyState, Placement
from symphony_doctor.model.policy import replicas_wanted
from symphony_doctor.reports._words import ascii_only, one_line, plural, shorten

SCHEMA: Final = "symphony-doctor/streams/v1"

_UNITS: Final = (("TB", 2**40), ("GB", 2**30), ("MB", 2**20), ("KB", 2**10))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which streams are shown: of accounts and of names by patterns such as ``KV_*``, or those with a fault alone."""

    accounts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream with where it is. ``wanted`` is the number of replicas that the size of the cluster asks for.

    It is ``None`` for a stream in memory, which is filled again from its source.
    """

    stream: Stream
    placement: Placement
    wanted: int | None

    @property
    def is_faulty(self) -> bool:
        """Tell whether it has fewer replicas than it should, no leader, or a copy that does not work."""
        return self.placement.is_faulty or (self.wanted is not None and self.placement.num_replicas < self.wanted)


def stream_rows(cluster: Cluster, placements: Iterable[Placement], chosen: Filter) -> tuple[StreamRow, ...]:
    """Return the streams chosen, by account and name."""
    by_key = {(each.account, each.stream): each for each in placements}
    wanted = replicas_wanted(cluster.size)
    rows = (
        StreamRow(stream, by_key[stream.account, stream.name], wanted if stream.config.is_file else None)
        for stream in cluster.streams
    )
    kept = (row for row in rows if _is_chosen(row, chosen))
    return tuple(sorted(kept, key=lambda row: (row.stream.account_name, row.stream.account, row.stream.name)))


def _is_chosen(row: StreamRow, chosen: Filter) -> bool:
    stream = row.stream
    account = (stream.account, stream.account_name)
    return (
        (not chosen.accounts or any(fnmatchcase(name, each) for each in chosen.accounts for name in account))
        and (not chosen.names or any(fnmatchcase(stream.name, each) for each in chosen.names))
        and (row.is_faulty or not chosen.faulty)
    )


def list_streams(cluster: Cluster, rows: tuple[StreamRow, ...], *, problems: Iterable[str] = ()) -> str:
    """Return the streams as a table for each account; ``problems`` are said below: what could not be looked at."""
    from tabulate import tabulate  # noqa: PLC0415 - it is imported only where a table is drawn

    nodes = [node.name for node in cluster.nodes]
    by_account: dict[str, list[StreamRow]] = {}
    for row in rows:
        by_account.setdefault(row.stream.account, []).append(row)
    lines: list[str] = []
    for account, streams in by_account.items():
        name = streams[0].stream.account_name
        lines += [f"{name} ({shorten(account)})" if name else account]
        headers = ["", "stream", "replicas", "leader", "others", "messages", "size", "on disk"]
        table = tabulate(
            [_cells(row, nodes) for row in streams], headers, tablefmt="simple", disable_numparse=True,
            colalign=("left", "left", "left", "left", "left", "right", "right", "left"),
        )  # fmt: skip
        lines += [*(line.rstrip() for line in table.split("\n")), ""]
    faulty = sum(row.is_faulty for row in rows)
    lines.append(f"{plural(len(rows), 'stream')}, {faulty} with a fault (!)" if rows else "no stream")
    lines += map(one_line, problems)
    return ascii_only("\n".join(lines)) + "\n"


def _cells(row: StreamRow, nodes: list[str]) -> list[str]:
    state, placement = row.stream.state, row.placement
    had = f"{placement.num_replicas} of {row.wanted}" if row.wanted is not None else f"{placement.num_replicas}, memory"
    copies = dict(zip(nodes, placement.copies, strict=True))
    leader = ", ".join(row.stream.leaders)
    others = [_other(name, copy) for name, copy in copies.items() if copy.state not in _SILENT]
    others += [f"{name} (no node)" for name in placement.elsewhere]
    directories = sorted(row.stream.directories)
    on_disk = "all" if directories and len(directories) == len(nodes) else ", ".join(directories)
    return [
        "!" if row.is_faulty else "",
        *map(one_line, (row.stream.name, had, leader or _no_leader(placement), ", ".join(others))),
        f"{state.messages:,}" if state is not None else "",
        size_words(state.stored_bytes) if state is not None else "",
        one_line(on_disk),
    ]


_SILENT: Final = frozenset({CopyState.LEADER, CopyState.NONE, CopyState.UNKNOWN})


def _no_leader(placement: Placement) -> str:
    return "NONE" if placement.has_leader is False else "not known"


def _other(name: str, copy: Copy) -> str:
    if copy.state is CopyState.LAGGING:
        return f"{name} ({copy.lag:,} behind)"
    return f"{name} ({copy.state.value.upper()})" if copy.state in FAULTY else name


def size_words(size: int) -> str:
    """Return bytes in the unit of 1024 that leaves the shortest number: ``256 MB``."""
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} B"


def streams_json(cluster: Cluster, rows: Iterable[StreamRow]) -> str:
    """Return the streams as JSON: sizes in bytes, lag in operations, ``None`` for what is not known."""
    nodes = [node.name for node in cluster.nodes]
    document = {"schema": SCHEMA, "nodes": nodes, "streams": [_document(row, nodes) for row in rows]}
    return json.dumps(document, indent=2) + "\n"


def _document(row: StreamRow, nodes: list[str]) -> dict[str, Any]:
    stream, state = row.stream, row.stream.state
    return {
        "account": stream.account,
        "account_name": stream.account_name,
        "name": stream.name,
        "storage": stream.config.storage,
        "replicas_wanted": row.wanted,
        "replicas": row.placement.num_replicas,
        "leaders": list(stream.leaders),
        "copies": {
            name: {"state": copy.state.value, "lag": copy.lag}
            for name, copy in zip(nodes, row.placement.copies, strict=True)
        },
        "no_nodes": list(row.placement.elsewhere),
        "messages": state.messages if state is not None else None,
        "bytes": state.stored_bytes if state is not None else None,
        "directories": sorted(stream.directories),
        "faulty": row.is_faulty,
    }


def not_looked_at(cluster: Cluster, *, asked: bool = False) -> Iterator[str]:
    """Say of each node whose streams are not known why; with ``asked`` only where somebody asked for them."""
    for node in cluster.nodes:
        found = node.streams
        if isinstance(found, Missing) and not (asked and found.state is State.NOT_ASKED):
            yield f"{node.name}: {found.why}"
    yield from cluster.unseen
