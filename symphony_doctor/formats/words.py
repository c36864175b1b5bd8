"""Command lines as text: split into words as a shell does."""

from __future__ import annotations

import shlex


def split(text: str) -> list[str]:
    """Split a text into words; one with a quote that never ends is split at its spaces."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
