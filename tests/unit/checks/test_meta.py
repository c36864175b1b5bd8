"""JS006: one leader of the meta group for all servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.testing import NOW, changed, healthy

from .judging import jetstream_of, only, silent, skipped


def following(cluster: Cluster, node: str, leader: str) -> Cluster:
    told = jetstream_of(cluster, node)
    assert told.meta is not None
    return changed(cluster, node, jetstream=Seen(replace(told, meta=replace(told.meta, leader=leader)), "JSZ"))


def started(cluster: Cluster, node: str, seconds_ago: float) -> Cluster:
    there = cluster.node(node)
    assert there is not None
    assert isinstance(there.server, Seen)
    return changed(cluster, node, server=Seen(replace(there.server.value, started_at=NOW - seconds_ago), "VARZ"))


@pytest.mark.parametrize("nodes", [2, 3, 5])
def test_js006_absent_with_one_leader(nodes: int) -> None:
    """All servers name the same leader."""
    assert silent("JS006", healthy(nodes))


def test_js006_near_miss_standalone_server() -> None:
    """A single server has no meta group, and needs no leader."""
    assert jetstream_of(healthy(1), "node1").meta is None
    assert silent("JS006", healthy(1))


def test_js006_near_miss_server_that_has_just_started() -> None:
    """A server that came back two seconds ago has not heard of the leader that the others follow."""
    assert silent("JS006", started(following(healthy(), "node3", ""), "node3", 2))


def test_js006_near_miss_leader_by_another_name_than_the_directory() -> None:
    """The leader is named by its server name, which the directories need not bear."""
    cluster = healthy()
    for node in cluster.nodes:
        cluster = following(cluster, node.name, "symphony-a.example.com")
    assert silent("JS006", cluster)


def test_js006_near_miss_a_server_that_was_not_heard() -> None:
    """A server that did not answer follows nobody otherwise: the rule is skipped and says for which."""
    cluster = changed(healthy(), "node2", jetstream=Missing(State.TIMED_OUT, "JSZ was not answered in time"))
    assert skipped("JS006", cluster).startswith("node2: ")


def test_js006_fault_no_leader() -> None:
    """No server names a leader, also where all of them have just started."""
    cluster = healthy()
    for node in cluster.nodes:
        cluster = started(following(cluster, node.name, ""), node.name, 2)
    finding = only("JS006", cluster)
    assert finding.title == "The meta group has no leader"
    assert finding.nodes == ("node1", "node2", "node3")


def test_js006_fault_one_server_without() -> None:
    """A server that has been up for long and knows no leader while the others do is cut off."""
    finding = only("JS006", following(healthy(), "node3", ""))
    assert (finding.nodes, finding.title) == (("node3",), "node3 sees no meta leader")


def test_js006_fault_split() -> None:
    """Two leaders, each with followers: the cluster is split."""
    cluster = healthy(5)
    for name in ("node4", "node5"):
        cluster = following(cluster, name, "node4")
    finding = only("JS006", cluster)
    assert finding.title == "The servers follow different meta leaders"
    assert "node1 and node4 each lead a part" in finding.detail
