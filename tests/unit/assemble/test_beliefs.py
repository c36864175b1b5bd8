"""Which source is believed where several speak of one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.assemble import Scope
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import NOT_ASKED, Missing, Seen, State
from symphony_doctor.sources.observation import ServerAnswers
from symphony_doctor.testing import OPERATOR, SYSTEM, USER

from .builder import OFFLINE, REFUSED, SILENT, answers, assembled, files, nodes, silent

OTHER = "O" + "Z" * 55


def node2(*observations: object, scope: Scope | None = None) -> Node:
    """The second node of what comes of observations of the second, and all of the others."""
    one, _, three = nodes()
    every = [files(one), answers(one), files(three), answers(three), *observations]
    found = assembled(every, scope or Scope(network=True, credentials=True, files=True)).node("node2")  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_running_server_before_its_file() -> None:
    """What a server runs with replicates now, whatever its file says since."""
    _, two, _ = nodes()
    server = replace(two.server.get(), operator_keys=(OTHER,), operators=(), system_account=USER, cluster_name="d")
    found = node2(files(two), answers(two, server=Seen(server, "VARZ")))
    assert found.operator.get().keys == (OTHER,)
    assert found.system_account == Seen(USER, "VARZ")
    assert found.cluster_name == Seen("d", "VARZ")


def test_the_file_where_no_server_answers() -> None:
    _, two, _ = nodes()
    found = node2(files(two), silent(two))
    assert found.operator.get().keys == (OPERATOR,)
    assert found.system_account.get() == SYSTEM
    assert found.cluster_name.get() == "c"
    assert found.server_name.get() == "node2"


def test_a_file_that_is_not_there_tells_nothing() -> None:
    """A missing nats.config is no configuration without an operator: what it would say is not known."""
    _, two, _ = nodes()
    gone = Missing(State.ABSENT, "/node2/nats.config does not exist", "/node2/nats.config")
    cluster = assembled([files(two, nats_config=gone)], OFFLINE)
    for evidence in (cluster.nodes[0].operator, cluster.nodes[0].preload, cluster.nodes[0].jetstream_enabled):
        assert isinstance(evidence, Missing)
        assert not evidence.is_absence


@pytest.mark.parametrize("file_says", [True, False])
@pytest.mark.parametrize("server_says", [True, False])
def test_jetstream_is_on_where_both_say_so(file_says: bool, server_says: bool) -> None:  # noqa: FBT001
    _, two, _ = nodes()
    config = two.nats_config.get()
    config = config if file_says else replace(config, jetstream=None)
    found = node2(
        files(two, nats_config=Seen(config, "f")),
        answers(two, jetstream=Seen(replace(two.jetstream.get(), enabled=server_says), "JSZ")),
    )
    assert found.jetstream_enabled.get() is (file_says and server_says)


def test_account_files_before_the_servers_list() -> None:
    """Files survive a restart: they are what the node will know."""
    _, two, _ = nodes()
    fewer = Seen(two.account_files.get()[:2], "/node2/accounts")
    assert USER not in node2(files(two, account_files=fewer), answers(two)).accounts.get()
    assert USER in node2(answers(two)).accounts.get()


def test_streams_of_the_server_before_its_directories() -> None:
    _, two, _ = nodes()
    both = node2(files(two), answers(two))
    assert {stream.state is None for stream in both.streams.get()} == {False}
    alone = node2(files(two), silent(two))
    assert {stream.state is None for stream in alone.streams.get()} == {True}


DROPPED = Missing(State.TIMED_OUT, "it does not answer a connection: down, or a firewall drops it")


def by_way(node: Node, state: State) -> ServerAnswers:
    """What comes of asking a server by way of one that lists a route to it."""
    why = Missing(state, "VARZ")
    return replace(silent(node, why), address="", directory=None, greeting=NOT_ASKED, routed_as=node.name)


class TestRunning:
    """Up, down, or not known."""

    def test_up_by_its_answer(self) -> None:
        _, two, _ = nodes()
        assert node2(files(two), answers(two)).is_up

    def test_up_by_a_route_to_it(self) -> None:
        """Its client port is closed to us, but the others have it."""
        _, two, _ = nodes()
        assert node2(files(two), silent(two, REFUSED)).is_up

    def test_down_when_it_hangs(self) -> None:
        """A route to it stays for a while when a server hangs: that it says nothing counts more."""
        _, two, _ = nodes()
        found = node2(files(two), silent(two, SILENT))
        assert found.is_down
        assert found.health == Missing(State.UNREACHABLE, "its server is down", SILENT.why)

    def test_down_when_it_keeps_silent_by_way_of_its_routes(self) -> None:
        """A host that drops all packets: the others list their routes to it for minutes."""
        _, two, _ = nodes()
        found = node2(files(two), silent(two, DROPPED), by_way(two, State.TIMED_OUT))
        assert found.is_down
        assert found.running.get().how == DROPPED.why

    def test_up_though_nobody_answers_for_it_by_way_of_its_routes(self) -> None:
        """One of another system account, behind a firewall: that it is not asked for by NATS says nothing."""
        _, two, _ = nodes()
        assert node2(files(two), silent(two, DROPPED), by_way(two, State.UNREACHABLE)).is_up

    def test_up_by_its_answer_by_way_of_its_routes(self) -> None:
        """A firewall drops what comes from here, and nothing of what the others send."""
        _, two, _ = nodes()
        answered = replace(answers(two), address="", directory=None, greeting=NOT_ASKED, routed_as=two.name)
        assert node2(files(two), silent(two, DROPPED), answered).is_up

    def test_up_by_a_route_where_no_address_is_known(self) -> None:
        """Silence by way of routes alone may have any reason."""
        _, two, _ = nodes()
        assert node2(by_way(two, State.TIMED_OUT)).is_up

    def test_not_known_when_nothing_answers_from_here(self) -> None:
        """From a machine that reaches no node nothing is known to be down."""
        cluster = assembled([each for node in nodes() for each in (files(node), silent(node))])
        assert not any(node.is_up or node.is_down for node in cluster.nodes)

    def test_not_asked_offline(self) -> None:
        cluster = assembled([files(node) for node in nodes()], OFFLINE)
        assert {node.running for node in cluster.nodes} == {Missing(State.NOT_ASKED, "no network (--offline)")}
