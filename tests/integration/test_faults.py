"""Every fault of the lab, really made: exactly the expected root finding, and nothing else above info."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.api import peer_id
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.cluster import Lab

from .bundling import the_bundle_says_the_same
from .conftest import MODES, Doctor

pytestmark = pytest.mark.cluster


FILES = ("both", "files")


@dataclass(frozen=True)
class Expected:
    """The root finding of a fault: ``modes`` are those in which its evidence can be had.

    A subject of ``None`` is any: a certificate's digest is new in each run.
    """

    code: str
    severity: str
    subject: Callable[[Broken], str | None]
    modes: tuple[str, ...] = MODES
    nodes: Callable[[Broken], tuple[str, ...]] = lambda broken: broken.nodes
    nodes_by_nats: Callable[[Lab], tuple[str, ...]] | None = None
    tls: bool = False
    size: int = 3


def both_called_node1(lab: Lab) -> tuple[str, ...]:
    """Without files, the second server of one name is told from the first by its address."""
    later = max(node.client_url.removeprefix("nats://") for node in lab.nodes[:2])
    return ("node1", f"node1 at {later}")


def forgotten(broken: Broken) -> tuple[str, ...]:
    """After the servers have restarted they know a removed one by its id alone."""
    return (peer_id(broken.nodes[0]),)


EXPECTED = {
    "wizard-per-node": Expected("ID004", "critical", lambda _: "identity", ("both", "files")),
    "config-drift": Expected("CF008", "error", lambda broken: f"symphony.config/{broken.key}", ("both", "files")),
    "cluster-name": Expected("RT001", "error", lambda _: "cluster.name"),
    "missing-route": Expected(
        "RT002", "warning", lambda broken: " -> ".join(broken.nodes), nodes=lambda broken: broken.nodes[:1]
    ),
    "dead-node": Expected("QU002", "error", lambda _: "quorum", ("both", "nats")),
    "route-partition": Expected("RT006", "error", lambda broken: " <-> ".join(sorted(broken.nodes)), ("both", "nats")),
    "missing-jwt": Expected("AC001", "error", lambda broken: broken.account),
    "truncated-jwt": Expected("AC003", "error", lambda broken: broken.account, ("both", "files")),
    "empty-jwt": Expected("AC003", "error", lambda broken: broken.account, ("both", "files")),
    "foreign-jwt": Expected("AC003", "error", lambda broken: broken.account, ("both", "files")),
    "stale-jwt": Expected("AC002", "warning", lambda broken: broken.account, ("both", "files")),
    "r1-bucket": Expected("JS001", "error", lambda broken: broken.stream),
    "missing-stream-directory": Expected("JS002", "error", lambda broken: broken.stream, ("both", "files")),
    "absent-replica": Expected("JS003", "error", lambda broken: broken.stream, ("both", "nats")),
    "account-without-jetstream": Expected("AC004", "error", lambda broken: broken.account),
    "quorum-lost": Expected("QU001", "critical", lambda _: "quorum", ("both", "nats")),
    "hung-node": Expected("QU002", "error", lambda _: "quorum", ("both", "nats")),
    "operator-differs": Expected("ID001", "critical", lambda _: "operator"),
    "system-account-differs": Expected("ID002", "critical", lambda _: "system_account", ("both", "files")),
    "preload-differs": Expected("ID003", "critical", lambda _: "resolver_preload", ("both", "files")),
    "wizard-showing": Expected("CF006", "error", lambda broken: broken.nodes[0], ("both", "files")),
    "jetstream-disabled": Expected("CF002", "error", lambda broken: broken.nodes[0]),
    "system-bucket-missing": Expected("JS005", "error", lambda broken: broken.stream),
    "duplicate-server-name": Expected("RT004", "error", lambda _: "node1", nodes_by_nats=both_called_node1),
    "unknown-route": Expected("RT005", "warning", lambda broken: broken.key),
    "route-tls-one-side": Expected("RT007", "error", lambda broken: broken.key, ("both", "nats"), tls=True),
    "certificate-host": Expected("RT007", "error", lambda broken: broken.key, ("both", "nats"), tls=True),
    "certificate-expired": Expected("SV003", "error", lambda _: None, tls=True),
    "certificate-expiring": Expected("SV003", "warning", lambda _: None, tls=True),
    "slow-consumers": Expected("SV005", "warning", lambda broken: broken.nodes[0], ("both", "nats")),
    "jetstream-limits": Expected("CF003", "warning", lambda broken: f"nats.config/{broken.key}", FILES),
    "limit-not-set": Expected("CF003", "warning", lambda broken: f"nats.config/{broken.key}", FILES),
    "resolver-memory": Expected("CF004", "error", lambda broken: f"nats.config/resolver of {broken.nodes[0]}", FILES),
    "port-clash": Expected("CF007", "error", lambda broken: f"port {broken.key}", FILES),
    "config-pitfall": Expected("CF010", "warning", lambda broken: f"nats.config/{broken.key}", FILES),
    "orphan-data": Expected("AC005", "warning", lambda broken: broken.account, FILES),
    "reloaded": Expected("AC006", "warning", lambda broken: broken.nodes[0], ("both", "nats")),
    "ghost-peer": Expected(
        "JS007", "warning", lambda broken: peer_id(broken.nodes[0]), ("both", "nats"), nodes=forgotten, size=4
    ),
    "stalled-mirror": Expected("JS008", "warning", lambda broken: broken.stream, ("both", "nats")),
    "bucket-nearly-full": Expected("JS009", "warning", lambda broken: broken.stream, ("both", "nats")),
    "reserved-memory": Expected(
        "JS009", "warning", lambda broken: f"jetstream.max_mem of {broken.nodes[0]}", ("both", "nats")
    ),
    "config-split": Expected("JS010", "error", lambda broken: broken.stream, FILES),
    "ui-degraded": Expected("UI001", "error", lambda broken: broken.nodes[0], ("both",)),
}


def above_info(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in report["findings"] if finding["severity"] != "info"]


def roots(report: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (finding["code"], finding["severity"], tuple(finding["nodes"]), finding["subject"]["name"])
        for finding in above_info(report)
        if finding["cause"] is None
    ]


@pytest.mark.parametrize("fault", EXPECTED)
def test_fault(fault: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    expected = EXPECTED[fault]
    lab = start(nodes=expected.size, tls=expected.tls)
    broken = asyncio.run(lab.break_(fault))
    for mode in MODES:
        by_nats = expected.nodes_by_nats if mode == "nats" else None
        nodes = tuple(sorted(by_nats(lab) if by_nats is not None else expected.nodes(broken)))
        subject = expected.subject(broken)
        root = (expected.code, expected.severity, nodes, subject)
        status, report = Doctor(lab).run(mode)
        assert report["summary"]["crashed"] == 0
        if mode in expected.modes:
            found = roots(report) if subject is not None else [(*each[:3], None) for each in roots(report)]
            assert found == [root], f"{mode}: {roots(report)}"
            worst = {finding["severity"] for finding in report["findings"]}
            assert status == (1 if worst & {"error", "critical"} else 0)
            ids = {finding["id"] for finding in report["findings"]}
            assert all(finding["cause"] in ids for finding in report["findings"] if finding["cause"])
        else:
            # the evidence is not to be had this way: what is said must be true, and the rule is not passed
            status_of = {check["code"]: check["status"] for check in report["checks"]}
            assert status_of[expected.code] == "skipped", f"{mode}: {expected.code} {status_of[expected.code]}"
    the_bundle_says_the_same(Doctor(lab), tmp_path / "bundle.tar.gz")
