"""Values of options: durations, codes."""

from __future__ import annotations

import re

import click

from symphony_doctor.errors import UsageError

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?)(?:i?b)?")
_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        match = _DURATION.fullmatch(str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(
                f"{value!r} is no duration: expected a positive number of seconds, or such as 500ms, 30s, 5m",
                param,
                ctx,
            )
        return float(match[1]) * _SECONDS[match[2]]


DURATION = _Duration()


def codes(options: tuple[str, ...]) -> list[str]:
    """Split the values of ``--select`` and ``--ignore`` at their commas."""
    found = [code.strip() for option in options for code in option.split(",") if code.strip()]
    if options and not found:
        raise UsageError("--select or --ignore names no rule: an empty variable of the shell?")
    return found


def size(option: str, text: str) -> int:
    """Return the bytes that an option asks for; raise ``UsageError``."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"{option}: {text!r} is no size: expected a number of bytes, or one such as 20M")
    return int(found[1]) * _BYTES[found[2]]
