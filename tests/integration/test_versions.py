"""Healthy clusters on three server versions, with TLS and without; and two versions in one cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab
from symphony_doctor.lab.errors import LabError

from .conftest import Doctor
from .servers import MIDDLE, NEWEST, OLDEST, server_of
from .test_faults import above_info, roots

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("nodes", [1, 3, 4, 5])
@pytest.mark.parametrize("version", [OLDEST, MIDDLE, NEWEST])
def test_healthy_clusters_of_every_version(version: str, nodes: int, *, tls: bool, start: Callable[..., Lab]) -> None:
    """Nothing above info but what an even number of nodes explains."""
    lab = _started(start, nodes, server_of(version), tls=tls)
    status, report = Doctor(lab).run("both")
    assert [finding["code"] for finding in above_info(report)] == (["QU003"] if nodes == 4 else [])
    assert [(check["code"], check["reason"]) for check in report["checks"] if check["status"] == "crashed"] == []
    assert status == 0


def test_sv001_fault_two_versions_in_one_cluster(start: Callable[..., Lab]) -> None:
    """One server of a cluster is upgraded, the others are not."""
    lab = start(nodes=3, server=server_of(MIDDLE))
    lab.node_state("node2").server = str(server_of(NEWEST))
    asyncio.run(_restart(lab, "node2"))
    for mode in ("both", "nats"):
        status, report = Doctor(lab).run(mode)
        assert roots(report) == [("SV001", "warning", ("node2",), "version")], mode
        assert status == 0
    assert _status_of("SV001", Doctor(lab).run("files")[1]) == "skipped"


def _started(start: Callable[..., Lab], nodes: int, server: Path, *, tls: bool) -> Lab:
    """Start a lab: servers before 2.12 that start at the same moment may leave one out of their meta group for good."""
    try:
        return start(nodes=nodes, server=server, tls=tls)
    except LabError:
        return start(nodes=nodes, server=server, tls=tls)


async def _restart(lab: Lab, name: str) -> None:
    await lab.restart_node(name)
    await lab.wait_healthy()


def _status_of(code: str, report: dict[str, list[dict[str, str]]]) -> str:
    return next(check["status"] for check in report["checks"] if check["code"] == code)
