"""Data of no account, and servers that were reloaded, on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Cluster, Kind, Missing, Seen, State, Store
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, SYMPHONY, SYSTEM, USER, changed, healthy, judge, without

GONE = "A" + "Z" * 55


def with_store(cluster: Cluster, name: str, *accounts: str) -> Cluster:
    return changed(cluster, name, store=Seen(Store(f"/{name}/storage/jetstream", accounts, None), f"/{name}"))


def test_ac005_absent() -> None:
    """Every account with a directory is known, the system account's own included."""
    assert judge("AC005", healthy()).result.status is Status.PASSED


def test_ac005_near_miss_known_to_another_node() -> None:
    """An account whose JWT one node lacks is known to the others: its data there is no orphan."""
    cluster = changed(healthy(), "node2", accounts=Seen(frozenset({SYSTEM}), "accounts"))
    assert judge("AC005", cluster).findings == ()


@pytest.mark.parametrize("name", [".snap-staging", "$G", "lost+found", "accounts"])
def test_ac005_near_miss_no_account(name: str) -> None:
    """What is not named as an account is none."""
    assert judge("AC005", with_store(healthy(), "node1", SYSTEM, name)).findings == ()


def test_ac005_near_miss_a_node_was_not_asked() -> None:
    """An account that the node which was not looked at may know is not called unknown."""
    cluster = without(with_store(healthy(), "node1", GONE), Kind.ACCOUNTS, ["node3"])
    assert judge("AC005", cluster).result.status is Status.SKIPPED


def test_ac005_one_finding_for_an_account_on_several_nodes() -> None:
    cluster = with_store(with_store(healthy(), "node1", SYMPHONY, GONE), "node3", USER, GONE)
    (finding,) = judge("AC005", cluster).findings
    assert (finding.subject.name, finding.nodes) == (GONE, ("node1", "node3"))


def reloaded(cluster: Cluster, name: str, seconds: float) -> Cluster:
    node = cluster.node(name)
    assert node is not None
    server = replace(node.server.get(), started_at=NOW - 7200, config_loaded_at=NOW - 7200 + seconds)
    return changed(cluster, name, server=Seen(server, "VARZ"))


def test_ac006_absent() -> None:
    """Every server has the configuration that it started with."""
    assert judge("AC006", healthy()).result.status is Status.PASSED


def test_ac006_near_miss_a_moment_apart() -> None:
    """The two times may differ by less than any reload takes."""
    assert judge("AC006", reloaded(healthy(), "node2", 0.05)).findings == ()


@pytest.mark.parametrize("seconds", [1.0, 3600.0])
def test_ac006_reloaded(seconds: float) -> None:
    (finding,) = judge("AC006", reloaded(healthy(), "node2", seconds)).findings
    assert finding.nodes == ("node2",)
    assert finding.remedies[0].title.startswith("Restart Symphony on node2")


def test_a_node_that_is_down_is_no_reload() -> None:
    down = Missing(State.UNREACHABLE, "its server is down")
    assert judge("AC006", changed(healthy(), "node2", server=down)).result.status is Status.SKIPPED
