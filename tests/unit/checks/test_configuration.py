"""CF001, CF002, CF006: files that can be used, JetStream that is on, an instance that is set up."""

from __future__ import annotations

import json
from pathlib import Path

from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.testing import changed, healthy

from .judging import found, jetstream_of, only, silent
from .trees import Tree


def test_cf001_absent_on_three_nodes(tmp_path: Path) -> None:
    """Three node directories as the product's page lays them out can all be read."""
    assert silent("CF001", Tree(tmp_path).cluster())


def test_cf001_near_miss_comments_and_other_layout(tmp_path: Path) -> None:
    """Comments, JSON-style quotes, semicolons and CR LF line ends are all that the server accepts."""
    tree = Tree(tmp_path)
    tree.edit("node1", "nats.config", lambda text: "# by hand\n// and so\n" + text.replace("\n", "\r\n"))
    tree.replace("node2", "nats.config", 'store_dir: "storage"', '"store_dir" = storage;')
    tree.edit("node3", "symphony.config", lambda text: json.dumps(json.loads(text)))
    assert silent("CF001", tree.cluster())


def test_cf001_near_miss_node_known_from_its_server_alone(tmp_path: Path) -> None:
    """A node whose directory nobody gave has no unreadable file: the rule does not judge it."""
    from symphony_doctor.testing import judge

    cluster = healthy()
    for name in ("symphony_config", "nats_config"):
        cluster = changed(cluster, "node3", **{name: Missing(State.NOT_ASKED, "no --node directory")})
    assert judge("CF001", cluster).findings == ()


def test_cf001_fault_names_the_line(tmp_path: Path) -> None:
    """The first thing that the server does not accept is named with file, line and column."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", "port: 4222", "port: 4222 4223")
    finding = only("CF001", tree.cluster())
    assert finding.nodes == ("node2",)
    assert finding.evidence[0].where.startswith(str(tree.directory("node2") / "nats.config"))
    assert ":2:" in finding.detail


def test_cf001_fault_missing_file(tmp_path: Path) -> None:
    """A directory without one of the two files is a finding, and names the file."""
    tree = Tree(tmp_path)
    (tree.directory("node3") / "symphony.config").unlink()
    finding = only("CF001", tree.cluster())
    assert (finding.subject.name, finding.nodes) == ("node3/symphony.config", ("node3",))


def test_cf002_absent_on_three_nodes() -> None:
    """JetStream is configured and on everywhere."""
    assert silent("CF002", healthy())


def test_cf002_near_miss_one_word_instead_of_a_block(tmp_path: Path) -> None:
    """``jetstream: enabled`` and ``jetstream: true`` turn it on as a block does, and so does an empty block."""
    tree = Tree(tmp_path)
    block = 'jetstream {\n  store_dir: "storage"\n  max_mem: 256MB\n  max_file: 1GB\n}\n'
    for name, written in (
        ("node1", "jetstream: enabled\n"),
        ("node2", "jetstream: true\n"),
        ("node3", "jetstream {}\n"),
    ):
        tree.replace(name, "nats.config", block, written)
    assert silent("CF002", tree.cluster())


def test_cf002_near_miss_enabled_spelled_out(tmp_path: Path) -> None:
    """A block that says ``enabled: yes`` is on."""
    tree = Tree(tmp_path)
    tree.replace("node1", "nats.config", "jetstream {\n", "jetstream {\n  enabled: yes\n")
    assert silent("CF002", tree.cluster())


def test_cf002_fault_turned_off_by_the_server() -> None:
    """The file asks for JetStream, the server that runs has turned it off: the finding says so."""
    cluster = changed(healthy(), "node2", jetstream_enabled=Seen(value=False, where="JSZ"))
    finding = only("CF002", cluster)
    assert "turned it off itself" in finding.detail
    assert finding.nodes == ("node2",)


def test_cf002_fault_taken_out_of_the_file_only() -> None:
    """A server that still has JetStream loses it at its next start: the finding does not say that it is lost."""
    from dataclasses import replace

    cluster = healthy()
    node = cluster.node("node2")
    assert node is not None
    assert isinstance(node.nats_config, Seen)
    config = replace(node.nats_config.value, jetstream=None)
    cluster = changed(
        cluster,
        "node2",
        nats_config=Seen(config, config.path),
        jetstream_enabled=Seen(value=False, where=config.path),
    )
    assert jetstream_of(cluster, "node2").enabled
    assert "until its next start" in only("CF002", cluster).detail


def test_cf006_absent_on_three_nodes(tmp_path: Path) -> None:
    """Every node's configuration holds an identity."""
    assert silent("CF006", Tree(tmp_path).cluster())


def test_cf006_near_miss_identity_under_other_keys(tmp_path: Path) -> None:
    """The identity is recognised by its values: keys of another version of Symphony do not matter."""
    tree = Tree(tmp_path)
    for name in tree.names:
        tree.edit(
            name,
            "symphony.config",
            lambda text: (
                text.replace('"identity"', '"trust"').replace('"operator"', '"root"').replace('"jwt"', '"token"')
            ),
        )
    assert silent("CF006", tree.cluster())


def test_cf006_near_miss_identity_in_one_of_the_two_files(tmp_path: Path) -> None:
    """A node that is set up and keeps its identity in nats.config alone shows no wizard."""
    tree = Tree(tmp_path)
    tree.write("node2", "symphony.config", '{"network": {"uiport": 8282}}')
    assert silent("CF006", tree.cluster())


def test_cf006_fault_names_the_node_to_copy_from(tmp_path: Path) -> None:
    """An instance without any identity is found, and its remedy copies from one that has it."""
    tree = Tree(tmp_path)
    tree.write("node1", "symphony.config", '{"network": {"uiport": 8080}}')
    (tree.directory("node1") / "nats.config").unlink()
    (finding,) = found("CF006", tree.cluster())
    assert finding.nodes == ("node1",)
    assert "node2:symphony.config" in finding.remedies[0].commands[0]
