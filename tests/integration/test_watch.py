"""A cluster that is watched: what appears is noted, and Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .conftest import PROGRAM, Doctor
from .program import doctor

pytestmark = pytest.mark.cluster

WITHIN = 60.0


@pytest.fixture
def lab(start: Callable[..., Lab]) -> Lab:
    return start()


def watching(lab: Lab, stdout: int) -> subprocess.Popen[bytes]:
    command = [str(PROGRAM), "run", *Doctor(lab).arguments("both"), "--watch", "--every", "300ms"]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, "TERM": "xterm"})


def ended(process: subprocess.Popen[bytes]) -> int:
    """Interrupt it; return its status."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=WITHIN)
    assert b"Traceback" not in errors, errors
    return process.returncode


def lines_of(descriptor: int) -> Iterator[str]:
    """Yield what is written to a pipe or a terminal, line by line."""
    text = b""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        *whole, text = text.split(b"\n")
        yield from (line.decode().rstrip("\r") for line in whole)
        text += os.read(descriptor, 65536)
    raise AssertionError(f"nothing more within {WITHIN:.0f} s: {text[-500:]!r}")


def test_a_pipe_gets_a_line_for_each_change(lab: Lab) -> None:
    reader, writer = os.pipe()
    process = watching(lab, writer)
    os.close(writer)
    lines = lines_of(reader)
    assert "Healthy" in next(lines)
    asyncio.run(lab.break_("missing-jwt"))
    assert any(" + ERROR AC001 " in line for line in lines)
    assert ended(process) == 130
    os.close(reader)


def test_a_terminal_is_redrawn(lab: Lab) -> None:
    ours, theirs = pty.openpty()
    process = watching(lab, theirs)
    os.close(theirs)
    lines = lines_of(ours)
    assert any("Healthy" in line for line in lines)
    asyncio.run(lab.break_("missing-jwt"))
    assert any(" + ERROR AC001 " in line for line in lines)
    assert any("\x1b[H\x1b[2J" in line for line in lines)
    assert ended(process) == 130
    os.close(ours)


@pytest.mark.parametrize("more", [["--wait", "1s"], ["--fix"], ["--format", "json"]])
def test_what_makes_no_sense_with_it(more: list[str], origin: Path) -> None:
    done = doctor("run", "--node", origin / "node1", "--watch", *more)
    assert done.status == 2
    assert f"leave out {more[0]}" in done.err
