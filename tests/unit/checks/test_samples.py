"""Rules that compare two samples: JS003 and JS008 tell which way a lag goes, JS012 which leaders moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.cluster import ONE_SAMPLE, Cluster, HeldStream
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Finding, Severity
from symphony_doctor.model.jetstream import Replica, StreamState, UpstreamState
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, changed, healthy, judge

MIRROR = "KV_symphony_roles"


def with_states(cluster: Cluster, change: dict[str, StreamState]) -> Cluster:
    """Give every server these states in place of its own of the same stream."""
    for node in cluster.nodes:
        jetstream = node.jetstream.get()
        states = tuple(change.get(key(state), state) for state in jetstream.streams)
        held = tuple(HeldStream(state.account, state.config, state) for state in states)
        cluster = changed(
            cluster,
            node.name,
            jetstream=Seen(replace(jetstream, streams=states), "JSZ"),
            streams=Seen(held, "JSZ"),
        )
    return cluster


def state_of(cluster: Cluster, name: str, *, mirror: bool = False) -> StreamState:
    return next(
        each.state
        for each in cluster.streams
        if each.name == name and each.state is not None and (each.config.mirror is not None) is mirror
    )


def key(state: StreamState) -> str:
    return state.config.name + state.account


def after(earlier: Cluster, now: Cluster, seconds: float = 5.0) -> Cluster:
    return replace(now, earlier=Seen(replace(earlier, observed_at=NOW - seconds), "an earlier sample"))


def replica_behind(lag: int, *, current: bool = False) -> Cluster:
    cluster = healthy()
    state = state_of(cluster, "KV_jobs")
    first, *others = state.replicas
    slow = Replica(first.name, current=current, offline=False, active=0.3, lag=lag)
    return with_states(cluster, {key(state): replace(state, replicas=(slow, *others))})


def mirror_behind(lag: int) -> Cluster:
    cluster = healthy()
    state = state_of(cluster, MIRROR, mirror=True)
    return with_states(cluster, {key(state): replace(state, upstreams=(UpstreamState(MIRROR, lag, 0.1, None),))})


def led_by(leader: str) -> Cluster:
    cluster = healthy()
    state = state_of(cluster, "KV_jobs")
    members = [state.leader, *(replica.name for replica in state.replicas)]
    assert leader in members
    others = tuple(Replica(each, current=True, offline=False, active=0.1, lag=0) for each in members if each != leader)
    return with_states(cluster, {key(state): replace(state, leader=leader, replicas=others)})


def only(code: str, cluster: Cluster) -> Finding:
    (finding,) = judge(code, cluster).findings
    return finding


@pytest.mark.parametrize(
    ("before", "now", "said", "severity"),
    [
        (9000, 5000, "5,000 operations behind, catching up (5 s before: 9,000)", Severity.WARNING),
        (5000, 9000, "9,000 operations behind, falling behind (5 s before: 5,000)", None),
        (5000, 5000, "5,000 operations behind, as 5 s before", None),
    ],
)
def test_js003_fault_says_which_way_a_replica_goes(before: int, now: int, said: str, severity: Severity | None) -> None:
    """A replica that is far behind: whether it comes nearer, and then it is a warning."""
    finding = only("JS003", after(replica_behind(before), replica_behind(now)))
    assert finding.evidence[0].actual == said
    assert finding.severity is severity
    assert ("catching up" in finding.title) is (severity is not None)


def test_js003_fault_with_one_sample() -> None:
    """With one sample nothing is said of the way it goes."""
    finding = only("JS003", replace(replica_behind(5000), earlier=ONE_SAMPLE))
    assert finding.evidence[0].actual == "5,000 operations behind"


def test_js003_near_miss_behind_before_and_not_now() -> None:
    """What was behind in the first sample and is not in the second is well."""
    assert judge("JS003", after(replica_behind(9000), replica_behind(10))).findings == ()


def test_js003_fault_one_catches_up_and_one_is_offline() -> None:
    """That one replica is catching up is no excuse for another that is offline."""
    now = replica_behind(5000)
    state = state_of(now, "KV_jobs")
    slow, other, *rest = state.replicas
    now = with_states(now, {key(state): replace(state, replicas=(slow, replace(other, offline=True), *rest))})
    assert only("JS003", after(replica_behind(9000), now)).severity is None


@pytest.mark.parametrize(
    ("before", "now", "said", "severity"),
    [
        (9000, 5000, "5000 messages behind, catching up (5 s before: 9,000)", Severity.INFO),
        (5000, 9000, "9000 messages behind, falling behind (5 s before: 5,000)", None),
    ],
)
def test_js008_fault_says_which_way_a_mirror_goes(before: int, now: int, said: str, severity: Severity | None) -> None:
    """A mirror that is far behind: one that catches up is worth knowing, no more."""
    finding = only("JS008", after(mirror_behind(before), mirror_behind(now)))
    assert finding.evidence[0].actual == said
    assert finding.severity is severity


def test_js012_fault_a_leader_that_moved() -> None:
    """Between two samples another member came to lead the stream."""
    before = healthy()
    then = state_of(before, "KV_jobs")
    now = led_by(then.replicas[0].name)
    finding = only("JS012", after(before, now))
    assert finding.title == "1 leader moved within 5 s"
    assert [(each.expected, each.actual) for each in finding.evidence] == [
        (f"led by {then.leader}, as 5 s before", f"led by {then.replicas[0].name}")
    ]
    assert finding.nodes == (then.replicas[0].name,)


def test_js012_fault_the_meta_leader_moved() -> None:
    """Between two samples another server came to lead the meta group."""
    before, now = healthy(), healthy()
    for node in now.nodes:
        jetstream = node.jetstream.get()
        assert jetstream.meta is not None
        moved = replace(jetstream, meta=replace(jetstream.meta, leader="node2"))
        now = changed(now, node.name, jetstream=Seen(moved, "JSZ"))
    finding = only("JS012", after(before, now))
    assert [each.where for each in finding.evidence] == ["JSZ, meta_cluster"]


def test_js012_absent() -> None:
    """Every leader is the same in both samples."""
    assert judge("JS012", after(healthy(), healthy())).result.status is Status.PASSED


def test_js012_near_miss_one_sample() -> None:
    """Nothing can be said of a leader that was looked at once: that is not health."""
    outcome = judge("JS012", replace(healthy(), earlier=ONE_SAMPLE))
    assert (outcome.result.status, outcome.result.reason) == (
        Status.SKIPPED,
        "the servers were asked once (--samples 2)",
    )


def test_js012_near_miss_a_stream_without_a_leader() -> None:
    """That it has none now is JS004: it has not moved anywhere."""
    before = healthy()
    state = state_of(before, "KV_jobs")
    now = with_states(healthy(), {key(state): replace(state, leader="", replicas=())})
    assert judge("JS012", after(before, now)).findings == ()
