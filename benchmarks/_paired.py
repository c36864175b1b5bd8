"""Whole commands timed in alternation, so that a slow moment of the machine hits all of them alike."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence


def alternate(commands: Mapping[str, Sequence[str]], rounds: int, *, cwd: str = "/") -> dict[str, list[float]]:
    """Run every command once a round, in order; the seconds of each, by name. The first round is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            done = subprocess.run(list(command), cwd=cwd, capture_output=True, check=False)
            took = time.perf_counter() - began
            if done.returncode != 0:
                raise SystemExit(
                    f"{name}: exit status {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}"
                )
            if number:
                seconds[name].append(took)
    return seconds


def ratios(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of the rounds' ratios, and their lower and upper quartile."""
    each = [one / other for one, other in zip(over, under, strict=True)]
    low, middle, high = statistics.quantiles(each, n=4)
    return middle, low, high


def milliseconds(seconds: Sequence[float]) -> str:
    """Write a median with its quartiles."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{middle * 1000:8.1f} ms  ({low * 1000:.1f} to {high * 1000:.1f})"


def told(label: str, figure: tuple[float, float, float], *, most: float = math.inf, least: float = -math.inf) -> None:
    """Print a ratio with its quartiles, the goal, and whether it was met."""
    middle, low, high = figure
    goal = f"at most {most:g}" if most < math.inf else f"at least {least:g}"
    verdict = "met" if least <= middle <= most else "MISSED"
    print(f"  {label}: {middle:.2f} ({low:.2f} to {high:.2f}), {goal} is the goal: {verdict}")


def memory(command: Sequence[str]) -> float:
    """Return the most memory that a command had, in MB."""
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}")
    return usage.ru_maxrss / 1024
