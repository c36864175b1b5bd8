"""The clock of a real server, shifted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from symphony_doctor.lab.cluster import Lab

from .clocks import shift_clock
from .conftest import Doctor
from .test_faults import roots

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("seconds", [5, -5])
def test_sv002_fault_a_shifted_clock(seconds: int, start: Callable[..., Lab]) -> None:
    """The clock of one server is five seconds ahead, or behind."""
    lab = start(nodes=3)
    pid = lab.node("node2").pid
    assert pid is not None
    shift_clock(pid, seconds)
    for mode in ("both", "nats"):
        status, report = Doctor(lab).run(mode)
        assert roots(report) == [("SV002", "warning", ("node2",), "clocks")], mode
        # on a busy machine an answer takes its time, and half of that may be wrong
        way = "ahead" if seconds > 0 else "behind"
        title = report["findings"][0]["title"]
        assert re.search(rf"\b(4\.[5-9]|5\.[0-5]) s {way}", title), title
        assert status == 0


def test_sv002_fault_a_single_server(start: Callable[..., Lab]) -> None:
    """Of one server and this machine it cannot be told which is wrong, and that is said."""
    lab = start(nodes=1)
    pid = lab.node("node1").pid
    assert pid is not None
    shift_clock(pid, 60)
    _, report = Doctor(lab).run("both")
    assert roots(report) == [("SV002", "warning", ("node1",), "clocks")]
    assert "one of the two is wrong" in report["findings"][0]["title"]


def test_sv002_near_miss_only_this_machine_is_wrong(start: Callable[..., Lab]) -> None:
    """All servers agree with each other: what is wrong is the doctor's own clock, which is no fault of theirs."""
    lab = start(nodes=3)
    for node in lab.nodes:
        assert node.pid is not None
        shift_clock(node.pid, 30)
    status, report = Doctor(lab).run("both")
    assert roots(report) == []
    assert [(each["code"], each["severity"]) for each in report["findings"]] == [("SV002", "info")]
    assert status == 0
