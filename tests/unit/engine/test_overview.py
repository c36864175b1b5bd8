from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from symphony_doctor.engine.moments import moments_of
from symphony_doctor.engine.overview import overview_of
from symphony_doctor.engine.placements import placements_of
from symphony_doctor.model.cluster import Cluster, Kind, Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.jetstream import Replica, StreamState
from symphony_doctor.model.log import LogEvent, LogKind
from symphony_doctor.model.overview import CopyState, MomentKind, NodeState, Overview, RouteState
from symphony_doctor.model.raft import peer_id
from symphony_doctor.model.server import Running
from symphony_doctor.testing import NOW, changed, healthy, log, without

DOWN = Seen(Running(up=False, how="refuses connections"), "node3:4222")
DOWN_ROUTES = Missing(State.UNREACHABLE, "refuses connections", "ROUTEZ")
REFUSED = Missing(State.UNREACHABLE, "refuses connections", "node2:6222")


def route(overview: Overview, one: str, other: str) -> tuple[RouteState, str]:
    (found,) = (each for each in overview.routes if {each.one, each.other} == {one, other})
    return found.state, found.why


def states(cluster: Cluster, stream: str = "KV_jobs") -> list[CopyState]:
    (found,) = (each for each in placements_of(cluster) if each.stream == stream)
    return [copy.state for copy in found.copies]


def with_streams(cluster: Cluster, change: Callable[[StreamState], StreamState | None], *nodes: str) -> Cluster:
    """Return the snapshot in which servers, all or those named, say another thing of KV_jobs, or nothing."""
    for node in cluster.nodes:
        if nodes and node.name not in nodes:
            continue
        jetstream, held = node.jetstream.get(), node.streams.get()
        told = [change(each) if each.config.name == "KV_jobs" else each for each in jetstream.streams]
        kept = {(each.account, each.config.name): each for each in told if each is not None}
        cluster = changed(
            cluster,
            node.name,
            jetstream=Seen(replace(jetstream, streams=tuple(kept.values())), "JSZ"),
            streams=Seen(
                tuple(
                    replace(each, state=kept[each.account, each.config.name])
                    for each in held
                    if (each.account, each.config.name) in kept
                ),
                "JSZ",
            ),
        )
    return cluster


def with_replica(cluster: Cluster, replica: Replica) -> Cluster:
    """Return the snapshot in which the leader of KV_jobs, node2, says that of one of its replicas."""

    def change(state: StreamState) -> StreamState:
        return replace(state, replicas=tuple(replica if each.name == "node3" else each for each in state.replicas))

    return with_streams(cluster, change)


def configured(cluster: Cluster, name: str) -> Node:
    node = cluster.node(name)
    assert node is not None
    return node


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_healthy_cluster_lacks_nothing_at_a_glance(size: int) -> None:
    overview = overview_of(healthy(size))

    assert [node.state for node in overview.nodes] == [NodeState.UP] * size
    assert [node.name for node in overview.nodes if node.is_leader] == (["node1"] if size > 1 else [])
    assert {route.state for route in overview.routes} <= {RouteState.OPEN}
    assert len(overview.routes) == size * (size - 1) // 2
    assert [each.stream for each in overview.streams if each.is_faulty] == []


def test_without_any_evidence_nothing_is_claimed() -> None:
    cluster = healthy(3)
    for kind in set(Kind) - {Kind.LOAD_BALANCERS, Kind.CLUSTER_INFO, Kind.CREDENTIALS}:
        cluster = without(cluster, kind)
    overview = overview_of(cluster)

    assert {node.state for node in overview.nodes} == {NodeState.UNKNOWN}
    assert {(route.state, route.why) for route in overview.routes} == {(RouteState.UNKNOWN, "not looked at")}
    assert (overview.streams, overview.moments) == ((), ())


def test_servers_that_are_up_without_a_route_have_a_broken_one() -> None:
    cluster = healthy(3)
    for one, other in (("node1", "node2"), ("node2", "node1")):
        routes = configured(cluster, one).routes.get()
        cluster = changed(cluster, one, routes=Seen(tuple(r for r in routes if r.remote_name != other), "ROUTEZ"))
    overview = overview_of(cluster)

    assert route(overview, "node1", "node2")[0] is RouteState.BROKEN
    assert route(overview, "node1", "node3")[0] is RouteState.OPEN


def test_a_route_that_one_server_alone_has_is_one_way() -> None:
    cluster = healthy(3)
    routes = configured(cluster, "node1").routes.get()
    lacking = changed(cluster, "node1", routes=Seen(tuple(r for r in routes if r.remote_name != "node2"), "ROUTEZ"))

    assert route(overview_of(lacking), "node1", "node2") == (RouteState.ONE_WAY, "node1 does not have it")
    # of a server that was not asked it is not known whether it has it
    assert route(overview_of(changed(cluster, "node1", routes=DOWN_ROUTES)), "node1", "node2")[0] is RouteState.OPEN


def test_a_route_that_one_side_is_not_configured_with_is_learned() -> None:
    cluster = healthy(3)
    routes = configured(cluster, "node1").configured_routes.get()
    cluster = changed(cluster, "node1", configured_routes=Seen(routes[1:], "nats.config"))

    assert route(overview_of(cluster), "node1", "node2") == (
        RouteState.LEARNED,
        "open, though not configured on node1",
    )


def test_a_route_to_a_node_that_is_down_is_not_broken() -> None:
    cluster = changed(healthy(3), "node3", running=DOWN, routes=DOWN_ROUTES)
    for name in ("node1", "node2"):
        routes = configured(cluster, name).routes.get()
        cluster = changed(cluster, name, routes=Seen(tuple(r for r in routes if r.remote_name != "node3"), "ROUTEZ"))
    overview = overview_of(cluster)

    assert route(overview, "node1", "node3") == (RouteState.DOWN, "node3 is down")
    assert (overview.nodes[2].state, overview.nodes[2].how) == (NodeState.DOWN, "refuses connections")


def test_from_files_alone_a_route_is_judged_by_what_answers_at_its_address() -> None:
    cluster = without(without(healthy(3), Kind.ROUTES), Kind.RUNNING)
    routes = configured(cluster, "node1").configured_routes.get()
    cluster = changed(
        cluster, "node1", configured_routes=Seen((replace(routes[0], probe=REFUSED), *routes[1:]), "nats.config")
    )
    overview = overview_of(cluster)

    assert route(overview, "node1", "node2") == (
        RouteState.BROKEN,
        "node2:6222, as node1 has it: refuses connections",
    )
    assert route(overview, "node1", "node3")[0] is RouteState.UNKNOWN


def test_a_node_that_is_down_was_last_heard_by_a_leader_or_in_its_log() -> None:
    silent = Replica("node3", current=False, offline=True, active=400.0, lag=0)
    cluster = changed(with_replica(healthy(3), silent), "node3", running=DOWN, log=Missing(State.ABSENT, "none"))
    # the other leaders heard it 0.2 s ago
    assert overview_of(cluster).nodes[2].heard_at == pytest.approx(NOW - 0.1)

    cluster = changed(cluster, "node3", log=Seen((log("node3", last_at=NOW + 5),), "nats.log"))
    assert overview_of(cluster).nodes[2].heard_at == NOW + 5
    assert overview_of(cluster).nodes[0].heard_at is None


@pytest.mark.parametrize(
    ("replica", "expected"),
    [
        (Replica("node3", current=True, offline=False, active=0.2, lag=0), CopyState.REPLICA),
        (Replica("node3", current=False, offline=False, active=0.2, lag=7), CopyState.LAGGING),
        (Replica("node3", current=False, offline=True, active=0.2, lag=7), CopyState.OFFLINE),
        (Replica("node3", current=False, offline=False, active=60, lag=7), CopyState.OFFLINE),
        (Replica("node3", current=False, offline=False, active=0, lag=7), CopyState.OFFLINE),
        (
            Replica(f"(peerID: {peer_id('node3')})", False, False, 60, 7, peer_id("node3")),  # noqa: FBT003
            CopyState.OFFLINE,
        ),
    ],
)
def test_a_copy_is_what_its_leader_says(replica: Replica, expected: CopyState) -> None:
    assert states(with_replica(healthy(3), replica)) == [CopyState.REPLICA, CopyState.LEADER, expected]


def test_a_copy_that_is_assigned_and_not_on_its_server_is_absent() -> None:
    cluster = with_streams(healthy(3), lambda _: None, "node3")

    assert states(cluster)[2] is CopyState.ABSENT


def test_a_copy_whose_directory_is_gone_is_absent_unless_the_stream_is_of_memory() -> None:
    cluster = healthy(3)
    held = configured(cluster, "node3").stream_directories.get()
    kept = tuple(each for each in held if each.name != "KV_jobs")
    cluster = changed(cluster, "node3", stream_directories=Seen(kept, "storage"))

    assert states(cluster)[2] is CopyState.ABSENT
    assert all(not each.is_faulty for each in placements_of(cluster) if each.storage == "memory")


def test_a_young_stream_may_not_be_everywhere_yet() -> None:
    young = with_streams(healthy(3), lambda state: replace(state, created_at=NOW - 1))

    assert states(with_streams(young, lambda _: None, "node3"))[2] is CopyState.REPLICA


def test_a_copy_on_a_server_that_is_down_is_offline_before_its_leader_knows() -> None:
    assert states(changed(healthy(3), "node3", running=DOWN)) == [
        CopyState.REPLICA,
        CopyState.LEADER,
        CopyState.OFFLINE,
    ]


def test_a_node_that_only_its_peers_know_is_named_as_they_name_it() -> None:
    silent = Replica("node3", current=False, offline=True, active=400.0, lag=0)
    cluster = changed(
        with_replica(healthy(3), silent),
        "node3",
        running=DOWN,
        server_name=Missing(State.UNREACHABLE, "refuses connections"),
        log=Missing(State.NOT_ASKED, "no log"),
    )

    assert states(cluster)[2] is CopyState.OFFLINE
    assert all(each.elsewhere == () for each in placements_of(cluster))
    assert overview_of(cluster).nodes[2].heard_at == pytest.approx(NOW - 0.1)


def test_a_node_that_a_stream_is_not_assigned_to_lacks_nothing() -> None:
    assert states(healthy(5)).count(CopyState.NONE) == 0
    assert states(healthy(4)).count(CopyState.NONE) == 1


def test_a_member_that_is_no_node_is_named() -> None:
    ghost = Replica("gone", current=False, offline=True, active=900, lag=0)
    (placement,) = (each for each in placements_of(with_replica(healthy(3), ghost)) if each.stream == "KV_jobs")

    assert placement.elsewhere == ("gone",)
    assert placement.is_faulty
    assert [copy.state for copy in placement.copies][2] is CopyState.NONE


def test_a_stream_without_a_leader_is_held_and_stands_first() -> None:
    placements = placements_of(with_streams(healthy(3), lambda state: replace(state, leader="")))

    assert (placements[0].stream, placements[0].has_leader) == ("KV_jobs", False)
    assert [copy.state for copy in placements[0].copies] == [CopyState.HELD] * 3


def test_from_directories_alone_a_stream_is_held() -> None:
    cluster = healthy(3)
    for node in cluster.nodes:
        held = tuple(replace(each, state=None) for each in node.streams.get())
        cluster = changed(cluster, node.name, streams=Seen(held, "storage"))
    cluster = without(cluster, Kind.JETSTREAM)

    assert states(cluster) == [CopyState.HELD] * 3
    assert placements_of(cluster)[0].has_leader is None


def test_moments_are_in_the_order_of_time_and_those_without_one_last() -> None:
    untimed = LogEvent(LogKind.ROUTE, "refused", "node2", 3, 3, None, None, "refused", "nats.log:9")
    going = LogEvent(LogKind.QUORUM, "", "", 12, 20, NOW - 600, NOW - 5, "waiting", "nats.log:7")
    over = LogEvent(LogKind.BUCKET, "KV_x", "", 0, 4, None, NOW - 7195, "failed", "nats.log:3")
    logs = (log("node1", untimed, going, over),)
    moments = [
        each for each in moments_of(changed(healthy(3), "node1", log=Seen(logs, "nats.log"))) if each.node == "node1"
    ]

    assert [each.kind for each in moments] == [
        MomentKind.STARTED,
        MomentKind.BUCKET,
        MomentKind.QUORUM_REACHED,
        MomentKind.QUORUM,
        MomentKind.ROUTE,
    ]
    assert [(each.count, each.is_over) for each in moments if each.count] == [(4, True), (12, False), (3, False)]


def test_a_server_says_when_it_started_and_was_reloaded_where_its_log_does_not() -> None:
    cluster = without(healthy(1), Kind.LOG)
    server = configured(cluster, "node1").server.get()
    cluster = changed(cluster, "node1", server=Seen(replace(server, config_loaded_at=NOW - 60), "VARZ"))

    assert [(each.kind, each.at, each.where) for each in moments_of(cluster)] == [
        (MomentKind.STARTED, NOW - 7200, "VARZ"),
        (MomentKind.RELOADED, NOW - 60, "VARZ"),
    ]
