"""QU001 to QU004: how many nodes there are, and how many are up."""

from __future__ import annotations

import pytest

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.server import Running
from symphony_doctor.testing import changed, healthy, judge

from .judging import only, silent


def down(cluster: Cluster, *names: str) -> Cluster:
    for name in names:
        cluster = changed(cluster, name, running=Seen(Running(up=False, how="connection refused"), "INFO"))
    return cluster


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
def test_qu001_absent_with_all_nodes_up(nodes: int) -> None:
    """Clusters of one to five nodes, all of them up."""
    assert silent("QU001", healthy(nodes))


@pytest.mark.parametrize(("nodes", "lost"), [(3, 1), (4, 1), (5, 2)])
def test_qu001_near_miss_exactly_the_majority(nodes: int, lost: int) -> None:
    """As many nodes down as the cluster tolerates: writes go on."""
    assert silent("QU001", down(healthy(nodes), *(f"node{number}" for number in range(1, lost + 1))))


def test_qu001_near_miss_nodes_not_known_to_be_down() -> None:
    """Nodes that could not be looked at are not known to be down."""
    cluster = healthy()
    for name in ("node2", "node3"):
        cluster = changed(cluster, name, running=Missing(State.TIMED_OUT, "no answer"))
    assert judge("QU001", cluster).findings == ()


@pytest.mark.parametrize(("nodes", "lost", "title"), [
    (3, 2, "Quorum is lost: 1 of 3 nodes is up, 2 are needed"),
    (5, 3, "Quorum is lost: 2 of 5 nodes are up, 3 are needed"),
    (4, 2, "Quorum is lost: 2 of 4 nodes are up, 3 are needed"),
    (2, 1, "Quorum is lost: 1 of 2 nodes is up, 2 are needed"),
])  # fmt: skip
def test_qu001_fault_in_clusters_of_all_sizes(nodes: int, lost: int, title: str) -> None:
    """More nodes down than tolerated: the numbers of the title are right for each size."""
    cluster = down(healthy(nodes), *(f"node{number}" for number in range(1, lost + 1)))
    assert only("QU001", cluster).title == title
    assert silent("QU002", cluster)


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
def test_qu002_absent_with_all_nodes_up(nodes: int) -> None:
    """Clusters of one to five nodes: with two, both are the majority and none is down."""
    assert silent("QU002", healthy(nodes))


def test_qu002_near_miss_one_of_five_down() -> None:
    """Five nodes of which one is down can lose another one."""
    assert silent("QU002", down(healthy(5), "node4"))


def test_qu002_near_miss_a_node_that_could_not_be_asked() -> None:
    """One node of five is down and one could not be asked: whether two are left to lose is not known."""
    cluster = changed(down(healthy(5), "node4"), "node5", running=Missing(State.TIMED_OUT, "no answer"))
    assert judge("QU002", cluster).findings == ()


@pytest.mark.parametrize(("nodes", "lost"), [(3, 1), (4, 1), (5, 2)])
def test_qu002_fault_exactly_the_majority(nodes: int, lost: int) -> None:
    """One more loss stops all writes."""
    finding = only("QU002", down(healthy(nodes), *(f"node{number}" for number in range(1, lost + 1))))
    assert finding.nodes == tuple(f"node{number}" for number in range(1, lost + 1))
    assert "exactly the majority" in finding.detail


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_qu003_absent_in_odd_clusters(nodes: int) -> None:
    """One, three and five nodes."""
    assert silent("QU003", healthy(nodes))


def test_qu003_near_miss_three_nodes_one_down() -> None:
    """A node that is down is still a node: three of which two are up is no cluster of two."""
    assert silent("QU003", down(healthy(3), "node2"))


def test_qu003_near_miss_ghost_in_the_meta_group() -> None:
    """A peer that the meta group still counts is no node: three nodes and a ghost are three."""
    from dataclasses import replace

    from symphony_doctor.model.jetstream import MetaPeer

    cluster = healthy()
    for node in cluster.nodes:
        assert isinstance(node.meta_group, Seen)
        group = replace(node.meta_group.value, size=4, peers=(*node.meta_group.value.peers, MetaPeer("G", "node4")))
        cluster = changed(cluster, node.name, meta_group=Seen(group, "RAFTZ"))
    assert silent("QU003", cluster)


@pytest.mark.parametrize(("nodes", "tolerates"), [(2, "0, the same as 1"), (4, "1, the same as 3")])
def test_qu003_fault_says_what_it_means(nodes: int, tolerates: str) -> None:
    """Two and four nodes tolerate what one and three do."""
    finding = only("QU003", healthy(nodes))
    assert f"tolerate the loss of {tolerates}" in finding.detail
    assert ("R=1" in finding.detail) is (nodes == 2)


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
def test_qu004_absent_with_all_nodes_up(nodes: int) -> None:
    """Clusters of one to five nodes, all of them up."""
    assert silent("QU004", healthy(nodes))


@pytest.mark.parametrize(("nodes", "lost"), [(3, 1), (4, 1), (5, 2), (5, 3), (2, 1)])
def test_qu004_near_miss_the_quorum_is_at_risk_or_lost(nodes: int, lost: int) -> None:
    """QU002 and QU001 say more: a node that is down is told once."""
    assert silent("QU004", down(healthy(nodes), *(f"node{number}" for number in range(1, lost + 1))))


def test_qu004_near_miss_a_node_that_could_not_be_asked() -> None:
    """A node of which nothing is known is not known to be down."""
    cluster = changed(healthy(5), "node5", running=Missing(State.TIMED_OUT, "no answer"))
    assert judge("QU004", cluster).findings == ()


def test_qu004_fault_one_of_five() -> None:
    """One of five is down: nothing else would say so."""
    finding = only("QU004", down(healthy(5), "node4"))
    assert finding.nodes == ("node4",)
    assert finding.title == "node4 is down"
    assert finding.detail == "4 of 5 nodes are up; 3 are needed."


def test_qu004_fault_one_is_down_and_one_could_not_be_asked() -> None:
    """Whether the quorum is at risk is not known; that a node is down is."""
    cluster = changed(down(healthy(5), "node4"), "node5", running=Missing(State.TIMED_OUT, "no answer"))
    cluster = changed(cluster, "node3", running=Seen(Running(up=False, how="connection refused"), "INFO"))
    (finding,) = judge("QU004", cluster).findings
    assert finding.nodes == ("node3", "node4")
    assert finding.detail == "2 of 5 nodes are up, 1 not known; 3 are needed."
