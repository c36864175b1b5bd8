"""UI ports and the cluster information service, on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Cluster, ClusterInfo, Missing, Running, Seen, State, Ui, UiAnswer
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, healthy, judge

PATHS = ("/api/v1/ping", "/api/v1/health", "/api/v1/ready")


def with_ui(cluster: Cluster, *statuses: int | None, words: tuple[str, ...] = ()) -> Cluster:
    answers = tuple(UiAnswer(path, status, words) for path, status in zip(PATHS, statuses, strict=True))
    return changed(cluster, "node2", ui=Seen(Ui("node2:8081", refused=False, answers=answers), "node2:8081"))


REFUSED = Seen(Ui("node2:8081", refused=True, answers=()), "node2:8081")


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_ui001_absent(nodes: int) -> None:
    """Every instance answers 200 to all three requests."""
    assert judge("UI001", healthy(nodes)).result.status is Status.PASSED


@pytest.mark.parametrize(
    ("statuses", "title"),
    [
        ((200, 503, 503), "node2 is degraded: components.nats: down"),
        ((200, 200, 503), "node2 is not ready for traffic: components.nats: down"),
        ((404, 404, 404), "The UI port of node2 does not answer as an instance does: 404, components.nats: down"),
        ((None, None, None), "The UI port of node2 does not answer as an instance does: components.nats: down"),
    ],
)
def test_ui001_says_what_is_wrong(statuses: tuple[int | None, ...], title: str) -> None:
    (finding,) = judge("UI001", with_ui(healthy(), *statuses, words=("components.nats: down",))).findings
    assert (finding.title, finding.nodes) == (title, ("node2",))


def test_ui001_nothing_listens() -> None:
    (finding,) = judge("UI001", changed(healthy(), "node2", ui=REFUSED)).findings
    assert finding.title == "The UI port of node2 refuses connections"


def test_ui001_near_miss_a_firewall() -> None:
    """A connection that is not answered at all may be dropped on the way: nothing is concluded."""
    dropped = Missing(State.TIMED_OUT, "node2:8081 does not answer a connection: down, or a firewall drops it")
    outcome = judge("UI001", changed(healthy(), "node2", ui=dropped))
    assert (outcome.result.status, outcome.result.unproven) == (Status.SKIPPED, True)


def test_ui001_near_miss_nothing_is_reached_from_here() -> None:
    """Where not even the node's server can be reached, a refused port is no news of the instance."""
    unknown = Missing(State.UNREACHABLE, "no server of the cluster answers from here")
    cluster = changed(healthy(), "node2", ui=REFUSED, running=unknown)
    assert judge("UI001", cluster).result.status is Status.SKIPPED


@pytest.mark.parametrize("status", [301, 308, 401])
def test_ui001_near_miss_something_stands_before_it(status: int) -> None:
    """A redirect or a login is no answer of the instance, and is not followed."""
    assert judge("UI001", with_ui(healthy(), status, status, status)).result.status is Status.SKIPPED


def test_a_node_that_is_down_is_said_to_be() -> None:
    down = Seen(Running(up=False, how="it refuses connections"), "node2:4222")
    (finding,) = judge("UI001", changed(healthy(), "node2", ui=REFUSED, running=down)).findings
    assert finding.detail.endswith("its NATS server is down.")


def with_info(cluster: Cluster, replicas: int) -> Cluster:
    return replace(cluster, cluster_info=Seen(ClusterInfo(replicas), "cirata.services.cluster.info"))


@pytest.mark.parametrize(("nodes", "replicas"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5)])
def test_ex001_absent(nodes: int, replicas: int) -> None:
    """Extensions are told what the cluster's size asks for."""
    assert judge("EX001", with_info(healthy(nodes), replicas)).result.status is Status.PASSED


@pytest.mark.parametrize(("nodes", "replicas"), [(1, 3), (2, 2), (3, 1), (4, 4), (5, 3)])
def test_ex001_another_count(nodes: int, replicas: int) -> None:
    (finding,) = judge("EX001", with_info(healthy(nodes), replicas)).findings
    assert finding.subject.name == "cirata.services.cluster.info"


@pytest.mark.parametrize("state", [State.NOT_ASKED, State.UNREACHABLE, State.DENIED, State.UNREADABLE])
def test_ex001_near_miss_no_answer(state: State) -> None:
    """A service that was not asked or does not answer is no agreement, and no fault either."""
    outcome = judge("EX001", replace(healthy(), cluster_info=Missing(state, "no answer")))
    assert (outcome.result.status, outcome.result.reason) == (Status.SKIPPED, "no answer")
