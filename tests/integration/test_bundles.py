"""Support bundles of real clusters: the same verdict as live, one of each node joined, no secret in them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.formats import nkey
from symphony_doctor.lab.cluster import Lab

from .bundling import collect, unpacked
from .conftest import MODES, PROGRAM, Doctor

pytestmark = pytest.mark.cluster

# with files and NATS together, every fault is: test_faults.py
FAULTS = ("wizard-per-node", "dead-node")


def verdict(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what depends on the computer's speed."""
    checks = [{key: value for key, value in each.items() if key != "duration_ms"} for each in report["checks"]]
    return {**report, "checks": checks}


def problems(report: dict[str, Any]) -> set[tuple[str, str, str | None]]:
    """Return the findings by identity, with what explains them."""
    return {(each["id"], each["code"], each["cause"]) for each in report["findings"]}


def roots(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the root causes: what is the same in two looks at a cluster that is still settling."""
    return {(each["id"], each["code"]) for each in report["findings"] if each["cause"] is None}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bundle_gives_the_verdict_of_the_run_that_made_it(
    fault: str, start: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = start()
    asyncio.run(lab.break_(fault))
    doctor = Doctor(lab)
    for mode in MODES:
        path = tmp_path / f"{mode}.tar.gz"
        collect(path, *doctor.arguments(mode))

        _, report = doctor.run_with("--bundle", str(path))

        assert verdict(report) == verdict(json.loads(unpacked(path)["report.json"]))
        _, live = doctor.run(mode)
        assert roots(report) == roots(live)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("wizard-per-node", "ID004"), ("missing-jwt", "AC001"), ("missing-stream-directory", "JS002")],
)
def test_bundles_of_single_nodes_show_what_differs_between_them(
    fault: str, code: str, start: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = start()
    asyncio.run(lab.break_(fault))
    doctor = Doctor(lab)
    arguments = []
    for node in lab.nodes:
        path = tmp_path / f"{node.directory.name}.tar.gz"
        collect(path, "--node", str(node.directory), "--offline")
        arguments += ["--bundle", str(path)]

    _, joined = doctor.run_with(*arguments)
    _, together = doctor.run("files")

    found = [each["code"] for each in joined["findings"] if each["cause"] is None and each["severity"] != "info"]
    assert found == [code]
    if fault == "wizard-per-node":
        # the operator's seed is another on each node, and so is the key: secrets are not compared, and all else is
        drift = problems(together) - problems(joined)
        assert {code for _, code, _ in drift} == {"CF008"}
        assert problems(joined) <= problems(together)
    else:
        assert problems(joined) == problems(together)


def test_a_healthy_cluster_is_healthy_by_its_bundles(start: Callable[..., Lab], tmp_path: Path) -> None:
    """Three bundles made apart have comparable secrets: nothing drifts, and nothing is undecided for that."""
    lab = start()
    arguments = []
    for node in lab.nodes:
        path = tmp_path / f"{node.directory.name}.tar.gz"
        collect(path, "--node", str(node.directory), "--creds", str(lab.system_credentials))
        arguments += ["--bundle", str(path)]
    status, report = Doctor(lab).run_with(*arguments)
    assert [each["code"] for each in report["findings"]] == []
    assert status == 0
    assert {each["code"]: each["status"] for each in report["checks"]}["CF008"] == "passed"


def test_nodes_of_the_same_path_are_told_apart(origin: Path, tmp_path: Path) -> None:
    """Each was collected as ``symphony`` in the working directory, as on machines that are all set up alike."""
    arguments = []
    for name in ("node1", "node2", "node3"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "symphony").symlink_to(origin / name)
        subprocess.run(
            [PROGRAM, "bundle", "collect", "--node", "symphony", "--offline", "--output", "b.tar.gz"],
            cwd=folder,
            capture_output=True,
            timeout=60,
            check=True,
        )
        arguments += ["--bundle", str(folder / "b.tar.gz")]
    done = subprocess.run(
        [PROGRAM, "run", *arguments, "--format", "json"], capture_output=True, text=True, timeout=60, check=False
    )
    report = json.loads(done.stdout)
    assert [node["name"] for node in report["cluster"]["nodes"]] == ["node1", "node2", "node3"]
    assert [each["code"] for each in report["findings"]] == []
    again = subprocess.run(
        [PROGRAM, "run", *arguments, "--bundle", _copy(tmp_path / "node1" / "b.tar.gz")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert again.returncode == 2
    assert "give the newer one" in again.stderr


def _copy(path: Path) -> Path:
    other = path.with_name("copy.tar.gz")
    other.write_bytes(path.read_bytes())
    return other


def test_cf008_near_miss_secrets_without_a_common_seed(origin: Path, tmp_path: Path) -> None:
    """Secrets of bundles that have no operator's seed cannot be compared: that is said, and no drift reported."""
    arguments = []
    for name in ("node1", "node2"):
        folder = tmp_path / name
        folder.mkdir()
        for file in ("symphony.config", "nats.config"):
            text = (origin / name / file).read_text()
            for span in reversed(nkey.find_seeds(text)):
                text = text[: span.start] + text[span.end :]
            (folder / file).write_text(text)
        collect(tmp_path / f"{name}.tar.gz", "--node", str(folder), "--offline")
        arguments += ["--bundle", str(tmp_path / f"{name}.tar.gz")]
    done = subprocess.run(
        [PROGRAM, "run", *arguments, "--select", "CF008", "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["findings"] == []
    assert report["checks"][0]["status"] == "skipped"
    assert "its secrets cannot be compared" in report["checks"][0]["reason"]
    assert done.returncode == 3


def test_no_secret_is_in_a_bundle(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start()
    node = lab.nodes[0]
    password = "C4nary!in-the-log"
    config = node.directory / "symphony.config"
    document = json.loads(config.read_text())
    document["oidc"]["clientsecret"] = "C4nary!client-secret"
    document["extra"] = {"salt": {"pepper": "nary17word"}}
    config.write_text(json.dumps(document))
    with (node.directory / "nats.log").open("a") as log:
        log.write(
            "[1] 2026/11/26 00:40:00.234680 [ERR] Error trying to connect to route (attempt 1): "
            f"nats-route://u:{password}@127.0.0.1:1: connection refused\n"
        )
    path = tmp_path / "b.tar.gz"
    collect(path, *Doctor(lab).arguments("both"))

    texts = [config.read_text(), lab.system_credentials.read_text()]
    seeds = [text[span.start : span.end] for text in texts for span in nkey.find_seeds(text)]
    assert len(seeds) > 3
    files = unpacked(path)
    assert b"Error trying to connect to route" in files["nodes/node1/log-tail.txt"]
    for name, content in files.items():
        for secret in (*seeds, password, "C4nary!client-secret", "nary17word", document["storage"]["salt"]):
            assert secret.encode() not in content, name


def test_a_bundle_that_is_too_small_leaves_out_and_says_so(origin: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(origin / name))]
    collect(path, *nodes, "--offline")
    whole = path.stat().st_size
    done = collect(path, *nodes, "--offline", "--max-size", str(whole - 500))
    assert path.stat().st_size <= whole - 500
    assert "left out: nodes/" in done.stderr
    shown = subprocess.run([PROGRAM, "bundle", "inspect", path], capture_output=True, text=True, timeout=60, check=True)
    assert "left out: nodes/" in shown.stdout
    assert "snapshot.json" in shown.stdout
    subprocess.run([PROGRAM, "bundle", "verify", path], capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("more", [["--fix"], ["--wait", "1s"]])
def test_a_bundle_is_not_repaired(more: list[str], origin: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    collect(path, "--node", str(origin / "node1"), "--offline")
    done = subprocess.run(
        [PROGRAM, "run", "--bundle", path, *more], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "--bundle shows a cluster as it was" in done.stderr
