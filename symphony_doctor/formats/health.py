"""What an instance's health endpoint says of its components: JSON whose field names are not public.

So every leaf that a person would read is taken as it is, except what says that all is well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from symphony_doctor.formats import secret_values

MOST_WORDS: Final = 8
_LONGEST: Final = 120
_MOST_LEVELS: Final = 6
_WELL: Final = frozenset({"", "ok", "healthy", "up", "ready", "connected", "running", "pass", "passing", "true"})
_NO_COMPLAINT: Final = frozenset({"version", "timestamp", "time", "uptime", "name", "product", "build", "commit"})


def complaints(body: bytes, show: Callable[[str], str]) -> tuple[str, ...]:
    """Return ``path: value`` of what does not say that all is well, a few at most.

    ``show`` turns a secret into what may be displayed. Never raises: what is no JSON says nothing.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    # what stands deepest is of one component: it tells more than the sum of all
    found = sorted(_leaves(document, (), 0), key=lambda leaf: -len(leaf[0]))
    return tuple(
        f"{_short(secret_values.mask('.'.join(path), show))}: {_displayed(path, value, show)}"
        for path, value in found[:MOST_WORDS]
    )


def _leaves(value: object, path: tuple[str, ...], level: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if level > _MOST_LEVELS:
        return
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, str(key)), level + 1)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, str(index)), level + 1)
    elif isinstance(value, str) and value.strip().lower() not in _WELL and not _NO_COMPLAINT & set(path[-1:]):
        yield path, value
    elif value is False:
        yield path, "false"


def _displayed(path: tuple[str, ...], value: str, show: Callable[[str], str]) -> str:
    if secret_values.is_secret(path, value):
        return show(value)
    return _short(secret_values.mask(value, show))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
