"""Which node the others are to be made like, where they differ."""

from __future__ import annotations


def model_of(grouped: list[tuple[str, ...]]) -> str | None:
    """Return the node to copy from: the first of the largest group, none where two are as large."""
    return None if len(grouped) > 1 and len(grouped[0]) == len(grouped[1]) else grouped[0][0]


def usual(grouped: list[tuple[str, ...]], shown: dict[str, str]) -> str:
    """Return what most nodes have, in words."""
    model = model_of(grouped)
    return shown[model] if model else "the same on all nodes"
