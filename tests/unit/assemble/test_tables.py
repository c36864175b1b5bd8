"""What follows from all nodes together."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.policy import SYSTEM_BUCKETS
from symphony_doctor.testing import NOW, OPERATOR, SYMPHONY, USER, token

from .builder import OFFLINE, answers, assembled, files, nodes


def test_the_name_that_most_nodes_have() -> None:
    one, two, three = nodes()
    other = Seen(replace(three.server.get(), cluster_name="other"), "VARZ")
    assert assembled([answers(one), answers(two), answers(three, server=other)]).name == "c"


def test_a_stream_is_as_its_leader_says() -> None:
    """Followers report each other as not current: only the leader's view is true."""
    observations = []
    for node in nodes():
        jetstream = node.jetstream.get()
        streams = tuple(
            stream
            if stream.leader == node.name
            else replace(stream, replicas=tuple(replace(each, current=False, active=0.0) for each in stream.replicas))
            for stream in jetstream.streams
        )
        observations.append(answers(node, jetstream=Seen(replace(jetstream, streams=streams), "JSZ")))
    cluster = assembled(observations)
    replicated = [stream for stream in cluster.streams if stream.config.num_replicas > 1]
    assert len(replicated) == len(SYSTEM_BUCKETS) + 1
    for stream in replicated:
        assert stream.by_leader
        assert stream.state is not None
        assert all(replica.current for replica in stream.state.replicas)


def test_where_a_stream_is() -> None:
    """Servers that list it and nodes that hold its directory are told apart."""
    one, two, three = nodes()
    fewer = Seen(two.stream_directories.get()[1:], "/node2/storage")
    gone = two.stream_directories.get()[0]
    held = [files(one), files(two, stream_directories=fewer), files(three)]
    cluster = assembled([*held, *(answers(each) for each in nodes())])
    stream = next(each for each in cluster.streams if (each.account, each.name) == (gone.account, gone.name))
    assert stream.listed_by == {"node1", "node2", "node3"}
    assert stream.directories == {"node1", "node3"}


def test_the_owner_of_the_system_buckets_is_the_symphony_account() -> None:
    """Mirrors of the buckets in users' accounts do not make those accounts owners."""
    assert assembled([answers(node) for node in nodes()]).symphony_account == SYMPHONY
    assert assembled([files(node) for node in nodes()], OFFLINE).symphony_account == SYMPHONY


def test_the_preloaded_account_where_there_is_no_bucket_yet() -> None:
    empty = Seen((), "/storage")
    cluster = assembled([files(node, stream_directories=empty) for node in nodes()], OFFLINE)
    assert cluster.symphony_account == SYMPHONY


def test_the_newest_jwt_of_an_account_names_it() -> None:
    one, two, _ = nodes()
    renamed = token("account", USER, OPERATOR, name="renamed", issued_at=int(NOW))
    newer = tuple(replace(file, token=renamed) if file.account == USER else file for file in two.account_files.get())
    cluster = assembled([files(one), files(two, account_files=Seen(newer, "/node2/accounts"))], OFFLINE)
    assert {account.key: account.name for account in cluster.accounts}[USER] == "renamed"
