"""Ghosts of the meta group, on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Cluster, MetaView, Missing, Replica, Risk, Seen, State, peer_id
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, healthy, judge


def with_peers(cluster: Cluster, *more: Replica, leader: str = "node1") -> Cluster:
    node = cluster.node(leader)
    assert node is not None
    jetstream = node.jetstream.get()
    assert jetstream.meta is not None
    replicas = (*jetstream.meta.replicas, *more)
    view = MetaView(leader, 1 + len(replicas), replicas)
    return changed(cluster, leader, jetstream=Seen(replace(jetstream, meta=view), "JSZ"))


GHOST = Replica("node4", current=False, offline=True, active=900.0, lag=7, peer=peer_id("node4"))
NAMELESS = Replica(
    "Server name unknown at this time (peerID: Oyyg2pT3)",
    current=False,
    offline=True,
    active=0.0,
    lag=7,
    peer="Oyyg2pT3",
)


def test_the_peer_id_is_the_servers() -> None:
    assert [peer_id(name) for name in ("n1", "n2", "n3")] == ["fjFyEjc1", "44jzkV9D", "BXScrY9i"]


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_js007_absent(nodes: int) -> None:
    """Every peer of the meta group is a node."""
    assert judge("JS007", healthy(nodes)).result.status is Status.PASSED


@pytest.mark.parametrize(
    "ghost", [GHOST, replace(GHOST, offline=False), NAMELESS], ids=["offline", "silent", "nameless"]
)
def test_js007_names_the_ghost_and_the_command(ghost: Replica) -> None:
    (finding,) = judge("JS007", with_peers(healthy(), ghost)).findings
    (remedy,) = finding.remedies
    assert finding.nodes == (ghost.label,)
    assert remedy.commands == (f"nats server cluster peer-remove {ghost.label} -f",)
    assert (remedy.risk, remedy.action) == (Risk.DESTRUCTIVE, "meta.remove-peer")


def test_js007_near_miss_a_peer_that_is_heard() -> None:
    """A server that runs and that the doctor does not know is no ghost: removing it would delete its data."""
    alive = replace(GHOST, current=True, offline=False, active=0.3)
    assert judge("JS007", with_peers(healthy(), alive)).findings == ()


def test_js007_near_miss_a_node_that_is_down() -> None:
    """A node that is down is still a node: its peer counts by right."""
    cluster = healthy()
    node = cluster.node("node1")
    assert node is not None
    jetstream = node.jetstream.get()
    assert jetstream.meta is not None
    replicas = tuple(
        replace(each, current=False, offline=True, active=300.0) if each.name == "node3" else each
        for each in jetstream.meta.replicas
    )
    view = replace(jetstream.meta, replicas=replicas)
    cluster = changed(cluster, "node1", jetstream=Seen(replace(jetstream, meta=view), "JSZ"))
    assert judge("JS007", cluster).findings == ()


def test_js007_near_miss_a_node_without_a_name() -> None:
    """Where a node did not tell its name, the unknown peer may be that node."""
    silent = Missing(State.UNREACHABLE, "10.0.0.3:6222 refuses connections")
    cluster = healthy()
    (first, second, third) = cluster.nodes
    cluster = replace(cluster, nodes=(first, second, replace(third, name="10.0.0.3:6222", server_name=silent)))
    assert judge("JS007", with_peers(cluster, GHOST)).result.status is Status.SKIPPED


def test_js007_near_miss_a_follower_lists_it() -> None:
    """Only the leader's list counts: a follower knows nothing true of the others."""
    cluster = healthy()
    node = cluster.node("node2")
    assert node is not None
    jetstream = node.jetstream.get()
    assert jetstream.meta is not None
    view = replace(jetstream.meta, replicas=(*jetstream.meta.replicas, GHOST))
    cluster = changed(cluster, "node2", jetstream=Seen(replace(jetstream, meta=view), "JSZ"))
    assert judge("JS007", cluster).findings == ()
