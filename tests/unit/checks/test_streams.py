"""JS001 to JS005: streams, their replicas and their directories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.cluster import Cluster, HeldStream, Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.jetstream import Replica, StreamDirectory, StreamState
from symphony_doctor.model.policy import SYSTEM_BUCKETS
from symphony_doctor.testing import NOW, SYMPHONY, USER, changed, healthy, judge, stream_state

from .judging import found, from_files, jetstream_of, only, silent, skipped, with_streams


def plus(cluster: Cluster, state: StreamState, *, directories: tuple[str, ...] | None = None) -> Cluster:
    """Add a stream to the servers of its members, and its directory to them or to the nodes named."""
    members = {state.leader, *(replica.name for replica in state.replicas)}
    for node in cluster.nodes:
        told = jetstream_of(cluster, node.name)
        if node.name in members:
            streams = (*told.streams, state)
            held = tuple(HeldStream(each.account, each.config, each) for each in streams)
            cluster = changed(
                cluster, node.name, jetstream=Seen(replace(told, streams=streams), "JSZ"), streams=Seen(held, "JSZ")
            )
        if state.config.is_file and node.name in (members if directories is None else directories):
            cluster = with_directory(
                cluster, node, StreamDirectory(state.account, state.config.name, "s", state.config, None)
            )
    return cluster


def with_directory(cluster: Cluster, node: Node, directory: StreamDirectory) -> Cluster:
    evidence = node.stream_directories
    assert isinstance(evidence, Seen)
    return changed(cluster, node.name, stream_directories=Seen((*evidence.value, directory), evidence.where))


def without_directory(cluster: Cluster, node: str, stream: str, account: str = SYMPHONY) -> Cluster:
    there = cluster.node(node)
    assert there is not None
    evidence = there.stream_directories
    assert isinstance(evidence, Seen)
    left = tuple(each for each in evidence.value if (each.account, each.name) != (account, stream))
    assert left != evidence.value
    return changed(cluster, node, stream_directories=Seen(left, evidence.where))


def seen_by_leader(cluster: Cluster, stream: str, name: str, **replica: object) -> Cluster:
    """Change what a stream's leader says of one replica."""

    def change(node: str, state: StreamState) -> StreamState:
        if state.config.name != stream or state.leader != node:
            return state
        replicas = tuple(
            replace(each, **replica) if each.name == name else each  # type: ignore[arg-type]
            for each in state.replicas
        )
        return replace(state, replicas=replicas)

    return with_streams(cluster, change)


def jobs(cluster: Cluster) -> tuple[str, str]:
    """Return the leader of KV_jobs and another member."""
    stream = next(each for each in cluster.streams if each.name == "KV_jobs")
    assert stream.state is not None
    return stream.state.leader, stream.state.replicas[0].name


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
def test_js001_absent_by_the_policy(nodes: int) -> None:
    """R=1 on one and two nodes, R=3 on three and four, R=5 on five."""
    assert silent("JS001", healthy(nodes))


def test_js001_near_miss_memory_mirror() -> None:
    """The mirrors of each user are in memory, with one replica: they are filled again from their source."""
    cluster = healthy()
    mirrors = [stream for stream in cluster.streams if not stream.config.is_file]
    assert [stream.config.num_replicas for stream in mirrors] == [1]
    assert silent("JS001", cluster)


def test_js001_near_miss_more_replicas_than_asked_for() -> None:
    """A bucket that kept R=5 when the fifth node was removed has not too few."""
    assert silent(
        "JS001", plus(healthy(4), stream_state("KV_old", USER, ("node1", "node2", "node3", "node4", "node5")))
    )


def test_js001_near_miss_being_scaled_up() -> None:
    """A stream whose configuration already asks for three, while the new replicas catch up."""
    state = stream_state("KV_grown", USER, ("node1", "node2", "node3"))
    behind = tuple(replace(each, current=False, lag=40) for each in state.replicas)
    assert silent("JS001", plus(healthy(), replace(state, replicas=behind)))


@pytest.mark.parametrize(("nodes", "members", "wanted"), [(3, 1, 3), (5, 3, 5), (4, 2, 3)])
def test_js001_fault_in_clusters_of_other_sizes(nodes: int, members: int, wanted: int) -> None:
    """One of three, three of five, two of four: with the command that scales it."""
    names = [f"node{number}" for number in range(1, members + 1)]
    finding = only("JS001", plus(healthy(nodes), stream_state("KV_few", USER, names)))
    assert finding.nodes == tuple(names)
    assert finding.remedies[0].commands == (f"nats kv edit few --replicas {wanted}",)


def test_js001_fault_in_the_files() -> None:
    """The same from meta.inf alone."""
    cluster = from_files(plus(healthy(), stream_state("orders", USER, ("node2",))))
    finding = only("JS001", cluster)
    assert finding.nodes == ("node2",)
    assert finding.remedies[0].commands == ("nats stream edit orders --replicas 3 -f",)


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_js002_absent_with_all_directories(nodes: int) -> None:
    """Every member of every stream has its directory, by the servers and by the files."""
    assert silent("JS002", healthy(nodes))
    assert judge("JS002", from_files(healthy(nodes))).findings == ()


def test_js002_near_miss_memory_mirror() -> None:
    """A memory stream has no directory on any node."""
    mirror = stream_state("KV_view", USER, ("node1", "node2", "node3"), storage="memory", mirror="KV_symphony_roles")
    assert silent("JS002", plus(healthy(), mirror))


def test_js002_near_miss_one_replica() -> None:
    """A stream of one replica has its directory on one node: that is JS001's finding, and no second one."""
    cluster = plus(healthy(), stream_state("KV_single", USER, ("node2",)))
    assert silent("JS002", cluster)
    assert judge("JS002", from_files(cluster)).findings == ()


def test_js002_near_miss_three_of_five_nodes() -> None:
    """R=3 in a cluster of five: the two nodes that are no members have no directory, by right."""
    cluster = plus(healthy(5), stream_state("KV_three", USER, ("node1", "node3", "node5")))
    assert silent("JS002", cluster)
    assert judge("JS002", from_files(cluster)).findings == ()


def test_js002_near_miss_just_created() -> None:
    """A stream made while the doctor was reading: its directory came after the directories were listed."""
    new = replace(stream_state("KV_new", USER, ("node1", "node2", "node3")), created_at=NOW - 1)
    assert silent("JS002", plus(healthy(), new, directories=()))


def test_js002_near_miss_unreadable_meta() -> None:
    """A directory whose meta.inf is encrypted or cannot be read is there all the same."""
    cluster = without_directory(healthy(), "node2", "KV_symphony_roles")
    node = cluster.node("node2")
    assert node is not None
    locked = StreamDirectory(SYMPHONY, "KV_symphony_roles", "s", None, "permission denied")
    assert silent("JS002", with_directory(cluster, node, locked))


def test_js002_fault_by_the_leader_and_by_the_files() -> None:
    """A member without the directory is found in both ways, on the same node."""
    cluster = without_directory(healthy(), "node3", "KV_symphony_roles")
    assert only("JS002", cluster).nodes == ("node3",)
    assert {finding.nodes for finding in judge("JS002", from_files(cluster)).findings} == {("node3",)}


def test_js002_fault_whole_storage_gone() -> None:
    """A node whose storage is not there at all lacks every stream of which it is a member."""
    gone = Missing(State.ABSENT, "storage/jetstream does not exist", "storage/jetstream")
    cluster = changed(healthy(), "node2", stream_directories=gone)
    assert {finding.nodes for finding in found("JS002", cluster)} == {("node2",)}


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_js003_absent_with_all_replicas_current(nodes: int) -> None:
    """Every leader calls all its replicas current."""
    assert silent("JS003", healthy(nodes))


@pytest.mark.parametrize(
    "state",
    [
        {"current": False, "lag": 5, "active": 0.4},
        {"current": False, "lag": 1000, "active": 1.0},
        {"current": True, "lag": 0, "active": 9.9},
        {"current": True, "lag": 3, "active": 0.0},
    ],
    ids=["catching up", "lag at the threshold", "quiet stream", "heard this moment"],
)
def test_js003_near_miss_catching_up(state: dict[str, object]) -> None:
    """A replica that is heard and a little behind is catching up."""
    leader, member = jobs(healthy())
    assert leader != member
    assert silent("JS003", seen_by_leader(healthy(), "KV_jobs", member, **state))


def test_js003_near_miss_a_followers_view() -> None:
    """A follower calls the other followers not current and never heard, on a healthy cluster: it is not believed."""

    def followers_view(node: str, state: StreamState) -> StreamState:
        if node == state.leader or not state.replicas:
            return state
        blind = tuple(
            Replica(each.name, current=each.name == node, offline=False, active=0.0, lag=0) for each in state.replicas
        )
        return replace(state, replicas=blind)

    assert silent("JS003", with_streams(healthy(), followers_view))


def test_js003_near_miss_followers_alone_were_asked() -> None:
    """Without the leader's answer nothing is said of replicas: the rule is skipped and says why."""
    cluster = healthy()
    leader, _ = jobs(cluster)
    cluster = changed(cluster, leader, jetstream=Missing(State.TIMED_OUT, "JSZ was not answered in time"))
    assert "JSZ was not answered" in skipped("JS003", cluster)


def test_js003_near_miss_just_created() -> None:
    """A new stream is on its leader a moment before every member lists it."""
    new = replace(stream_state("KV_new", USER, ("node1", "node2", "node3")), created_at=NOW - 1)

    def on_its_leader_alone(node: str, state: StreamState) -> StreamState | None:
        return None if state.config.name == "KV_new" and node != "node1" else state

    assert silent("JS003", with_streams(plus(healthy(), new), on_its_leader_alone))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"offline": True, "current": False}, "offline"),
        ({"current": False, "active": 31.0}, "not heard for 31 s"),
        ({"current": False, "active": 0.0, "lag": 1}, "never heard, 1 operation behind"),
        (
            {"current": False, "active": 0.5, "lag": 250_000},
            "250,000 operations behind, falling behind (5 s before: 0)",
        ),
    ],
    ids=["offline", "silent", "never heard", "lagging"],
)
def test_js003_fault_each_way(state: dict[str, object], said: str) -> None:
    """Offline, silent, never heard, and far behind: in the leader's words."""
    _, member = jobs(healthy())
    finding = only("JS003", seen_by_leader(healthy(), "KV_jobs", member, **state))
    assert finding.nodes == (member,)
    assert finding.evidence[0].actual == said


def test_js003_fault_resubmits_what_is_assigned_and_absent() -> None:
    """A member whose own server does not list the stream: sending the configuration again comes first."""
    _, member = jobs(healthy())

    def absent(node: str, state: StreamState) -> StreamState | None:
        return None if state.config.name == "KV_jobs" and node == member else state

    finding = only("JS003", with_streams(healthy(), absent))
    assert finding.evidence[0].actual == "assigned, and its server does not have it"
    assert finding.remedies[0].commands == ("nats kv edit jobs --replicas 3",)


def leaderless(cluster: Cluster, stream: str) -> Cluster:
    return with_streams(cluster, lambda _, state: replace(state, leader="") if state.config.name == stream else state)


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_js004_absent_with_leaders(nodes: int) -> None:
    """Every stream has a leader."""
    assert silent("JS004", healthy(nodes))


def test_js004_near_miss_one_member_has_not_heard_of_the_new_leader() -> None:
    """After an election one member still names none while the others follow: the stream has a leader."""
    _, member = jobs(healthy())

    def late(node: str, state: StreamState) -> StreamState:
        return replace(state, leader="") if state.config.name == "KV_jobs" and node == member else state

    assert silent("JS004", with_streams(healthy(), late))


def test_js004_near_miss_one_replica_has_no_raft_group() -> None:
    """A stream of one replica elects nobody: its answer may name no leader."""
    cluster = plus(healthy(), stream_state("KV_single", USER, ("node2",)))
    assert silent("JS004", leaderless(cluster, "KV_single"))


def test_js004_fault_of_a_stream_and_of_a_mirror() -> None:
    """A stream that no member knows a leader of, on disk or in memory."""
    mirror = stream_state("KV_view", USER, ("node1", "node2", "node3"), storage="memory", mirror="KV_symphony_roles")
    cluster = leaderless(leaderless(plus(healthy(), mirror), "KV_view"), "KV_jobs")
    assert {finding.subject.name for finding in found("JS004", cluster)} == {"KV_view", "KV_jobs"}


@pytest.mark.parametrize("nodes", [1, 2, 3, 5])
def test_js005_absent_with_all_seven(nodes: int) -> None:
    """All seven system buckets exist."""
    assert silent("JS005", healthy(nodes))


def test_js005_near_miss_further_buckets() -> None:
    """An eighth bucket of Symphony's, and buckets of extensions, are not judged."""
    assert silent("JS005", plus(healthy(), stream_state("KV_symphony_audit", SYMPHONY, ("node1", "node2", "node3"))))


def test_js005_near_miss_a_users_own_bucket_of_that_name() -> None:
    """A user's mirrors and buckets bear the same names: the Symphony account's are those that count."""
    own = stream_state("KV_symphony_usage", USER, ("node1", "node2", "node3"))
    assert silent("JS005", plus(healthy(), own))


def test_js005_near_miss_one_directory_of_three() -> None:
    """What one node alone does not hold may be on a node that was not looked at: nothing is called missing."""
    cluster = from_files(healthy())
    cluster = without_directory(cluster, "node1", SYSTEM_BUCKETS[0])
    there = cluster.node("node1")
    assert there is not None
    assert isinstance(there.streams, Seen)
    held = tuple(each for each in there.streams.value if each.config.name != SYSTEM_BUCKETS[0])
    cluster = changed(cluster, "node1", streams=Seen(held, "storage"))
    for name in ("node2", "node3"):
        cluster = changed(cluster, name, streams=Missing(State.NOT_ASKED, "no --node directory"))
    assert "no --node directory" in skipped("JS005", cluster)


def test_js005_fault_a_mirror_does_not_stand_for_its_source() -> None:
    """The user's mirror of a bucket is there, the bucket itself is not."""

    def change(_: str, state: StreamState) -> StreamState | None:
        return None if (state.config.name, state.account) == ("KV_symphony_roles", SYMPHONY) else state

    finding = only("JS005", with_streams(healthy(), change))
    assert (finding.subject.name, finding.subject.account) == ("KV_symphony_roles", SYMPHONY)


def test_js005_fault_none_at_all_is_one_finding() -> None:
    """No system bucket anywhere is one finding, not seven."""
    cluster = with_streams(healthy(), lambda _, state: None if state.account == SYMPHONY else state)
    assert only("JS005", cluster).title == "The system buckets do not exist"
