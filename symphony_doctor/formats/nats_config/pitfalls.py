"""Values that the server reads other than they are written, and says nothing of.

Found here and not among the problems, as the server starts all the same (opts.go, conf/parse.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from symphony_doctor.formats.nats_config.option_kinds import BLOCKS, DURATION_KEYS, RESOLVER, RESOLVERS
from symphony_doctor.formats.nats_config.tree import Array, Entry, Map, Scalar
from symphony_doctor.formats.position import Position

_SUFFIXED: Final = re.compile(r"(-?[0-9]+)([kmgtpe])", re.IGNORECASE)
_SHOWN_KEY: Final = re.compile(r"[\w.-]{1,60}")
_POWERS: Final = {unit: power for power, unit in enumerate("kmgtpe", 1)}


@dataclass(frozen=True, slots=True)
class Pitfall:
    """One such value: its key, what stands there, how the server reads it, and how to write what is meant."""

    path: tuple[str, ...]
    position: Position
    written: str
    read: str
    advice: str


def pitfalls(config: Map) -> tuple[Pitfall, ...]:
    """Return every pitfall of a file, in the order of the file. No value is in it but numbers."""
    found = [*_map(config, ()), *_server_name(config)]
    return tuple(sorted(found, key=lambda pitfall: (pitfall.position, pitfall.path)))


def _map(config: Map, path: tuple[str, ...]) -> Iterator[Pitfall]:
    yield from _twice(config, path)
    if path[-1:] and path[-1].lower() in RESOLVERS and len(path) == 1:
        yield from _unknown_resolver_keys(config, path)
    for entry in config.entries:
        at = (*path, _shown(entry.key))
        if isinstance(entry.value, Map):
            yield from _map(entry.value, at)
        elif isinstance(entry.value, Array):
            for item in entry.value.items:
                if isinstance(item, Map):
                    yield from _map(item, at)
        else:
            yield from _suffixed(entry.value, at)


def _twice(config: Map, path: tuple[str, ...]) -> Iterator[Pitfall]:
    first: dict[str, Entry] = {}
    folds = not path or (len(path) == 1 and path[0].lower() in BLOCKS)
    for entry in config.entries:
        name = entry.key.lower() if folds else entry.key
        known = first.setdefault(name, entry)
        # a value that replaces an included one is meant to
        if known is entry or known.position.file != entry.position.file:
            continue
        if known.key == entry.key:
            read = "the last one alone: it replaces the whole of the others"
        else:
            read = "one of them, by chance: the server folds the case of keys"
        yield Pitfall(
            (*path, _shown(entry.key)),
            entry.position,
            f"{_shown(known.key)} in line {known.position.line}, {_shown(entry.key)} in line {entry.position.line}",
            read,
            "leave one of them",
        )


def _suffixed(value: Scalar, path: tuple[str, ...]) -> Iterator[Pitfall]:
    match = None if value.quoted else _SUFFIXED.fullmatch(value.written)
    if match is None or not isinstance(value.value, int):
        return
    number, unit = match[1], match[2]
    if path[-1].lower() in DURATION_KEYS:
        read, advice = f"{value.value:,} seconds", f'write a duration in quotes: "{number}{unit}"'
    else:
        binary = int(number) * 1024 ** _POWERS[unit.lower()]
        read = f"{value.value:,}, not {binary:,}"
        advice = f"write {number}{unit.upper()}B if units of 1024 are meant, or all digits"
    yield Pitfall(path, value.position, value.written, read, advice)


def _unknown_resolver_keys(config: Map, path: tuple[str, ...]) -> Iterator[Pitfall]:
    for entry in config.entries:
        if entry.key not in RESOLVER and not entry.referenced:
            meant = entry.key.lower() if entry.key.lower() in RESOLVER else None
            yield Pitfall(
                (*path, _shown(entry.key)),
                entry.position,
                _shown(entry.key),
                "nothing: the server ignores keys of the resolver that it does not know",
                f"write {meant}: here the case counts" if meant else "remove it, or correct its name",
            )


def _server_name(config: Map) -> Iterator[Pitfall]:
    if config.get("cluster") is not None and config.get("server_name") is None:
        yield Pitfall(
            ("server_name",),
            config.position,
            "no server_name",
            "the server's id, which is new at every start: so is the peer in every Raft group",
            "set a server_name that no other node has",
        )


def _shown(key: str) -> str:
    return key if _SHOWN_KEY.fullmatch(key) else "(a key)"
