"""`run --wait`: says what it waits for, tells what passes from faults, ends as soon as the cluster is healthy."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator

import pytest

from symphony_doctor.lab.cluster import Lab

from .conftest import PROGRAM, Doctor

pytestmark = pytest.mark.cluster


@pytest.fixture
def lab(start: Callable[..., Lab]) -> Lab:
    return start()


def command(lab: Lab) -> list[str]:
    return [str(PROGRAM), "run", *Doctor(lab).arguments("both"), "--wait", "300s"]


def waiting(lab: Lab) -> subprocess.Popen[str]:
    return subprocess.Popen(command(lab), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def first(lines: Iterator[str], wanted: str) -> str:
    """Return the first line with a text; the process ends by itself when its waiting is over."""
    seen = []
    for line in lines:
        seen.append(line)
        if wanted in line:
            return line.rstrip("\n")
    raise AssertionError(f"never said {wanted!r}: {seen}")


def test_a_cluster_that_starts(lab: Lab) -> None:
    """Two of three servers are down, then come: what passes by itself is told as such, and it ends when all is well."""
    for name in ("node2", "node3"):
        asyncio.run(lab.stop_node(name))
    with waiting(lab) as process:
        assert process.stderr is not None
        line = first(process.stderr, " QU001 ")
        assert line.startswith("  CRITICAL QU001 ")
        assert line.endswith(": passes by itself while a cluster starts")
        for name in ("node2", "node3"):
            asyncio.run(lab.start_node(name))
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    assert "Healthy: " in out


def test_a_fault_that_waiting_does_not_repair(lab: Lab) -> None:
    """The near miss: a bucket of one replica is no start-up state, and is said not to pass."""
    asyncio.run(lab.break_("r1-bucket"))
    with waiting(lab) as process:
        assert process.stderr is not None
        line = first(process.stderr, " JS001 ")
        assert line.endswith(": a fault: waiting alone does not repair it")
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode != 0


def test_a_healthy_cluster_is_not_waited_for(lab: Lab) -> None:
    done = subprocess.run(command(lab), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
