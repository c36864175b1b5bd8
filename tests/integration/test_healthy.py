"""Healthy clusters of one, three and five nodes: nothing above info, however often one looks."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable

import pytest

from symphony_doctor.lab.cluster import Lab

from .conftest import MODES, Doctor
from .program import PROGRAM, doctor

pytestmark = pytest.mark.cluster

RUNS = 10
WAIT = 60
SIZES = (1, 3, 5)


@pytest.mark.parametrize("nodes", SIZES)
def test_ten_runs_in_a_row(nodes: int, start: Callable[..., Lab]) -> None:
    """Ten runs in each mode over a cluster that is left alone: the same all clear every time."""
    lab = start(nodes=nodes)
    for mode in MODES:
        skipped = set()
        for _ in range(RUNS):
            status, report = Doctor(lab).run(mode)
            found = [(each["code"], each["title"]) for each in report["findings"] if each["severity"] != "info"]
            assert (status, found) == (0, [])
            assert report["summary"]["crashed"] == 0
            assert len(report["cluster"]["nodes"]) == nodes
            skipped.add(tuple(each["code"] for each in report["checks"] if each["status"] == "skipped"))
            assert not any(each["unproven"] for each in report["checks"])
        assert len(skipped) == 1, "what can be decided differs from run to run"


@pytest.mark.parametrize("nodes", SIZES)
def test_wait_from_the_very_start(nodes: int, start: Callable[..., Lab]) -> None:
    """--wait that begins when the servers are started ends with the all clear, as soon as there is one."""
    lab = start(nodes=nodes)
    asyncio.run(lab.stop())
    arguments = Doctor(lab).arguments("both")
    began = time.monotonic()
    waiting = subprocess.Popen(
        [PROGRAM, "run", *arguments, "--wait", f"{WAIT}s", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
    )
    with waiting:
        asyncio.run(lab.start())
        out, err = waiting.communicate(timeout=WAIT + 30)
    report = json.loads(out)
    above = [(found["code"], found["title"]) for found in report["findings"] if found["severity"] != "info"]
    assert (waiting.returncode, above) == (0, []), err
    assert time.monotonic() - began < WAIT, "it went on though the cluster was healthy"


def test_wait_that_is_over(start: Callable[..., Lab]) -> None:
    """--wait on a cluster that stays broken ends with what is found when the time is over."""
    lab = start(nodes=3)
    asyncio.run(lab.break_("missing-route"))
    asyncio.run(lab.stop_node("node1"))
    done = doctor("run", *Doctor(lab).arguments("both"), "--wait", "4s", "--format", "json")
    assert done.status == 1
    assert "QU002" in done.codes
    assert 4 <= done.seconds < 30
