"""What is said where nothing came of a run."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def failed(message: str, status: int, arguments: Sequence[str], reason: str = "") -> int:
    """Say why nothing came of a run, and return the status; a monitoring system is told in its own way."""
    if message:
        print(f"symphony-doctor: {message}", file=sys.stderr)  # noqa: T201 - messages go to standard error
    if "--format=nagios" in arguments or ("--format", "nagios") in pairwise(arguments):
        from symphony_doctor.reports.nagios import PluginStatus, unknown

        print(unknown(reason or message), end="")  # noqa: T201 - the one line that such a system reads
        return PluginStatus.UNKNOWN.value
    return status


def place_of(error: Exception) -> str:
    """Say where in the code something was raised: the function and the line."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f" at {place.tb_frame.f_code.co_name}, line {place.tb_lineno}" if place is not None else ""
