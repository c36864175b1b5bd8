"""The answer of cirata.services.cluster.info: a replica count whose field name is not public.

The shape that the Go SDK reads is not known. So an integer is taken from wherever it stands under a key
that speaks of replicas, the outermost first; an answer without one tells nothing.
"""

from __future__ import annotations

import json
from typing import Final

_MOST_REPLICAS: Final = 99
_MOST_LEVELS: Final = 6


def replica_count(body: bytes) -> int | None:
    """Return the replica count, ``None`` where there is none to be found. Never raises."""
    try:
        level: list[object] = [json.loads(body)]
    except (ValueError, RecursionError):
        return None
    for _ in range(_MOST_LEVELS):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                for key, part in value.items():
                    if "replica" in str(key).lower() and _is_count(part):
                        return int(part)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_REPLICAS
