"""Logs of real servers. No Symphony runs here: where its own lines are needed, the test appends them to the log."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab import breaking, layout
from symphony_doctor.lab.cluster import Lab

from .conftest import PROGRAM, Doctor

pytestmark = pytest.mark.cluster

CODES = ("LG001", "LG002", "LG003", "LG004")
READY = "Cluster ready clusterName=symphony-cluster routes=2"


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {check["code"]: check["status"] for check in report["checks"] if check["code"] in CODES}


def found(report: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [finding for finding in report["findings"] if finding["code"] == code]


def until_found(doctor: Doctor, mode: str, code: str, *nodes: str, within: float) -> dict[str, Any]:
    """Look until the finding is there for all these nodes: what goes on has to go on for a while, on each."""
    deadline = time.monotonic() + within
    while True:
        _, report = doctor.run(mode)
        if {node for each in found(report, code) for node in each["nodes"]} >= set(nodes):
            return report
        assert time.monotonic() < deadline, f"{code} {statuses(report)}: {_last(doctor)}"
        time.sleep(2)


def _last(doctor: Doctor) -> str:
    return "\n".join(log(doctor.lab, node.name).read_text()[-1500:] for node in doctor.lab.nodes)


def log(lab: Lab, node: str) -> Path:
    return lab.node(node).directory / layout.NATS_LOG


def append(path: Path, message: str, *ago: float) -> None:
    """Write lines as Symphony would, with nats-server's prefix, so many seconds ago."""
    now = time.time()
    with path.open("a") as file:
        for seconds in sorted(ago, reverse=True):
            at = datetime.fromtimestamp(now - seconds).strftime("%Y/%m/%d %H:%M:%S.%f")  # noqa: DTZ006 - as the server
            file.write(f"[1] {at} [WRN] {message}\n")


def every(step: float, since: float) -> tuple[float, ...]:
    return tuple(step * at for at in range(int(since / step) + 1))


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_a_healthy_cluster_is_silent_right_after_its_start(start: Callable[..., Lab], nodes: int) -> None:
    doctor = Doctor(start(nodes=nodes))
    for mode in ("both", "files"):
        status, report = doctor.run(mode)
        assert (status, statuses(report)) == (0, dict.fromkeys(CODES, "passed"))
    assert statuses(doctor.run("nats")[1]) == dict.fromkeys(CODES, "skipped")


def test_lg001_near_miss_slow_start(start: Callable[..., Lab]) -> None:
    """Nodes that start some time apart: the first one complains until the others are there, and no longer."""
    lab = start(nodes=3)
    doctor = Doctor(lab)
    asyncio.run(breaking.stop_all(lab, breaking.names(lab)))
    begin = len(log(lab, "node1").read_text())
    asyncio.run(lab.start_node("node1"))
    deadline = time.monotonic() + 60
    while log(lab, "node1").read_text()[begin:].count("Waiting for routing") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # what Symphony says meanwhile, and once quorum is reached
    append(log(lab, "node1"), "JetStream system temporarily unavailable", *every(5, 120))
    append(log(lab, "node1"), "failed to create KV symphony_roles: context deadline exceeded", *every(5, 120))
    assert found(doctor.run("files")[1], "LG001"), "it goes on as long as the others are not there"
    asyncio.run(breaking.start_all(lab, ("node2", "node3")))
    asyncio.run(lab.wait_healthy())
    append(log(lab, "node1"), READY, 0)
    for mode in ("both", "files"):
        assert statuses(doctor.run(mode)[1]) == dict.fromkeys(CODES, "passed")


def test_lg001_fault_quorum_lost_for_good(start: Callable[..., Lab]) -> None:
    """Two of three nodes are killed: the third goes on saying that its streams have no quorum."""
    lab = start(nodes=3)
    doctor = Doctor(lab)
    asyncio.run(lab.break_("quorum-lost"))
    report = until_found(doctor, "files", "LG001", "node1", within=150)
    (finding,) = found(report, "LG001")
    assert (finding["nodes"], finding["severity"], finding["cause"]) == (["node1"], "warning", None)
    assert "NO quorum" in finding["evidence"][0]["actual"]
    assert finding["evidence"][0]["where"].startswith(str(log(lab, "node1")))
    _, report = doctor.run("both")
    (finding,) = found(report, "LG001")
    assert finding["cause"].startswith("QU001")


def test_lg004_fault_cluster_name(start: Callable[..., Lab], tmp_path: Path) -> None:
    """A node calls the cluster by another name: all refuse its routes, and say so until it is repaired."""
    lab = start(nodes=3)
    doctor = Doctor(lab)
    asyncio.run(lab.break_("cluster-name", "node2"))
    report = until_found(doctor, "both", "LG004", "node1", "node2", "node3", within=120)
    (finding,) = found(report, "LG004")
    assert finding["nodes"] == ["node1", "node2", "node3"]
    assert finding["cause"].startswith("RT001")
    roots = [each for each in report["findings"] if each["cause"] is None and each["severity"] != "info"]
    assert [each["code"] for each in roots] == ["RT001"]

    # the same log as journald and Docker Compose hand it out, beside NATS alone
    lines = log(lab, "node1").read_text().splitlines()
    journal, docker = tmp_path / "journal.json", tmp_path / "docker.txt"
    journal.write_text("".join(journal_entry(line, "node1.example.com") for line in lines))
    docker.write_text("".join(f"symphony-1  | {line}\nnginx-1     | GET /\n" for line in lines))
    for given in (str(journal), f"node1={docker}"):
        _, report = doctor.run("nats", "--log", given)
        assert [each["nodes"] for each in found(report, "LG004")] == [["node1"]]

    breaking.edit_nats_config(lab, "node2", "name: symphony-cluster-2\n", "name: symphony-cluster\n")
    asyncio.run(lab.restart_node("node2"))
    asyncio.run(lab.wait_healthy())
    _, report = doctor.run("both", "--wait", "30s")
    assert statuses(report) == dict.fromkeys(CODES, "passed")


def journal_entry(line: str, host: str) -> str:
    _, day, clock, *_ = line.split(" ", 3)
    at = datetime.strptime(f"{day} {clock}", "%Y/%m/%d %H:%M:%S.%f").timestamp()  # noqa: DTZ007 - as the server
    entry = {"MESSAGE": line, "_HOSTNAME": host, "__REALTIME_TIMESTAMP": str(int(at * 1e6))}
    return json.dumps(entry) + "\n"


def test_lg002_fault_goes_on_and_lg003_fault_bucket_not_created(start: Callable[..., Lab]) -> None:
    """Symphony's own lines, appended to a real log: they go on until now."""
    lab = start(nodes=3)
    doctor = Doctor(lab)
    account = lab.keys.users[0].key
    append(log(lab, "node2"), f"account={account}: jetstream not enabled for account (err_code 10039)", *every(10, 300))
    seed = lab.keys.identity.operator_seed
    failed = f"failed to create KV bucket ext_new: context deadline exceeded seed={seed} password=Tr0ub4dor-and-3"
    append(log(lab, "node3"), failed, *every(10, 100))
    for mode in ("both", "files"):
        status, report = doctor.run(mode)
        assert status == 0, "warnings alone"
        (about_account,) = found(report, "LG002")
        assert (about_account["nodes"], about_account["subject"]["name"]) == (["node2"], account)
        (about_bucket,) = found(report, "LG003")
        assert (about_bucket["nodes"], about_bucket["subject"]["name"]) == (["node3"], "KV_ext_new")
        shown = about_bucket["evidence"][0]["actual"]
        assert "secret:" in shown
        assert seed not in shown
        assert "Tr0ub4dor" not in json.dumps(report)
        assert statuses(report) | {"LG002": "", "LG003": ""} == {
            "LG001": "passed", "LG002": "", "LG003": "", "LG004": "passed",
        }  # fmt: skip
        assert all(each["cause"] is None for each in (about_account, about_bucket))


def test_lg002_near_miss_went_on_for_a_moment_and_lg003_near_miss_before_quorum(start: Callable[..., Lab]) -> None:
    """Symphony's own lines, appended to a real log: one stopped a while ago, the other with quorum."""
    lab = start(nodes=3)
    doctor = Doctor(lab)
    append(log(lab, "node2"), "jetstream not enabled for account (err_code 10039)", *(700, 690, 500))
    append(log(lab, "node3"), "failed to create KV ext_new: context deadline exceeded", *every(10, 100))
    append(log(lab, "node3"), READY, 0)
    for mode in ("both", "files"):
        assert statuses(doctor.run(mode)[1]) == dict.fromkeys(CODES, "passed")


def test_a_log_that_cannot_be_placed_is_asked_for_by_name(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=2)
    lone = tmp_path / "some.txt"
    lone.write_text(f"2026-11-25T10:00:00Z {READY}\n")
    for given, words in (
        (str(lone), f"--log NAME={lone}, NAME one of node1, node2"),
        (f"node7={lone}", "node7 is no node of this cluster: expected one of node1, node2"),
        (str(tmp_path / "none"), "does not exist"),
        (str(tmp_path), "is no file"),
    ):
        done = subprocess.run(
            [PROGRAM, "run", *Doctor(lab).arguments("files"), "--log", given],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stdout == ""
