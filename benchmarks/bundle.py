"""What a bundle of a large node costs, as ratios of paired runs against `tar`, and its greatest memory.

Run: .venv/bin/python -m benchmarks.bundle [ROUNDS] [ACCOUNTS] [STREAMS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks._paired import alternate, memory, milliseconds, ratios, told
from benchmarks._tree import grow
from symphony_doctor.lab.cluster import Lab

ROUNDS = 11
ACCOUNTS = 2_000
STREAMS = 10_000
MOST_OF_TAR = 2.0
MOST_MEMORY = 200
HERE = Path(__file__).parent


async def _node(folder: Path) -> Path:
    async with Lab.running(folder) as lab:
        return lab.nodes[0].directory


def main(rounds: int, accounts: int, streams: int) -> None:
    """Make the tree, time both on it, print medians, ratios and memory."""
    python = sys.executable
    with tempfile.TemporaryDirectory(prefix="symphony-benchmark-") as name:
        folder = Path(name)
        tree = folder / "node1"
        grow(asyncio.run(_node(folder / "lab")), tree, accounts, streams)
        collect = [str(Path(python).with_name("symphony-doctor")), "bundle", "collect", "--node", str(tree)]
        collect += ["--offline", "--timeout", "60s", "--output", str(folder / "bundle.tar.gz")]
        commands = {
            "tar": [python, str(HERE / "_tar.py"), str(tree), str(folder / "tar.tar.gz")],
            "bundle collect": collect,
        }
        seconds = alternate(commands, rounds)
        most = memory(collect)
    print(f"{accounts:,} accounts, {streams:,} streams, {rounds} rounds, median (quartiles):")
    for command, each in seconds.items():
        print(f"  {command:18}{milliseconds(each)}")
    told("bundle collect / tar", ratios(seconds["bundle collect"], seconds["tar"]), most=MOST_OF_TAR)
    verdict = "met" if most <= MOST_MEMORY else "MISSED"
    print(f"  memory of bundle collect: {most:.0f} MB, at most {MOST_MEMORY} is the goal: {verdict}")


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    main(*(numbers + [ROUNDS, ACCOUNTS, STREAMS][len(numbers) :]))
