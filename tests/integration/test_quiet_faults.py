"""Faults that are worth knowing and no more, and those that need other credentials or another cluster size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from symphony_doctor.lab import helping
from symphony_doctor.lab.cluster import Lab

from .conftest import Doctor

pytestmark = pytest.mark.cluster


def found(report: dict[str, Any], code: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(each["severity"], tuple(each["nodes"])) for each in report["findings"] if each["code"] == code]


def status_of(report: dict[str, Any], code: str) -> tuple[str, str]:
    return next((each["status"], each["reason"]) for each in report["checks"] if each["code"] == code)


def test_cf005_fault_long_interval(start: Callable[..., Lab]) -> None:
    """A resolver interval of 10 minutes on one node is worth knowing, and nothing else is reported."""
    lab = start(nodes=3)
    asyncio.run(lab.break_("resolver-interval"))
    for mode in ("both", "files"):
        status, report = Doctor(lab).run(mode)
        assert (status, found(report, "CF005")) == (0, [("info", ("node2",))])
        assert len(report["findings"]) == 1


def test_js011_fault_more_replicas_than_the_size_asks_for(start: Callable[..., Lab]) -> None:
    """Of four nodes each holds a replica, where three are asked for."""
    lab = start(nodes=4)
    broken = asyncio.run(lab.break_("extra-replicas"))
    for mode in ("both", "nats", "files"):
        _, report = Doctor(lab).run(mode)
        assert found(report, "JS011") == [("info", broken.nodes)]
        assert {each["code"] for each in report["findings"]} == {"JS011", "QU003"}


def test_ex001_fault_wrong_replica_count(start: Callable[..., Lab]) -> None:
    """Extensions are told 5 replicas on three nodes; a service that tells 3 passes; no service is no health."""
    lab = start(nodes=3)
    symphony = ("--creds", str(lab.symphony_credentials))
    status, report = Doctor(lab).run("nats", *symphony)
    assert (status, status_of(report, "EX001")[0]) == (3, "skipped")
    assert "nothing answers on cirata.services.cluster.info" in status_of(report, "EX001")[1]

    asyncio.run(helping.start_service(lab))
    status, report = Doctor(lab).run("both", *symphony)
    assert (status, status_of(report, "EX001")) == (0, ("passed", ""))

    lab.state.told_replicas = 5
    lab.save()
    for mode in ("both", "nats"):
        status, report = Doctor(lab).run(mode, *symphony)
        assert (status, found(report, "EX001")) == (0, [("warning", ("node1", "node2", "node3"))])


def test_credentials_are_told_apart_by_the_servers(start: Callable[..., Lab]) -> None:
    lab = start(nodes=1)
    asyncio.run(helping.start_service(lab))
    servers = ("--server", lab.nodes[0].client_url)
    creds = ("--creds", str(lab.symphony_credentials), "--creds", str(lab.system_credentials))
    status, report = Doctor(lab).run_with(*servers, *creds)
    assert (status, status_of(report, "EX001")[0], status_of(report, "SV004")[0]) == (0, "passed", "passed")


def test_without_credentials_the_service_is_not_asked(start: Callable[..., Lab]) -> None:
    lab = start(nodes=1)
    status, report = Doctor(lab).run("both")
    assert status == 0
    assert status_of(report, "EX001")[0] == "skipped"
    assert "a second --creds" in status_of(report, "EX001")[1]


def test_ac001_fault_after_a_reload(start: Callable[..., Lab]) -> None:
    """A JWT that is missing on a node that was reloaded is explained by the reload."""
    lab = start(nodes=3)
    asyncio.run(lab.break_("reloaded"))
    asyncio.run(lab.break_("missing-jwt"))
    _, report = Doctor(lab).run("both")
    roots = [each["code"] for each in report["findings"] if each["cause"] is None]
    assert roots == ["AC006"]
    assert [each["code"] for each in report["findings"]] == ["AC006", "AC001"]


def test_ui001_fault_nothing_listens(start: Callable[..., Lab]) -> None:
    """The server runs and nothing listens on the instance's UI port."""
    lab = start(nodes=3)
    asyncio.run(helping.stop_ui(lab))
    _, report = Doctor(lab).run("both")
    assert sorted(found(report, "UI001")) == [("error", (name,)) for name in ("node1", "node2", "node3")]
    assert all("refuses connections" in each["title"] for each in report["findings"])
