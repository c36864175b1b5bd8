"""What the server refuses in a configuration that parses: unknown keys, wrong types, impossible values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symphony_doctor.formats.nats_config.option_kinds import (
    BLOCKS,
    DURATIONS,
    RESOLVER,
    RESOLVERS,
    TOP,
    Kind,
    account_jwt,
    routes,
    scalar,
)
from symphony_doctor.formats.nats_config.tree import Array, Entry, Map
from symphony_doctor.formats.position import Position


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that the server refuses, or only warns of: ``nats-server -t`` fails for both."""

    position: Position
    message: str
    warning: bool = False


def problems(config: Map) -> tuple[Problem, ...]:
    """Return everything that the server refuses, in the order of the file."""
    if not config.entries:
        return (Problem(config.position, "the file sets nothing", warning=True),)
    found = [*_block(config, TOP), *_stores(config)]
    return tuple(sorted(found, key=lambda problem: (problem.position, problem.message)))


def _block(config: Map, known: Mapping[str, Kind]) -> Iterator[Problem]:
    last = {entry.key: entry for entry in config.entries}
    for entry in last.values():
        name = entry.key.lower()
        kind = known.get(name)
        if kind is None:
            if not entry.referenced:
                shown = entry.key if re.fullmatch(r"[\w.-]{1,40}", entry.key) else "this key"
                yield Problem(entry.position, f"unknown field {shown}")
            continue
        yield from _entry(entry, name, kind)


def _entry(entry: Entry, name: str, kind: Kind) -> Iterator[Problem]:
    value = entry.value
    expected = kind(value)
    if expected is not None:
        yield Problem(value.position, f"{name}: expected {expected}")
        return
    if kind in DURATIONS and isinstance(scalar(value), int):
        yield Problem(value.position, f"{name}: expected a duration with a unit, such as 10s", warning=True)
    if isinstance(value, Map):
        if name in RESOLVERS:
            yield from _resolver_block(value)
        elif name == "resolver_preload":
            yield from _preload_block(value)
        elif name in BLOCKS:
            yield from _block(value, BLOCKS[name])
    if kind is routes and isinstance(value, Array):
        yield from _duplicate_routes(value)


def _duplicate_routes(value: Array) -> Iterator[Problem]:
    seen: set[object] = set()
    for item in value.items:
        if scalar(item) in seen:
            yield Problem(item.position, "routes: this route stands in the list twice", warning=True)
        seen.add(scalar(item))


def _resolver_block(value: Map) -> Iterator[Problem]:
    wrong = False
    for key, kind in RESOLVER.items():
        found = value.get(key, fold_case=False)
        expected = kind(found) if found is not None else None
        if found is not None and expected is not None:
            wrong = True
            yield Problem(found.position, f"resolver {key}: expected {expected}")
    if wrong:
        return
    text = {key: str(scalar(found)) for key in RESOLVER if (found := value.get(key, fold_case=False)) is not None}
    kind_name = text.get("type", "").upper()
    if kind_name not in {"FULL", "CACHE", "MEM", "MEMORY"}:
        yield Problem(value.position, "resolver: expected type full, cache or memory, the key in lower case")
    elif kind_name in {"FULL", "CACHE"} and not text.get("dir"):
        yield Problem(value.position, "resolver: expected dir, a directory, the key in lower case")
    elif kind_name == "FULL" and text.get("ttl", "0") not in {"0", "0s"}:
        yield Problem(value.position, "resolver: type full takes no ttl")
    elif kind_name == "FULL" and "hard_delete" in text and text.get("allow_delete") != "True":
        yield Problem(value.position, "resolver: hard_delete needs allow_delete")
    elif kind_name == "CACHE" and (
        text.get("interval", "0") not in {"0", "0s"} or text.get("allow_delete") == "True" or "hard_delete" in text
    ):
        yield Problem(value.position, "resolver: type cache takes no interval, allow_delete or hard_delete")


def _preload_block(value: Map) -> Iterator[Problem]:
    for entry in {entry.key: entry for entry in value.entries}.values():
        expected = account_jwt(entry.value)
        if expected is not None:
            yield Problem(entry.value.position, f"resolver_preload: expected {expected}")


def _stores(config: Map) -> Iterator[Problem]:
    """Refuse a storage directory that is named both at the top level and in the jetstream block."""
    block = config.get("jetstream")
    inner = block.get("store", "store_dir", "storedir") if isinstance(block, Map) else None
    if inner is not None and config.get("store_dir", "storedir") is not None:
        yield Problem(inner.position, "store_dir: it is set at the top level as well")
