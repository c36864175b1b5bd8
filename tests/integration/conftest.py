"""Real clusters for tests, and the doctor run on them as a user runs it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.commands import _main as main
from symphony_doctor.lab.cluster import Lab

MODES = ("both", "nats", "files")
# the installed program: with `python -m` the source tree would stand before it on the path
PROGRAM = Path(sys.executable).with_name("symphony-doctor")


class Doctor:
    """Runs ``symphony-doctor run`` on a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def arguments(self, mode: str) -> list[str]:
        """Return what gives the doctor files only, NATS only, or both."""
        nodes = [argument for node in self.lab.nodes for argument in ("--node", str(node.directory))]
        credentials = ["--creds", str(self.lab.system_credentials)]
        if self.lab.authority is not None:
            credentials += ["--tlsca", str(self.lab.authority)]
        servers = ["--server", ",".join(node.client_url for node in self.lab.nodes)]
        return {
            "both": [*nodes, *credentials],
            "nats": [*servers, *credentials],
            "files": [*nodes, "--offline"],
        }[mode]

    def run(self, mode: str, *more: str) -> tuple[int, dict[str, Any]]:
        """Return the exit status and the report."""
        return self.run_with(*self.arguments(mode), *more)

    def run_with(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Return the exit status and the report for any arguments of ``run``."""
        done = self._run(*arguments)
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        # pytest shows it where a test fails, which may be a run that nobody can repeat
        print(done.returncode, arguments, json.dumps([report["findings"], report["checks"]]))  # noqa: T201
        return done.returncode, report

    def run_raw(self, mode: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Return the process as it ended."""
        return self._run(*self.arguments(mode), *more)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # in this process: it is the very entry point, and a cluster is asked hundreds of times
        command = ["run", *arguments, "--format", "json"]
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main.run(command)
        return subprocess.CompletedProcess(command, status, *(_written(each) for each in (out, err)))


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Return a function that starts a lab for this test."""
    labs: list[Lab] = []
    numbers = count()

    def begin(nodes: int = 3, server: Path | None = None, *, tls: bool = False) -> Lab:
        lab = asyncio.run(Lab.create(tmp_path / f"lab{next(numbers)}", nodes=nodes, server=server, tls=tls))
        labs.append(lab)
        return lab

    yield begin
    for lab in labs:
        asyncio.run(lab.stop())


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directories of a real cluster of three, filled, then stopped."""

    async def make() -> Path:
        async with Lab.running(tmp_path_factory.mktemp("origin") / "lab") as lab:
            return lab.root

    return asyncio.run(make())
