"""Removing a node as the product's page describes it: what is left behind is found, and goes away as it is told."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from symphony_doctor.lab import breaking, filling
from symphony_doctor.lab.cluster import Lab

from .conftest import Doctor

pytestmark = pytest.mark.cluster


def roots(report: dict[str, Any]) -> list[str]:
    return [each["code"] for each in report["findings"] if each["cause"] is None and each["severity"] != "info"]


@pytest.mark.skipif(shutil.which("nats") is None, reason="the nats command line is not installed")
def test_js007_fault_goes_with_the_command_that_is_given(start: Callable[..., Lab]) -> None:
    """The command of the finding, run by the real nats CLI, removes the ghost, and the finding is gone."""
    lab = start(nodes=4)
    asyncio.run(lab.break_("ghost-peer"))
    doctor = Doctor(lab)
    _, report = doctor.run("both")
    assert roots(report) == ["JS007"]
    ghost = next(each for each in report["findings"] if each["code"] == "JS007")
    (remedy,) = ghost["remedies"]
    (command,) = remedy["commands"]
    assert remedy["risk"] == "destructive"
    program, *arguments = command.split()
    done = subprocess.run(
        [program, "--server", lab.nodes[0].client_url, "--creds", lab.system_credentials, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # the replicas that were on it are placed anew, and filled
    asyncio.run(lab.wait_healthy(within=90))
    status, report = doctor.run("both", "--wait", "60s")
    assert (status, roots(report)) == (0, [])


def test_rt005_fault_route_to_a_removed_node(start: Callable[..., Lab]) -> None:
    """One node still lists the removed one: its route is stale, and the ghost is found beside it."""
    lab = start(nodes=4)
    gone = lab.node("node4").route_port
    asyncio.run(lab.break_("ghost-peer"))
    breaking.edit_nats_config(lab, "node2", "  routes: [\n", f"  routes: [\n    nats-route://127.0.0.1:{gone},\n")

    async def restart() -> None:
        await lab.restart_node("node2")
        # every stream that had a replica on both has lost its majority for a moment
        await filling.wait_settled(lab, breaking.names(lab))

    asyncio.run(restart())
    _, report = Doctor(lab).run("both")
    assert sorted(roots(report)) == ["JS007", "RT005"]
    stale = next(each for each in report["findings"] if each["code"] == "RT005")
    assert (stale["nodes"], stale["subject"]["name"]) == (["node2"], f"127.0.0.1:{gone}")


def test_js007_absent_while_the_routes_still_list_the_node(start: Callable[..., Lab]) -> None:
    """A node that is down and that the others are configured with is down, and no ghost."""
    lab = start(nodes=4)
    asyncio.run(lab.break_("dead-node", "node4"))
    lab.state.nodes = [state for state in lab.state.nodes if state.address.name != "node4"]
    for mode in ("both", "nats"):
        _, report = Doctor(lab).run(mode)
        codes = {each["code"] for each in report["findings"]}
        assert "JS007" not in codes
        assert "QU002" in codes
