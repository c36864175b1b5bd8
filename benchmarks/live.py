"""What a diagnosis of a large live cluster costs: against one round trip to each server, and the nats command line.

Run: python -m benchmarks.live [ROUNDS] [ACCOUNTS] [STREAMS_OF_AN_ACCOUNT]

`nats` is looked for on the path; without it the comparison with `audit gather` and `audit analyze` is left out.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._paired import alternate, milliseconds, ratios, told
from symphony_doctor.lab import buckets, control
from symphony_doctor.lab.cluster import Lab

ROUNDS = 9
NODES = 3
ACCOUNTS = 300
STREAMS = 3
MOST_OF_A_ROUND_TRIP = 3.0
LEAST_OF_AUDIT = 10.0
AT_ONCE = 8
HERE = Path(__file__).parent


async def _filled(root: Path, accounts: int, streams: int) -> Lab:
    """Start a lab, and give it so many accounts with so many replicated buckets each."""
    lab = await Lab.create(root, nodes=NODES)
    names = [f"bench{number:05}" for number in range(accounts)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def fill(name: str) -> None:
        async with gate, lab.client(name) as client:
            made = (buckets.bucket_config(f"KV_ext_{number}", NODES) for number in range(streams))
            for config in made:
                await buckets.request(client, f"STREAM.CREATE.{config['name']}", config, within=60, attempt=10)

    async with lab.system_client() as system:
        for name in names:
            lab.add_account(name)
            await control.push_account(system, lab.keys.users[-1].jwt, expect=NODES)
    await asyncio.gather(*map(fill, names))
    await lab.wait_healthy(within=300)
    return lab


def commands(lab: Lab, folder: Path) -> dict[str, Sequence[str]]:
    """Return what is timed, by name."""
    doctor = str(Path(sys.executable).with_name("symphony-doctor"))
    credentials, servers = str(lab.system_credentials), ",".join(node.client_url for node in lab.nodes)
    found: dict[str, Sequence[str]] = {
        "round trip": [sys.executable, str(HERE / "_round_trip.py"), servers, credentials, str(NODES)],
        "run, NATS alone": [doctor, "run", "--server", servers, "--creds", credentials, "--timeout", "60s"],
    }
    nats = shutil.which("nats")
    if nats is not None:
        access = [nats, "--server", servers, "--creds", credentials, "--timeout", "60s"]
        archive = str(folder / "audit.zip")
        gather = shlex.join([*access, "audit", "gather", "--output", archive])
        analyze = shlex.join([nats, "audit", "analyze", archive])
        found["audit"] = ["sh", "-c", f"rm -f {shlex.quote(archive)}; {gather} && {analyze}"]
    return found


def main(rounds: int, accounts: int, streams: int) -> None:
    """Start and fill a cluster, time everything on it, print medians and ratios."""
    with tempfile.TemporaryDirectory(prefix="symphony-benchmark-") as name:
        folder = Path(name)
        lab = asyncio.run(_filled(folder / "lab", accounts, streams))
        try:
            seconds = alternate(commands(lab, folder), rounds)
        finally:
            asyncio.run(lab.stop())
    print(f"{NODES} nodes, {accounts:,} accounts, {accounts * streams:,} streams of 3 replicas, {rounds} rounds:")
    for command, each in seconds.items():
        print(f"  {command:18}{milliseconds(each)}")
    run = seconds["run, NATS alone"]
    told("run / round trip", ratios(run, seconds["round trip"]), most=MOST_OF_A_ROUND_TRIP)
    if "audit" not in seconds:
        print("  nats audit: no nats command line on the path")
        return
    told("audit / run", ratios(seconds["audit"], run), least=LEAST_OF_AUDIT)


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    main(*(numbers + [ROUNDS, ACCOUNTS, STREAMS][len(numbers) :]))
