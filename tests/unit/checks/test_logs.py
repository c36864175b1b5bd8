"""Rules about logs: what goes on is reported, what is over is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.log import Log, LogEvent, LogKind
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, USER, changed, healthy, judge, log

KINDS = {
    "LG001": (LogKind.QUORUM, ""),
    "LG002": (LogKind.ACCOUNT, USER),
    "LG003": (LogKind.BUCKET, "jobs"),
    "LG004": (LogKind.ROUTE, "cluster name"),
}
DAYS = 5 * 86_400.0


def event(code: str, *, count: int = 40, lasted: float = 600.0, ago: float = 2.0, **fields: object) -> LogEvent:
    kind, about = KINDS[code]
    base = LogEvent(
        kind=kind,
        about=about,
        peer="10.0.0.2",
        count=count,
        total=count,
        first_at=NOW - ago - lasted,
        last_at=NOW - ago,
        text="the line",
        where="/node2/nats.log:7",
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def logged(code: str, *events: LogEvent, **digest: object) -> Cluster:
    return changed(healthy(3), "node2", log=Seen((log("node2", *events, **digest),), "/node2/nats.log"))


def passes(code: str, cluster: Cluster) -> bool:
    return judge(code, cluster).result.status is Status.PASSED


def assert_found(code: str, cluster: Cluster) -> None:
    outcome = judge(code, cluster)
    (finding,) = outcome.findings
    assert finding.nodes == ("node2",)
    assert finding.evidence[0].where == "/node2/nats.log:7"
    assert "the line" in finding.evidence[0].actual


@pytest.mark.parametrize("code", KINDS)
def test_what_goes_on_is_found(code: str) -> None:
    assert_found(code, logged(code, event(code)))


@pytest.mark.parametrize("code", KINDS)
def test_a_log_copied_days_ago_is_judged_by_its_own_end(code: str) -> None:
    old = event(code, ago=DAYS + 2)
    copied = logged(code, old, first_at=NOW - DAYS - 7200, last_at=NOW - DAYS, started_at=NOW - DAYS - 7200)
    assert_found(code, copied)


@pytest.mark.parametrize("code", KINDS)
def test_a_log_without_times_is_judged_by_the_count(code: str) -> None:
    many, few = (replace(event(code, count=count), first_at=None, last_at=None) for count in (5, 4))
    assert_found(code, logged(code, many, last_at=None, started_at=None))
    assert passes(code, logged(code, few, last_at=None, started_at=None))


@pytest.mark.parametrize("code", KINDS)
def test_a_second_log_of_the_node_counts(code: str) -> None:
    journal = log("node2", event(code), path="journal.json")
    assert_found(code, changed(healthy(3), "node2", log=Seen((log("node2"), journal), "two")))


@pytest.mark.parametrize("code", KINDS)
def test_what_stopped_is_over_on_a_server_that_runs_and_is_silent(code: str) -> None:
    """The log ends with the complaint, and the server it is of has been silent since."""
    quiet = event(code, ago=400)
    assert passes(code, logged(code, quiet, last_at=NOW - 400))
    assert_found(code, logged(code, quiet, last_at=NOW - 400, started_at=NOW - 90_000))


@pytest.mark.parametrize("code", KINDS)
def test_a_log_that_ends_with_an_orderly_stop_is_over(code: str) -> None:
    assert passes(code, logged(code, event(code), stopped=True))


@pytest.mark.parametrize("code", KINDS)
def test_no_log_is_no_health(code: str) -> None:
    missing = Missing(State.NOT_ASKED, "nats.config names no log file")
    outcome = judge(code, changed(healthy(3), "node2", log=missing))
    assert (outcome.result.status, outcome.result.unproven) == (Status.SKIPPED, False)


def test_lg001_absent_after_quorum() -> None:
    """The lines of a start that ended with quorum: none came since."""
    over = event("LG001", count=0, first_at=None)
    assert passes("LG001", logged("LG001", replace(over, total=30)))


def test_lg001_near_miss_election() -> None:
    """An election of some seconds, just now."""
    assert passes("LG001", logged("LG001", event("LG001", count=9, lasted=12)))


def test_lg001_near_miss_burst_long_ago() -> None:
    """A burst after quorum that ended long before the log does."""
    assert passes("LG001", logged("LG001", event("LG001", ago=3000)))


def test_lg002_absent_for_another_account() -> None:
    """One finding an account, by its key where the log has the name."""
    outcome = judge("LG002", logged("LG002", event("LG002", about="alice")))
    assert [finding.subject.name for finding in outcome.findings] == [USER]
    assert passes("LG002", logged("LG002"))


def test_lg002_near_miss_resolver_interval() -> None:
    """It stopped, or may still stop, within the time the resolvers need."""
    assert passes("LG002", logged("LG002", event("LG002", count=8, lasted=100)))


def test_lg003_absent_once_created() -> None:
    """It failed until quorum was reached, and was created then."""
    assert passes("LG003", logged("LG003", event("LG003", count=0, first_at=None)))


def test_lg003_near_miss_once() -> None:
    """It failed twice and never again."""
    assert passes("LG003", logged("LG003", event("LG003", count=2)))


def test_lg003_names_the_stream() -> None:
    (finding,) = judge("LG003", logged("LG003", event("LG003"))).findings
    assert finding.subject.name == "KV_jobs"
    assert "nats stream info KV_jobs" in [command for remedy in finding.remedies for command in remedy.commands]


def test_lg004_absent_once_routes_stand() -> None:
    """A pool of routes was made after the last error, and stands."""
    assert passes("LG004", logged("LG004", event("LG004", ago=6, routes_since=4)))


def test_lg004_near_miss_restart_of_another_node() -> None:
    """Another node was away for some seconds."""
    assert passes("LG004", logged("LG004", event("LG004", lasted=20)))


def test_lg004_near_miss_attempt_in_flight() -> None:
    """One connection that is not refused yet is no route that stands."""
    assert_found("LG004", logged("LG004", event("LG004", ago=6, routes_since=1)))


def test_one_finding_for_all_nodes_with_the_same_reason() -> None:
    cluster = logged("LG004", event("LG004"))
    other = Seen((log("node1", event("LG004", peer="10.0.0.3")),), "/node1/nats.log")
    (finding,) = judge("LG004", changed(cluster, "node1", log=other)).findings
    assert finding.nodes == ("node1", "node2")
    assert "10.0.0.2 and 10.0.0.3" in finding.detail


def test_the_digest_is_frozen() -> None:
    assert isinstance(hash(log("node1", event("LG001"))), int)
    assert isinstance(log("node1"), Log)
