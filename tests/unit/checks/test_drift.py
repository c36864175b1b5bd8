"""CF008, CF009: what may differ between the nodes' configuration files, and what may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, judge

from .judging import found, only, silent
from .trees import Tree, seen_offline


def edit_json(tree: Tree, node: str, **groups: object) -> None:
    """Set top-level groups of a symphony.config."""

    def change(text: str) -> str:
        return json.dumps({**json.loads(text), **groups}, indent=4)

    tree.edit(node, "symphony.config", change)


def test_cf008_absent_on_three_nodes(tmp_path: Path) -> None:
    """The files are the same on all nodes, UI ports apart."""
    assert silent("CF008", Tree(tmp_path, one_host=True).cluster())


def test_cf008_near_miss_another_ui_port(tmp_path: Path) -> None:
    """network.uiport differs by right, also where one node leaves it, or its whole group, to the default."""
    tree = Tree(tmp_path)
    edit_json(tree, "node1", network={"uiport": 18080})
    edit_json(tree, "node2", network={})
    assert silent("CF008", tree.cluster())


def test_cf008_near_miss_order_and_layout(tmp_path: Path) -> None:
    """Another order of keys, another indentation and escaped characters change no value."""
    tree = Tree(tmp_path)

    def turned_round(text: str) -> str:
        return json.dumps(dict(reversed(json.loads(text).items())), ensure_ascii=True, separators=(",", ":"))

    for name in tree.names:
        tree.replace(name, "symphony.config", "The data orchestration", "Die Datenübersicht, data orchestration")
    tree.edit("node3", "symphony.config", turned_round)
    assert silent("CF008", tree.cluster())


def test_cf008_near_miss_equal_secrets(tmp_path: Path) -> None:
    """Equal secrets have equal fingerprints, whichever file they were read from."""
    tree = Tree(tmp_path)
    for name in tree.names:
        tree.replace(name, "symphony.config", "lab-client-secret-", "another-secret-")
    assert silent("CF008", tree.cluster())


def test_cf008_fault_without_a_majority(tmp_path: Path) -> None:
    """Three nodes with three values: all are named, and no value is called the right one."""
    tree = Tree(tmp_path)
    for name in ("node2", "node3"):
        tree.replace(name, "symphony.config", "login.example.com", f"login.{name}.example.com")
    finding = only("CF008", tree.cluster())
    assert finding.nodes == ("node1", "node2", "node3")
    assert "decide which value of oidc.issuer is right" in finding.remedies[0].title


def test_cf008_fault_one_finding_a_key(tmp_path: Path) -> None:
    """Each key that differs is one finding with the nodes that differ from most."""
    tree = Tree(tmp_path)
    tree.replace("node2", "symphony.config", '"viewer"', '"editor"')
    tree.replace("node2", "symphony.config", '"groups"', '"roles"')
    assert {(finding.subject.name, finding.nodes) for finding in found("CF008", tree.cluster())} == {
        ("symphony.config/rbac.default_role", ("node2",)),
        ("symphony.config/rbac.groups_claim", ("node2",)),
    }


def test_cf009_absent_on_three_nodes(tmp_path: Path) -> None:
    """Ports, server names and the cluster block differ, nothing else."""
    assert silent("CF009", Tree(tmp_path, one_host=True).cluster())


def test_cf009_near_miss_what_the_page_lets_differ(tmp_path: Path) -> None:
    """Host, ports, log and store of each node's own, and monitoring on one node alone, are no drift."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", "port: 4222\n", 'listen: "10.0.0.2:4333"\nhttp: 8222\n')
    tree.replace("node2", "nats.config", "port: 9222", "port: 9333")
    tree.replace("node3", "nats.config", 'logfile: "nats.log"', 'log_file: "/var/log/symphony/nats.log"')
    tree.replace("node3", "nats.config", 'store_dir: "storage"', 'store_dir: "/data/symphony"')
    assert silent("CF009", tree.cluster())


def test_cf009_near_miss_other_spellings_of_one_value(tmp_path: Path) -> None:
    """The same limits and times in other units, and the server's other names of a key, are the same."""
    tree = Tree(tmp_path)
    tree.replace("node1", "nats.config", "max_mem: 256MB", "max_memory_store: 268435456")
    tree.replace("node2", "nats.config", 'interval: "2m"', 'interval: "120s"')
    tree.replace("node2", "nats.config", 'timeout: "1.9s"', 'timeout: "1900ms"')
    tree.replace("node3", "nats.config", "no_tls: true", "no_tls: yes")
    tree.replace("node3", "nats.config", "websocket {", "ws {")
    assert silent("CF009", tree.cluster())


def test_cf009_near_miss_absolute_paths_of_each_node(tmp_path: Path) -> None:
    """The resolver's directory inside each node's own directory is the same place, absolute or relative."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", 'dir: "accounts"', f'dir: "{tree.directory("node2")}/accounts"')
    tree.replace("node3", "nats.config", 'dir: "accounts"', f'dir: "{tree.directory("node3").resolve()}/accounts"')
    assert silent("CF009", tree.cluster())


def test_cf009_near_miss_paths_of_the_machines_they_were_copied_from(tmp_path: Path) -> None:
    """Copied directories name paths of other machines: those that are found inside the copies are compared so."""
    tree = Tree(tmp_path)
    for name in ("node1", "node2"):
        tree.replace(name, "nats.config", 'dir: "accounts"', f'dir: "/srv/{name}/symphony/accounts"')
    assert silent("CF009", tree.cluster())


def test_cf009_near_miss_certificates_of_each_host(tmp_path: Path) -> None:
    """Each host has a certificate of its own, under its own name."""
    tree = Tree(tmp_path)
    for name in tree.names:
        files = f'cert_file: "/etc/ssl/{name}.pem", key_file: "/etc/ssl/{name}.key", ca_file: "/etc/ssl/ca.pem"'
        tree.write(name, "nats.config", tree.read(name, "nats.config") + f"tls {{ {files} }}\n")
    assert silent("CF009", tree.cluster())


def test_cf009_near_miss_order_of_keys_and_preload(tmp_path: Path) -> None:
    """Another order of blocks and of preloaded accounts is the same configuration."""
    tree = Tree(tmp_path)
    system, symphony = (f"  {each.key}: {each.jwt}\n" for each in (tree.identity.system, tree.identity.symphony))
    tree.replace("node2", "nats.config", system + symphony, symphony + system)
    tree.edit("node3", "nats.config", lambda text: text.replace("port: 4222\n", "", 1) + "port: 4222\n")
    assert silent("CF009", tree.cluster())
    assert silent("ID003", tree.cluster())


def test_cf009_near_miss_one_directory_given_twice(tmp_path: Path) -> None:
    """A directory that is given twice, by another path, is one node, and no second one of its name."""
    tree = Tree(tmp_path)
    again = tmp_path / "link"
    again.symlink_to(tree.directory("node1"))
    cluster = seen_offline(
        *(tree.directory(name) for name in tree.names), again, tree.directory("node2") / ".." / "node2"
    )
    assert cluster.size == 3
    assert silent("CF009", cluster)
    assert silent("RT004", cluster)


def test_cf009_fault_certificates_on_one_node_only(tmp_path: Path) -> None:
    """TLS on one node and not on the others is drift, though the files' names are not compared."""
    tree = Tree(tmp_path)
    tree.edit("node2", "nats.config", lambda text: text + 'tls { cert_file: "/a.pem", key_file: "/a.key" }\n')
    assert {finding.nodes for finding in found("CF009", tree.cluster())} == {("node2",)}


def fingerprinted_apart(cluster: Cluster) -> Cluster:
    """Return the snapshot as three bundles give it whose fingerprints were made with three keys."""
    for at, node in enumerate(cluster.nodes):
        config = node.symphony_config.get()
        settings = tuple(
            replace(each, shown=f"secret:0000000{at}") if each.secret else each for each in config.settings
        )
        made = replace(config, settings=settings, fingerprints=f"key{at}")
        cluster = changed(cluster, node.name, symphony_config=Seen(made, config.path))
    return cluster


def test_cf008_near_miss_fingerprints_of_several_keys(tmp_path: Path) -> None:
    """Fingerprints made with different keys differ by right: that the secrets were not compared is said."""
    result = judge("CF008", fingerprinted_apart(Tree(tmp_path).cluster())).result
    assert result.status is Status.SKIPPED
    assert result.unproven
    assert "its secrets cannot be compared" in result.reason


def test_cf008_fault_beside_fingerprints_of_several_keys(tmp_path: Path) -> None:
    """What is no secret is compared all the same."""
    tree = Tree(tmp_path)
    tree.replace("node2", "symphony.config", '"viewer"', '"editor"')
    finding = only("CF008", fingerprinted_apart(tree.cluster()))
    assert (finding.subject.name, finding.nodes) == ("symphony.config/rbac.default_role", ("node2",))
