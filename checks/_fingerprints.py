"""Secrets of different nodes can be compared only where their fingerprints were made with one key."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.api import Gap, Mapping, Missing, Setting, State

NOT_COMPARABLE = "(a secret)"

Settings = dict[str, tuple[Setting, ...]]


def comparable_secrets(settings: Settings, keys: Mapping[str, str]) -> tuple[Settings, tuple[Gap, ...]]:
    """Return the settings with secrets that can be compared, and for whom that cannot be told.

    ``keys`` name the key of each node's fingerprints. Where there are several, a key of settings that is secret
    on any node is taken for the same on all that have it, and every node that has such a one has a gap.
    """
    if len(set(keys.values())) < 2:  # noqa: PLR2004 - one key: all can be compared
        return settings, ()
    secret = {each.path for found in settings.values() for each in found if each.secret}
    blanked = {
        node: tuple(replace(each, shown=NOT_COMPARABLE) if each.path in secret else each for each in found)
        for node, found in settings.items()
    }
    gaps = tuple(
        Gap(
            node,
            Missing(
                State.UNREADABLE,
                "its secrets cannot be compared: the bundles were made where no operator seed, or another one, "
                "is in symphony.config",
            ),
        )
        for node, found in settings.items()
        if any(each.secret for each in found)
    )
    return blanked, gaps
