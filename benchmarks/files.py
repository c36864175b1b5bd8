"""What a diagnosis of large node directories costs: against reading the same files once, and as they grow.

Run: python -m benchmarks.files [ROUNDS] [ACCOUNTS] [STREAMS_OF_AN_ACCOUNT]
"""

from __future__ import annotations

import asyncio
import math
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._paired import alternate, memory, milliseconds, ratios, told
from benchmarks._tree import grow_all
from symphony_doctor.lab.cluster import Lab

ROUNDS = 7
NODES = 5
ACCOUNTS = 2_000
STREAMS = 5
MOST_OF_BARE = 2.0
MOST_OF_FIND = 1.0
MOST_EXPONENT = 1.05
STEPS = (16, 4, 1)
"""Parts of the whole tree on which growth is measured."""
HERE = Path(__file__).parent


async def _cluster(folder: Path) -> list[Path]:
    async with Lab.running(folder, nodes=NODES) as lab:
        return [node.directory for node in lab.nodes]


def _run(directories: Sequence[Path]) -> list[str]:
    nodes = [argument for each in directories for argument in ("--node", str(each))]
    doctor = str(Path(sys.executable).with_name("symphony-doctor"))
    return [doctor, "run", *nodes, "--offline", "--timeout", "300s"]


def main(rounds: int, accounts: int, streams: int) -> None:
    """Make the trees, time all on them, print medians, ratios, memory and growth."""
    with tempfile.TemporaryDirectory(prefix="symphony-benchmark-") as name:
        folder = Path(name)
        origin = asyncio.run(_cluster(folder / "lab"))
        trees = {}
        for step in STEPS:
            trees[step] = [folder / f"part{step}" / each.name for each in origin]
            part = max(1, accounts // step)
            grow_all(origin, trees[step], part, part * streams)
        whole = [str(each) for each in trees[1]]
        find = f"find {shlex.join(whole)} -name meta.inf -o -name '*.jwt' | xargs cat"
        commands = {
            "bare loop": [sys.executable, str(HERE / "_bare.py"), *whole],
            "find | xargs cat": ["sh", "-c", find],
            **{f"run, 1/{step}": _run(tree) for step, tree in trees.items()},
        }
        seconds = alternate(commands, rounds)
        most = {step: memory(_run(tree)) for step, tree in trees.items()}
    copies = NODES * accounts * (1 + streams)
    print(f"{NODES} nodes, {accounts:,} accounts, {accounts * streams:,} streams, {copies:,} files, {rounds} rounds:")
    for command, each in seconds.items():
        print(f"  {command:18}{milliseconds(each)}")
    run = seconds["run, 1/1"]
    told("run / bare loop", ratios(run, seconds["bare loop"]), most=MOST_OF_BARE)
    told("run / find | xargs cat", ratios(run, seconds["find | xargs cat"]), most=MOST_OF_FIND)
    quarter = seconds["run, 1/4"]
    steps = [math.log(over / under, 4) for over, under in zip(run, quarter, strict=True)]
    low, middle, high = statistics.quantiles(steps, n=4)
    told("growth exponent, a quarter to the whole", (middle, low, high), most=MOST_EXPONENT)
    print("  memory: " + ", ".join(f"1/{step}: {figure:.0f} MB" for step, figure in most.items()))
    added = (most[1] - most[4]) * 1024 / (accounts * streams * 3 / 4)
    print(f"  memory of each further stream: {added:.2f} KB")


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    main(*(numbers + [ROUNDS, ACCOUNTS, STREAMS][len(numbers) :]))
