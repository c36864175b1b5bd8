"""The doctor's repairs on a lab, run as a user runs them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from symphony_doctor.lab import buckets, control
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.remedies.history import history
from symphony_doctor.remedies.journal import Journal

from .conftest import PROGRAM, Doctor


class Repairer(Doctor):
    """Runs ``fix`` and ``run --fix`` on a lab, with a journal of its own."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.journal = lab.root / "journal"

    def call(self, *arguments: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
        """Run the program with the journal of this lab."""
        return subprocess.run(
            [PROGRAM, *map(str, arguments), "--journal", str(self.journal)],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            stdin=stdin,
            env={**os.environ, "NO_COLOR": "1"},
        )

    def fix(self, *arguments: str | Path, mode: str = "both") -> subprocess.CompletedProcess[str]:
        """Plan, and apply with ``--yes``."""
        return self.call("fix", *self.arguments(mode), *arguments)

    def undo(self, *arguments: str | Path, mode: str = "both") -> subprocess.CompletedProcess[str]:
        """Put the last step back."""
        return self.call("fix", "undo", "--yes", *arguments, *(a for a in self.arguments(mode)))

    def roots(self, *arguments: str) -> list[str]:
        """Return the codes of a fresh run's root findings above info."""
        _, report = self.run("both", *arguments)
        return [
            finding["code"]
            for finding in report["findings"]
            if finding["cause"] is None and finding["severity"] != "info"
        ]

    def until_healthy(self) -> list[str]:
        """Return the codes that are left when the cluster had time to settle."""
        return self.roots("--wait", "45s")

    def creds(self, account: str) -> tuple[str, str]:
        """Return the option with the credentials of an account."""
        return ("--repair-creds", str(self.lab.credentials_of(account)))

    def entries(self) -> list[dict[str, Any]]:
        """Return the journal's lines."""
        text = (self.journal / "journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def phases(self) -> list[str]:
        """Return the phases of the journal, a repeated one once."""
        phases = [entry["phase"] for entry in self.entries()]
        return [phase for at, phase in enumerate(phases) if at == 0 or phases[at - 1] != phase]


def stream_config(lab: Lab, account: str, stream: str) -> dict[str, Any]:
    """Ask for a stream's whole configuration."""

    async def ask() -> dict[str, Any]:
        async with lab.client(account) as client:
            answer = await buckets.request(client, f"STREAM.INFO.{stream}")
            config: dict[str, Any] = answer["config"]
            return config

    return asyncio.run(ask())


def leader_of(lab: Lab, account: str, stream: str) -> str:
    """Ask which server leads a stream."""

    async def ask() -> str:
        async with lab.client(account) as client:
            answer = await buckets.request(client, f"STREAM.INFO.{stream}")
            return str(answer["cluster"]["leader"])

    return asyncio.run(ask())


def update_stream(lab: Lab, account: str, stream: str, **changes: object) -> None:
    """Change a stream's configuration, as somebody else would."""

    async def change() -> None:
        async with lab.client(account) as client:
            config = (await buckets.request(client, f"STREAM.INFO.{stream}"))["config"]
            changed = {**config, **changes}
            await buckets.request(client, f"STREAM.UPDATE.{stream}", changed, attempt=5)

            async def unsettled() -> str | None:
                cluster = (await buckets.request(client, f"STREAM.INFO.{stream}"))["cluster"]
                replicas = cluster.get("replicas") or []
                current = all(each["current"] for each in replicas) and cluster.get("leader")
                settled = current and len(replicas) == changed["num_replicas"] - 1 and "desired" not in cluster
                return None if settled else f"{stream} is still being moved"

            await control.until(unsettled, within=30)

    asyncio.run(change())


def snapshot(*folders: Path) -> dict[str, tuple[bytes, int, int, int, int]]:
    """Return content, mode, owner and time of every file."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                status = path.stat()
                found[str(path)] = (
                    path.read_bytes(), status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns
                )  # fmt: skip
    return found


class Killer:
    """Kills the doctor at one step after the other; see ``killing.py``."""

    def __init__(self, *arguments: str | Path) -> None:
        script = Path(__file__).with_name("killing.py")
        self._process = subprocess.Popen(
            [sys.executable, script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def kill(self, at: int, *more: str | Path) -> int:
        """Kill the doctor before that step, and return the exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{at} {' '.join(map(str, more))}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def told(journal: Path) -> str:
    """Return what ``fix log`` says, without starting it."""
    past = history(Journal(journal, lambda _: ()).entries())
    return "\n".join(f"{each.last.step}  {each.state}" for each in past)
