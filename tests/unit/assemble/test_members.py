"""Who is a node: known from files, from NATS and from routes, which need not agree. See docs/believed.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.model.policy import replicas_wanted
from symphony_doctor.sources.observation import Observation, RouteProbe, ServerAnswers
from symphony_doctor.testing import healthy, judge

from .small_clusters import answers, cluster, files, greets, probe


def names(made: object) -> list[str]:
    return [node.name for node in made.nodes]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("nodes", "replicas"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (6, 5), (7, 5)])
def test_replicas_by_the_size_of_the_cluster(nodes: int, replicas: int) -> None:
    """R=3 at 3 and 4 nodes, R=5 at 5 and more, R=1 below."""
    assert replicas_wanted(nodes) == replicas


@pytest.mark.parametrize(("nodes", "even"), [(1, False), (2, True), (3, False), (4, True), (5, False)])
def test_even_clusters(nodes: int, even: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Clusters of 2 and 4 nodes are told that one node adds nothing."""
    assert bool(judge("QU003", healthy(nodes)).findings) is even


def test_files_alone() -> None:
    """Every directory that was given is a node; addresses that most list are nodes that were not looked at."""
    made = cluster(files(3, "node1"), files(3, "node2"), files(3, "node3"), network=False)
    assert [(node.name, node.known_from) for node in made.nodes] == [(f"node{at}", ("files",)) for at in (1, 2, 3)]


def test_one_directory_of_three_tells_of_two_more() -> None:
    """One node's files name the others by their routes: the policy is that of three nodes."""
    made = cluster(files(3, "node1"), network=False)
    assert names(made) == ["node1", "node2:6222", "node3:6222"]
    assert made.nodes[1].known_from == ("routes",)
    assert replicas_wanted(made.size) == 3


def test_a_directory_without_routes_is_a_node_though_no_server_has_one_to_it() -> None:
    """Files are believed before NATS: a node that the servers do not know is one that is cut off."""
    made = cluster(
        files(3, "node1"), files(3, "node2"), files(3, "node3"),
        answers(2, "node1"), answers(2, "node2"),
        probe("node3:6222", None),
    )  # fmt: skip
    assert names(made) == ["node1", "node2", "node3"]
    node3 = made.node("node3")
    assert node3 is not None
    assert node3.is_down


def test_a_server_that_answers_is_a_node_without_any_file() -> None:
    """A server that answered is a node, also where no directory and no route names it."""
    made = cluster(
        files(2, "node1"), files(2, "node2"), answers(2, "node1"), answers(2, "node2"), greets("x:4222", "node9")
    )
    assert names(made) == ["node1", "node2", "node9"]


def test_a_server_that_others_have_routes_to_is_a_node() -> None:
    """Nothing answers for it from here, and yet a live route leads to it."""
    made = cluster(answers(3, "node1"), answers(3, "node2"))
    assert names(made) == ["node1", "node2", "node3"]
    node3 = made.node("node3")
    assert node3 is not None
    assert (node3.known_from, node3.is_up) == (("nats",), True)


def test_an_answer_and_a_directory_are_one_node_by_the_server_name() -> None:
    """Files and answers of one server_name are one node, whatever the directory is called."""
    made = cluster(files(3, "node1", directory="/backup/copy-of-it"), answers(3, "node1"))
    node1 = made.node("node1")
    assert node1 is not None
    assert node1.known_from == ("files", "nats")


def test_an_address_that_most_nodes_list_is_a_node_that_is_down() -> None:
    """Two of three list an address at which nobody answers: a node is down there, and it counts."""
    made = cluster(
        files(3, "node1"), files(3, "node2"),
        answers(2, "node1"), answers(2, "node2"),
        probe("node3:6222", None),
    )  # fmt: skip
    assert names(made) == ["node1", "node2", "node3:6222"]
    assert made.majority == 2


def test_an_address_that_one_node_lists_is_no_node() -> None:
    """One of three lists an address at which nobody answers: a route was left behind."""
    listed = files(4, "node1")
    rest = [files(4, name, without=("node4",)) for name in ("node2", "node3")]
    heard = [answers(3, name) for name in ("node1", "node2", "node3")]
    made = cluster(listed, *rest, *heard, probe("node2:6222", "node2"), probe("node4:6222", None))
    assert names(made) == ["node1", "node2", "node3"]
    (finding,) = judge("RT005", made).findings
    assert (finding.subject.name, finding.nodes) == ("node4:6222", ("node1",))


def test_without_servers_it_may_be_a_further_name_of_the_node_that_lists_it() -> None:
    """From files alone an address with the node's own port, listed by it alone, may be its own: none is blamed."""
    listed = files(4, "node1")
    rest = [files(4, name, without=("node4",)) for name in ("node2", "node3")]
    made = cluster(listed, *rest, network=False)
    assert names(made) == ["node1", "node2", "node3"]
    assert judge("RT005", made).findings == ()


def test_nodes_that_all_list_all_are_no_more_than_they_are() -> None:
    """Where every node lists every node, itself too, each address is that of the node that listens there."""
    made = cluster(*(files(3, f"node{at}", itself=True) for at in (1, 2, 3)), network=False)
    assert names(made) == ["node1", "node2", "node3"]
    assert judge("RT005", made).findings == ()


def test_an_address_that_answers_is_a_node_though_one_alone_lists_it() -> None:
    """A route port that greets at the address says the name of the node there."""
    listed = files(4, "node1")
    rest = [files(4, name, without=("node4",)) for name in ("node2", "node3")]
    made = cluster(listed, *rest, probe("node4:6222", "node4"))
    assert names(made) == ["node1", "node2", "node3", "node4"]


def test_a_peer_of_the_meta_group_alone_is_no_node() -> None:
    """A peer that no file, server or route names is a ghost: it changes no policy and no majority."""
    made = cluster(answers(3, "node1", peers=("node4",)), answers(3, "node2"), answers(3, "node3"))
    assert names(made) == ["node1", "node2", "node3"]
    assert [finding.nodes for finding in judge("JS007", made).findings] == [("node4",)]


def test_a_silent_address_bears_the_name_of_the_one_peer_that_is_unaccounted_for() -> None:
    """Where one listed address is silent and one peer is nowhere, the peer is at the address: down, no ghost."""
    made = cluster(
        files(3, "node1"), files(3, "node2"),
        answers(2, "node1", peers=("node3",)), answers(2, "node2"),
        probe("node3:6222", None),
    )  # fmt: skip
    assert names(made) == ["node1", "node2", "node3"]
    assert judge("JS007", made).findings == ()


def test_directories_of_one_server_name_are_two_nodes() -> None:
    """Two directories are two nodes, though both claim one name."""
    made = cluster(files(3, "node1"), files(3, "node1", directory="/srv/other"), network=False)
    assert "other" in names(made)
    assert len(judge("RT004", made).findings) == 1


def test_servers_that_answer_make_the_size_of_the_policy() -> None:
    """Of five servers that answer R=5 is wanted, though the files of three are there."""
    everyone = [answers(5, f"node{at}") for at in range(1, 6)]
    made = cluster(*(files(5, f"node{at}") for at in (1, 2, 3)), *everyone)
    assert (made.size, replicas_wanted(made.size)) == (5, 5)


def gone(name: str, server: str) -> tuple[Observation, ...]:
    """Give a host that drops all packets: its directory is not read, and the others still list a route to it."""
    lost = Missing(State.UNREACHABLE, "ssh: connect to host: Connection timed out")
    unread = replace(
        files(3, "node3", directory=name),
        symphony_config=lost, nats_config=lost, account_files=lost, stream_directories=lost,
    )  # fmt: skip
    silence = Missing(State.TIMED_OUT, "VARZ")
    return unread, ServerAnswers("", server=silence, routes=silence, routed_as=server)


def test_a_host_that_is_gone_is_one_node_though_the_others_still_have_a_route_to_it() -> None:
    dropped = RouteProbe("node3:6222", Missing(State.TIMED_OUT, "it does not answer a connection"))
    two = [made for name in ("node1", "node2") for made in (files(3, name), answers(3, name))]

    found = cluster(*two, *gone("ssh://op@third/srv", "node3"), dropped)

    assert [(node.name, node.is_up, node.is_down) for node in found.nodes] == [
        ("node1", True, False),
        ("node2", True, False),
        ("srv", False, True),
    ]


def test_a_silent_server_more_than_directories_that_were_not_read_is_one_more_node() -> None:
    two = [made for name in ("node1", "node2") for made in (files(4, name), answers(4, name))]
    silence = Missing(State.TIMED_OUT, "VARZ")

    found = cluster(
        *two,
        *gone("ssh://op@third/srv", "node3"),
        ServerAnswers("", server=silence, routes=silence, routed_as="node4"),
    )

    assert {"node3", "node4"} <= {node.name for node in found.nodes}
