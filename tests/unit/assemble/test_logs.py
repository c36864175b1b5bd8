"""Which node a log that was given is of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.assemble.logs import with_logs
from symphony_doctor.errors import UsageError
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import NOT_ASKED, Missing, Seen, State
from symphony_doctor.model.log import Log
from symphony_doctor.sources.observation import GivenLog
from symphony_doctor.testing import NOW, healthy, log


def nodes(count: int = 3) -> tuple[Node, ...]:
    return tuple(replace(node, log=NOT_ASKED) for node in healthy(count).nodes)


def silent(**fields: object) -> Log:
    return replace(log("x", server_name="", started_at=None, quorum_at=None), **fields)  # type: ignore[arg-type]


def given(*logs: Log, name: str | None = None) -> GivenLog:
    return GivenLog(name, "log.txt", Seen(logs, "log.txt"))


def placed(everyone: tuple[Node, ...], *logs: GivenLog) -> dict[str, tuple[Log, ...]]:
    return {node.name: node.log.value for node in with_logs(everyone, logs) if isinstance(node.log, Seen)}


@pytest.mark.parametrize(
    "fields",
    [{"server_name": "node2"}, {"host": "node2"}, {"host": "node2.example.com"}, {"service": "node2-1"}],
)
def test_a_log_that_names_its_node(fields: dict[str, str]) -> None:
    one = replace(silent(), **fields)  # type: ignore[arg-type]
    assert placed(nodes(), given(one)) == {"node2": (one,)}


def test_the_name_given_is_believed() -> None:
    assert placed(nodes(), given(log("node2"), name="node1")) == {"node1": (log("node2"),)}


def test_one_node_and_one_log_belong_together() -> None:
    assert placed(nodes(1), given(silent())) == {"node1": (silent(),)}


def test_one_file_may_have_the_logs_of_several_nodes() -> None:
    logs = (log("node1", service="a-1"), log("node3", service="c-1"), silent(service="nginx-1"))
    assert placed(nodes(), given(*logs)) == {"node1": (logs[0],), "node3": (logs[1],)}


def test_of_mixed_services_the_node_is_the_one_called_symphony() -> None:
    symphony = silent(service="symphony-1")
    assert placed(nodes(), given(silent(service="nginx-1"), symphony, name="node1")) == {"node1": (symphony,)}


def test_a_log_of_nobody_is_asked_for_by_name() -> None:
    with pytest.raises(UsageError, match=r"NAME=log\.txt, NAME one of node1, node2, node3"):
        placed(nodes(), given(silent()))
    with pytest.raises(UsageError, match="node9 is no node"):
        placed(nodes(), given(silent(), name="node9"))


def test_services_that_cannot_be_told_apart_are_an_error() -> None:
    logs = (silent(service="a-1", quorum_at=NOW), silent(service="b-1", quorum_at=NOW))
    with pytest.raises(UsageError, match="a-1, b-1"):
        placed(nodes(), given(*logs, name="node1"))


def test_a_log_given_beside_the_nodes_own_adds_to_it() -> None:
    own, journal = log("node1"), silent(host="node1")
    everyone = tuple(replace(node, log=Seen((own,), "nats.log")) for node in nodes(1))
    assert placed(everyone, given(journal)) == {"node1": (own, journal)}


def test_a_log_that_was_asked_for_and_cannot_be_read_is_missed() -> None:
    late = GivenLog("node1", "late.txt", Missing(State.TIMED_OUT, "not read in time"))
    for order in ((late, given(silent(), name="node1")), (given(silent(), name="node1"), late)):
        (node, *_) = with_logs(nodes(), order)
        assert isinstance(node.log, Missing)
        assert node.log.state is State.TIMED_OUT
