"""ID001 to ID004: one identity for all nodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.formats import jwt_make
from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed
from symphony_doctor.lab.identity import create_identity
from symphony_doctor.lab.layout import write_node
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.identity import OperatorIdentity, Preloaded
from symphony_doctor.testing import NOW, OPERATOR, SYMPHONY, SYSTEM, changed, healthy, judge, token

from .judging import only, silent, skipped
from .trees import Tree


def operator(letter: str) -> Seen[OperatorIdentity]:
    key = "O" + letter * 55
    return Seen(OperatorIdentity((key,), (token("operator", key, key, name=f"operator {letter}"),)), "VARZ")


def wizard(cluster: Cluster, node: str, letter: str, *, streams: int | None = None) -> Cluster:
    """Give a node identities of its own, and so many stream directories."""
    system, symphony = "A" + letter * 55, "A" + letter * 54 + "Q"
    preload = tuple(
        Preloaded(key, token("account", key, "O" + letter * 55), "nats.config") for key in (system, symphony)
    )
    cluster = changed(
        cluster,
        node,
        operator=operator(letter),
        system_account=Seen(system, "VARZ"),
        preload=Seen(preload, "nats.config"),
    )
    if streams is not None:
        there = cluster.node(node)
        assert there is not None
        assert isinstance(there.stream_directories, Seen)
        cluster = changed(cluster, node, stream_directories=Seen(there.stream_directories.value[:streams], "storage"))
    return cluster


def test_id001_absent_on_three_nodes() -> None:
    """All servers trust the same operator."""
    assert silent("ID001", healthy())


def test_id001_near_miss_operator_issued_again_on_one_node() -> None:
    """The same operator with another JWT, issued later and with more signing keys, is the same trust root."""
    again = token("operator", OPERATOR, OPERATOR, issued_at=int(NOW), signing_keys=("O" + "X" * 55,), digest="f" * 64)
    cluster = changed(healthy(), "node2", operator=Seen(OperatorIdentity((OPERATOR,), (again,)), "VARZ"))
    assert silent("ID001", cluster)


def test_id001_near_miss_operator_in_a_file(tmp_path: Path) -> None:
    """The operator's JWT in a file of its own on one node and in nats.config on the others."""
    tree = Tree(tmp_path)
    tree.write("node2", "operator.jwt", tree.identity.operator_jwt + "\n")
    tree.replace("node2", "nats.config", tree.identity.operator_jwt, "operator.jwt")
    for code in ("ID001", "ID004", "ID005", "CF009"):
        assert silent(code, tree.cluster())


def test_id001_near_miss_operator_file_left_behind(tmp_path: Path) -> None:
    """A copied directory without the operator's file leaves that node's operator unknown, not another one."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", tree.identity.operator_jwt, "/etc/nats/operator.jwt")
    assert "the operator file /etc/nats/operator.jwt was not found" in skipped("ID001", tree.cluster())
    assert skipped("ID005", tree.cluster())


def test_id001_fault_two_against_two() -> None:
    """Where no operator has the majority, all nodes are named and none is called right."""
    cluster = healthy(4)
    for node in ("node3", "node4"):
        cluster = changed(cluster, node, operator=operator("X"))
    finding = only("ID001", cluster)
    assert finding.nodes == ("node1", "node2", "node3", "node4")
    assert {entry.expected for entry in finding.evidence} == {"the same on all nodes"}


def test_id002_absent_on_three_nodes() -> None:
    """All servers have the same system account."""
    assert silent("ID002", healthy())


def test_id002_near_miss_named_by_the_operator_alone(tmp_path: Path) -> None:
    """A node whose nats.config leaves the system account to the operator's JWT has the same one."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", f"system_account: {tree.identity.system.key}\n", "")
    tree.replace("node3", "nats.config", "system_account:", "system:")
    assert silent("ID002", tree.cluster())


def test_id002_fault_one_node_of_five() -> None:
    """One node with another system account is named alone."""
    finding = only("ID002", changed(healthy(5), "node4", system_account=Seen("A" + "X" * 55, "VARZ")))
    assert finding.nodes == ("node4",)


def test_id003_absent_on_three_nodes() -> None:
    """All nodes preload the same JWTs."""
    assert silent("ID003", healthy())


def test_id003_near_miss_quotes_and_order(tmp_path: Path) -> None:
    """The same JWTs in quotes and in another order are the same preload."""
    tree = Tree(tmp_path)
    system, symphony = tree.identity.system, tree.identity.symphony
    tree.replace(
        "node2",
        "nats.config",
        f"  {system.key}: {system.jwt}\n  {symphony.key}: {symphony.jwt}\n",
        f'  "{symphony.key}" = "{symphony.jwt}"\n  {system.key}: {system.jwt}\n',
    )
    assert silent("ID003", tree.cluster())


def test_id003_near_miss_resolver_holds_a_newer_jwt() -> None:
    """An account issued again is in every resolver and not in resolver_preload: that is how servers keep it."""
    from symphony_doctor.model.accounts import AccountFile

    cluster = healthy()
    newer = token("account", SYMPHONY, OPERATOR, issued_at=int(NOW) - 60, digest="e" * 64)
    for node in cluster.nodes:
        assert isinstance(node.account_files, Seen)
        files = tuple(
            replace(file, token=newer) if file.account == SYMPHONY else file for file in node.account_files.value
        )
        assert all(isinstance(file, AccountFile) for file in files)
        cluster = changed(cluster, node.name, account_files=Seen(files, node.account_files.where))
    for code in ("ID003", "AC002", "AC003"):
        assert silent(code, cluster)


def test_id003_fault_an_account_missing_on_one_node() -> None:
    """A node that preloads the system account alone is named."""
    cluster = healthy()
    only_system = (Preloaded(SYSTEM, token("account", SYSTEM, OPERATOR), "nats.config:20:3"),)
    finding = only("ID003", changed(cluster, "node3", preload=Seen(only_system, "nats.config")))
    assert finding.nodes == ("node3",)


def test_id004_absent_on_three_nodes() -> None:
    """All nodes have one identity."""
    assert silent("ID004", healthy())


def test_id004_near_miss_operator_differs_alone() -> None:
    """A node that shares the system account and the preload was not set up by a wizard of its own: ID001 says so."""
    assert silent("ID004", changed(healthy(), "node2", operator=operator("X")))


def test_id004_near_miss_a_node_that_cannot_be_read() -> None:
    """A node whose identity is not known has no other one: the rule is skipped and says for which node."""
    lost = Missing(State.DENIED, "permission denied")
    cluster = changed(healthy(), "node3", operator=lost, system_account=lost)
    assert skipped("ID004", cluster) == "node3: permission denied"


def test_id004_fault_copies_from_the_majority() -> None:
    """Two nodes of one identity are kept though the third one holds as many streams."""
    finding = only("ID004", wizard(healthy(), "node1", "X"))
    assert finding.nodes == ("node1",)
    assert "Copy from node2: most nodes have its identity" in finding.detail


@pytest.mark.parametrize(("held", "kept"), [((2, 5), "node2"), ((5, 2), "node1")])
def test_id004_fault_one_against_one_is_decided_by_the_data(held: tuple[int, int], kept: str) -> None:
    """Of two nodes with two identities the one with more streams is kept."""
    cluster = wizard(wizard(healthy(2), "node1", "X", streams=held[0]), "node2", "Y", streams=held[1])
    finding = only("ID004", cluster)
    assert f"Copy from {kept}: no identity has a majority, and it holds the most data" in finding.detail


def test_id004_fault_two_against_two_is_decided_by_the_data() -> None:
    """Of two halves the one with the fullest node is kept, not the first one."""
    cluster = healthy(4)
    for node, letter, streams in (("node1", "X", 1), ("node2", "X", 2), ("node3", "Y", 3), ("node4", "Y", 1)):
        cluster = wizard(cluster, node, letter, streams=streams)
    finding = only("ID004", cluster)
    assert finding.nodes == ("node1", "node2")
    assert "Copy from node3" in finding.detail


def test_id004_fault_a_pair_without_data_is_not_kept() -> None:
    """Two of five nodes that agree and hold nothing do not outvote the one with the data."""
    cluster = healthy(5)
    for node, letter, streams in (
        ("node1", "X", 0), ("node2", "X", 0), ("node3", "Y", 4), ("node4", "Z", 0), ("node5", "V", 0),
    ):  # fmt: skip
        cluster = wizard(cluster, node, letter, streams=streams)
    finding = only("ID004", cluster)
    assert "Copy from node3" in finding.detail
    assert finding.nodes == ("node1", "node2", "node4", "node5")


def test_id004_fault_equal_halves_leave_the_choice_to_the_operator() -> None:
    """Two identities with as much data each: the finding says that it cannot choose."""
    cluster = wizard(wizard(healthy(2), "node1", "X", streams=3), "node2", "Y", streams=3)
    assert "choose with care" in only("ID004", cluster).detail


def test_id004_fault_in_the_files(tmp_path: Path) -> None:
    """The wizard run again on node3, seen from the directories alone."""
    tree = Tree(tmp_path)
    write_node(tree.directory("node3"), tree.addresses[2], tree.addresses, create_identity())
    finding = only("ID004", tree.cluster())
    assert finding.nodes == ("node3",)
    assert judge("ID001", tree.cluster()).findings


def test_id002_near_miss_signing_keys_and_strict_operator(tmp_path: Path) -> None:
    """An operator that demands its signing keys, with all accounts signed by them, is one healthy identity."""
    tree = Tree(tmp_path)
    own = tree.identity
    claims = jwt_make.operator_claims(
        public_of_seed(own.operator_seed),
        "symphony",
        system_account=own.system.key,
        signing_keys=[public_of_seed(own.operator_signing_seed), public_of_seed(create_seed(Kind.OPERATOR))],
    )
    claims["nats"]["strict_signing_key_usage"] = True
    operator_jwt = jwt_make.encode(claims, own.operator_seed, issued_at=int(NOW) - 60)
    signed = {
        each.jwt: jwt_make.encode(
            jwt_make.account_claims(each.key, each.name, jetstream=jwt_make.UNLIMITED_JETSTREAM),
            own.operator_signing_seed,
            issued_at=int(NOW) - 60,
        )
        for each in (own.system, own.symphony, tree.user)
    }
    for name in tree.names:
        for file in ("nats.config", "symphony.config"):
            tree.replace(name, file, own.operator_jwt, operator_jwt)
        tree.edit(name, "nats.config", lambda text: text.replace(own.system.jwt, signed[own.system.jwt]))
        tree.edit(name, "nats.config", lambda text: text.replace(own.symphony.jwt, signed[own.symphony.jwt]))
        for each in (own.system, own.symphony, tree.user):
            tree.write(name, f"accounts/{each.key}.jwt", signed[each.jwt])
    for code in ("ID001", "ID002", "ID003", "ID005", "AC002", "AC003"):
        assert silent(code, tree.cluster())
