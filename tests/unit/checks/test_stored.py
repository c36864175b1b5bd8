"""Mirrors, room to store, configurations of streams and numbers of replicas, on snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from symphony_doctor.api import (
    Cluster,
    Disk,
    HeldStream,
    Kind,
    Seen,
    Severity,
    Store,
    StreamConfig,
    StreamDirectory,
    StreamState,
    UpstreamState,
)
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, changed, healthy, judge, rebuilt, without

MIRROR = "KV_symphony_roles"
BUCKET = "KV_jobs"
GB = 2**30


def with_state(cluster: Cluster, name: str, change: Callable[[StreamState], StreamState]) -> Cluster:
    """Change one stream in what every server says of it."""

    def of(state: StreamState) -> StreamState:
        return change(state) if state.config.name == name else state

    nodes = []
    for node in cluster.nodes:
        jetstream = node.jetstream.get()
        states = tuple(of(state) for state in jetstream.streams)
        held = tuple(HeldStream(state.account, state.config, state) for state in states)
        nodes.append(
            replace(node, jetstream=Seen(replace(jetstream, streams=states), "JSZ"), streams=Seen(held, "JSZ"))
        )
    return rebuilt(cluster, nodes)


def mirroring(cluster: Cluster, lag: int = 0, active: float = 0.1, error: str | None = None) -> Cluster:
    upstream = UpstreamState(MIRROR, lag, active, error)

    def change(state: StreamState) -> StreamState:
        return replace(state, upstreams=(upstream,)) if state.config.mirror else state

    return with_state(cluster, MIRROR, change)


def test_js008_absent() -> None:
    """The mirror hears its origin and is up to date."""
    assert judge("JS008", mirroring(healthy())).result.status is Status.PASSED


@pytest.mark.parametrize(
    ("lag", "active", "error"), [(0, -1.0, None), (0, 61.0, None), (1001, 0.1, None), (0, 0.1, "stream not found")]
)
def test_js008_each_way_to_be_unhealthy(lag: int, active: float, error: str | None) -> None:
    (finding,) = judge("JS008", mirroring(healthy(), lag, active, error)).findings
    assert (finding.subject.name, finding.nodes) == (MIRROR, ("node1",))


def test_js008_near_miss_just_created() -> None:
    """A mirror that was created a moment ago has not heard its origin yet."""
    young = with_state(mirroring(healthy(), active=-1.0), MIRROR, lambda state: replace(state, created_at=NOW - 20))
    assert judge("JS008", young).findings == ()


def test_js008_near_miss_its_server_just_started() -> None:
    """After a restart a mirror in memory takes up to 40 s to find its origin again."""
    cluster = mirroring(healthy(), active=-1.0)
    node = cluster.node("node1")
    assert node is not None
    restarted = replace(node.server.get(), started_at=NOW - 40, config_loaded_at=NOW - 40)
    assert judge("JS008", changed(cluster, "node1", server=Seen(restarted, "VARZ"))).findings == ()


def test_js008_near_miss_a_new_leader() -> None:
    """A server that has just become the mirror's leader has not heard its origin yet."""
    led = with_state(mirroring(healthy(), active=-1.0), MIRROR, lambda state: replace(state, led_since=NOW - 10))
    assert judge("JS008", led).findings == ()


def test_js008_near_miss_origin_moves() -> None:
    """While the origin's leader moves, a mirror is silent for some 20 s."""
    assert judge("JS008", mirroring(healthy(), active=20.0)).findings == ()


def test_js008_near_miss_some_messages_behind() -> None:
    """A mirror that is being filled is a little behind."""
    assert judge("JS008", mirroring(healthy(), lag=1000)).findings == ()


def limited(cluster: Cluster, used: int, discard: str = '"new"') -> Cluster:
    def change(state: StreamState) -> StreamState:
        settings = (("discard", discard), ("max_bytes", "1000"))
        return replace(state, config=replace(state.config, settings=settings), stored_bytes=used)

    return with_state(cluster, BUCKET, change)


def with_disk(cluster: Cluster, size: int, free: int) -> Cluster:
    return changed(cluster, "node2", store=Seen(Store("/node2/storage/jetstream", (), Disk(size, free)), "/node2"))


def with_numbers(cluster: Cluster, **numbers: int) -> Cluster:
    node = cluster.node("node2")
    assert node is not None
    return changed(cluster, "node2", jetstream=Seen(replace(node.jetstream.get(), **numbers), "JSZ"))  # type: ignore[arg-type]


def test_js009_absent() -> None:
    """There is room in JetStream's limits, in the streams' and on the disks."""
    assert judge("JS009", limited(healthy(), 100)).result.status is Status.PASSED


@pytest.mark.parametrize(
    ("cluster", "subject", "severity"),
    [
        (limited(healthy(), 900), BUCKET, Severity.WARNING),
        (limited(healthy(), 990), BUCKET, Severity.ERROR),
        (with_numbers(healthy(), storage=95 * GB // 100), "jetstream.max_file of node2", Severity.WARNING),
        (with_numbers(healthy(), storage=99 * GB // 100), "jetstream.max_file of node2", Severity.ERROR),
        (with_numbers(healthy(), reserved_memory=2**28), "jetstream.max_mem of node2", None),
        (with_disk(healthy(), 100 * GB, 9 * GB), "node2/storage", Severity.WARNING),
        (with_disk(healthy(), 100 * GB, 2 * GB), "node2/storage", Severity.ERROR),
    ],
)
def test_js009_each_kind_of_room(cluster: Cluster, subject: str, severity: Severity | None) -> None:
    (finding,) = judge("JS009", cluster).findings
    assert (finding.subject.name, finding.severity) == (subject, severity)


def test_js009_near_miss_below_the_share() -> None:
    """At 89 % nothing is reported."""
    assert judge("JS009", limited(healthy(), 899)).findings == ()


def test_js009_near_miss_old_messages_are_discarded() -> None:
    """A stream that discards old messages is full by design."""
    assert judge("JS009", limited(healthy(), 1000, discard="")).findings == ()


def test_js009_near_miss_a_large_disk() -> None:
    """Of a large disk a small share is still much room."""
    assert judge("JS009", with_disk(healthy(), 10_000 * GB, 500 * GB)).findings == ()


def on_disk(cluster: Cluster, name: str, **settings: str) -> Cluster:
    """Give one node's file of the bucket these settings."""
    node = cluster.node(name)
    assert node is not None
    directories = tuple(
        replace(each, config=replace(each.config, settings=tuple(sorted(settings.items()))))
        if each.name == BUCKET and each.config is not None
        else each
        for each in node.stream_directories.get()
    )
    return changed(cluster, name, stream_directories=Seen(directories, f"/{name}"))


def everywhere(cluster: Cluster, **settings: str) -> Cluster:
    for node in cluster.nodes:
        cluster = on_disk(cluster, node.name, **settings)
    pairs = tuple(sorted(settings.items()))
    return with_state(cluster, BUCKET, lambda state: replace(state, config=replace(state.config, settings=pairs)))


def offline(cluster: Cluster) -> Cluster:
    """Take away what servers say: the streams are those of the files."""
    cluster = without(cluster, Kind.JETSTREAM)
    nodes = [
        replace(
            node,
            streams=Seen(
                tuple(
                    HeldStream(each.account, each.config, None)
                    for each in node.stream_directories.get()
                    if each.config is not None
                ),
                "files",
            ),
        )
        for node in cluster.nodes
    ]
    return rebuilt(cluster, nodes)


def test_js010_absent() -> None:
    """The files of all nodes and the leader have the same configuration."""
    assert judge("JS010", everywhere(healthy(), max_age="5", num_replicas="3")).result.status is Status.PASSED


def test_js010_one_file_differs_from_the_leader() -> None:
    cluster = on_disk(everywhere(healthy(), max_age="5"), "node3", max_age="6")
    (finding,) = judge("JS010", cluster).findings
    (evidence,) = finding.evidence
    assert (finding.subject.name, finding.nodes) == (BUCKET, ("node3",))
    assert (evidence.expected, evidence.actual) == (f"max_age 5 (JSZ of {leader(cluster)})", "max_age 6")


def test_js010_one_file_differs_from_the_others() -> None:
    cluster = offline(on_disk(everywhere(healthy(), max_age="5"), "node3", max_age="6"))
    (finding,) = judge("JS010", cluster).findings
    assert finding.nodes == ("node3",)


def test_js010_of_two_files_neither_is_known_to_be_right() -> None:
    cluster = everywhere(healthy(), max_age="5")
    cluster = offline(on_disk(cluster, "node3", max_age="6"))
    cluster = without(cluster, Kind.STREAM_DIRECTORIES, ["node1"])
    (finding,) = judge("JS010", cluster).findings
    assert finding.nodes == ("node2", "node3")
    assert "cannot be told" in finding.detail


def test_js010_near_miss_scaling() -> None:
    """While a stream is scaled, its number of replicas reaches the files one after the other."""
    cluster = on_disk(everywhere(healthy(), num_replicas="3"), "node2", num_replicas="1")
    assert judge("JS010", cluster).findings == ()


def test_js010_near_miss_encrypted() -> None:
    """A file that its server alone can read proves nothing, and nothing is reported."""
    cluster = healthy()
    node = cluster.node("node2")
    assert node is not None
    locked = tuple(
        StreamDirectory(each.account, each.name, each.path, None, "an encrypted one", encrypted=True)
        for each in node.stream_directories.get()
    )
    outcome = judge("JS010", changed(cluster, "node2", stream_directories=Seen(locked, "/node2")))
    assert (outcome.result.status, outcome.result.unproven) == (Status.SKIPPED, False)


def leader(cluster: Cluster) -> str:
    (stream,) = (each for each in cluster.streams if each.name == BUCKET)
    assert stream.state is not None
    return stream.state.leader


def with_replicas(cluster: Cluster, count: int, storage: str = "file") -> Cluster:
    def change(state: StreamState) -> StreamState:
        config = StreamConfig(BUCKET, storage, count, None, (), ())
        return replace(state, config=config)

    return with_state(cluster, BUCKET, change)


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_js011_absent(nodes: int) -> None:
    """Every stream has as many replicas as the cluster's size asks for."""
    assert judge("JS011", healthy(nodes)).result.status is Status.PASSED


@pytest.mark.parametrize(("nodes", "count"), [(1, 2), (2, 2), (3, 5), (4, 4)])
def test_js011_more_than_the_policy(nodes: int, count: int) -> None:
    (finding,) = judge("JS011", with_replicas(healthy(nodes), count)).findings
    assert finding.subject.name == BUCKET


def test_js011_near_miss_in_memory_on_every_node() -> None:
    """A stream in memory may have a replica on every node, whatever the cluster's size asks for."""
    assert judge("JS011", with_replicas(healthy(4), 4, "memory")).findings == ()


def test_js011_in_memory_on_more_nodes_than_there_are() -> None:
    assert len(judge("JS011", with_replicas(healthy(3), 5, "memory")).findings) == 1
