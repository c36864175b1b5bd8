"""Which of several clocks are wrong, when nobody knows the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

THIS_MACHINE = ""
"""The name under which the doctor's own clock takes part."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock's offset to this machine's, and how wrong that may be at most; seconds."""

    offset: float
    uncertainty: float


def odd_clocks(clocks: Mapping[str, Clock], most: float) -> tuple[tuple[str, ...], float]:
    """Return the names of the clocks outside the largest group that agrees, and the group's offset.

    Of groups of one size the one that this machine agrees with is right. ``THIS_MACHINE`` is in the group or
    not; it is returned, alone, where it is the only one outside.
    """
    every = {**clocks, THIS_MACHINE: Clock(0.0, 0.0)}
    windows = [
        [name for name, clock in every.items() if clock.offset >= first.offset and not _differ(first, clock, most)]
        for first in every.values()
    ]
    right = max(windows, key=lambda names: (len(set(names) - {THIS_MACHINE}), THIS_MACHINE in names, sorted(names)))
    odd = every.keys() - set(right)
    servers = tuple(sorted(odd - {THIS_MACHINE}))
    return servers or tuple(odd), sorted(every[name].offset for name in right)[len(right) // 2]


def _differ(one: Clock, other: Clock, most: float) -> bool:
    return abs(one.offset - other.offset) - one.uncertainty - other.uncertainty > most
