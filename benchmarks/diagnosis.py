"""How long a diagnosis takes, as ratios of paired runs: against one request alone, and against bare start-up.

Run: .venv/bin/python -m benchmarks.diagnosis [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks._paired import alternate, milliseconds, ratios
from symphony_doctor.lab.cluster import Lab

ROUNDS = 15
MOST_OF_A_REQUEST = 3.0
MOST_OF_CLICK = 2.0
HERE = Path(__file__).parent


def commands(lab: Lab) -> dict[str, list[str]]:
    """Return what is timed, by name."""
    python = sys.executable
    doctor = str(Path(python).with_name("symphony-doctor"))
    credentials = str(lab.system_credentials)
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    servers = ["--server", ",".join(node.client_url for node in lab.nodes)]
    return {
        "interpreter": [python, "-c", "pass"],
        "import click": [python, "-c", "import click"],
        "--version": [doctor, "--version"],
        "checks list": [doctor, "checks", "list"],
        "one request": [python, str(HERE / "_one_request.py"), lab.nodes[0].client_url, credentials],
        "run, files alone": [doctor, "run", *nodes, "--offline"],
        "run, NATS alone": [doctor, "run", *servers, "--creds", credentials],
        "run, both": [doctor, "run", *nodes, "--creds", credentials],
    }


def main(rounds: int) -> None:
    """Start a healthy cluster, time everything on it, print medians and ratios."""
    with tempfile.TemporaryDirectory(prefix="symphony-benchmark-") as folder:
        lab = asyncio.run(Lab.create(Path(folder) / "lab", nodes=3))
        try:
            seconds = alternate(commands(lab), rounds)
        finally:
            asyncio.run(lab.stop())
    print(f"three nodes, {rounds} rounds, median (quartiles):")
    for name, each in seconds.items():
        print(f"  {name:18}{milliseconds(each)}")
    print("ratios of the same round, median (quartiles):")
    for over, under, most in (
        ("run, both", "one request", MOST_OF_A_REQUEST),
        ("run, NATS alone", "one request", MOST_OF_A_REQUEST),
        ("run, files alone", "one request", None),
        ("--version", "import click", MOST_OF_CLICK),
        ("checks list", "import click", None),
    ):
        middle, low, high = ratios(seconds[over], seconds[under])
        goal = f", at most {most:g} is the goal: {'met' if middle <= most else 'MISSED'}" if most else ""
        print(f"  {over} / {under}: {middle:.2f} ({low:.2f} to {high:.2f}){goal}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
