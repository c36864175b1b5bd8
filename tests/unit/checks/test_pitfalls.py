"""Values of nats.config that the server reads other than they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.api import Cluster, ConfigPitfall, Seen
from symphony_doctor.formats.nats_config import Pitfall, parse, pitfalls
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, healthy, judge

ACCEPTED = Path(__file__).parents[3] / "fixtures" / "nats-config" / "accepted"


def read(text: str) -> tuple[Pitfall, ...]:
    def no_include(_including: str, _written: str) -> bytes:
        raise OSError("none")

    return pitfalls(parse(text.encode(), "nats.config", read_include=no_include, environment={}))


def keys(text: str) -> list[str]:
    return [".".join(each.path) for each in read(text)]


@pytest.mark.parametrize(
    ("text", "written", "said"),
    [
        ("max_payload: 1m", "1m", "1,000,000, not 1,048,576"),
        ("jetstream { max_file: 1G }", "1G", "1,000,000,000, not 1,073,741,824"),
        ("write_deadline: 2m", "2m", "2,000,000 seconds"),
        ("cluster { name: c, ping_interval: 2m }\nserver_name: a", "2m", "2,000,000 seconds"),
        (
            "port: 1\nport: 2",
            "port in line 1, port in line 2",
            "the last one alone: it replaces the whole of the others",
        ),
        (
            "port: 1\nPORT: 2",
            "port in line 1, PORT in line 2",
            "one of them, by chance: the server folds the case of keys",
        ),
        (
            'resolver { type: full, dir: a, Interval: "2m" }',
            "Interval",
            "nothing: the server ignores keys of the resolver that it does not know",
        ),
    ],
)
def test_each_pitfall(text: str, written: str, said: str) -> None:
    (found,) = read(text)
    assert (found.written, found.read) == (written, said)


@pytest.mark.parametrize(
    "text",
    [
        "max_payload: 1MB",
        "max_payload: 1048576",
        'max_payload: "1m"',
        "jetstream { max_file: 10GiB }",
        'jetstream { max_file: "10G" }',
        'write_deadline: "2m"',
        "cluster { name: c, routes: [ a:1, b:2 ] }\nserver_name: n",
        "port: 4222\nwebsocket { port: 9222 }",
        'resolver { type: full, dir: a, interval: "2m", timeout: "1.9s", allow_delete: true }',
        "server_name: n\n$A: 1",
        "accounts { a: {}, A: {} }",
    ],
)
def test_cf010_near_miss_as_it_is_meant(text: str) -> None:
    """Sizes in units of 1024, times in quotes, and keys that are alike in different places are no pitfalls."""
    assert keys(text) == []


@pytest.mark.parametrize("name", ["page-node1", "page-node2", "page-same-host", "page-resolver"])
def test_cf010_near_miss_the_product_page(name: str) -> None:
    """What the product's page shows has no pitfall but the name that a fragment leaves out."""
    assert set(keys((ACCEPTED / f"{name}.conf").read_text())) <= {"server_name"}


@pytest.mark.parametrize("path", sorted(ACCEPTED.glob("*.conf")), ids=lambda path: path.stem)
def test_every_file_of_the_corpus_can_be_looked_at(path: Path) -> None:
    def included(including: str, written: str) -> bytes:
        return (Path(including).parent / written).read_bytes()

    tree = parse(path.read_bytes(), str(path), read_include=included, environment={"PORT": "4222"})
    assert all(found.read for found in pitfalls(tree))


def test_a_name_is_needed_in_a_cluster_alone() -> None:
    assert keys("port: 4222") == []
    assert keys("cluster { name: c }") == ["server_name"]


def test_no_value_is_shown_but_numbers() -> None:
    text = "authorization { password: first-secret, password: second-secret }"
    (found,) = read(text)
    assert "secret" not in repr(found)


def with_pitfall(cluster: Cluster, *names: str) -> Cluster:
    pitfall = ConfigPitfall("max_payload", "nats.config:4:14", "1m", "1,000,000, not 1,048,576", "write 1MB")
    for name in names:
        node = cluster.node(name)
        assert node is not None
        config = replace(node.nats_config.get(), pitfalls=(pitfall,))
        cluster = changed(cluster, name, nats_config=Seen(config, "nats.config"))
    return cluster


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_cf010_absent(nodes: int) -> None:
    """Every value is read as it is written."""
    assert judge("CF010", healthy(nodes)).result.status is Status.PASSED


def test_cf010_one_finding_for_all_nodes_that_have_it() -> None:
    (finding,) = judge("CF010", with_pitfall(healthy(), "node1", "node3")).findings
    assert (finding.subject.name, finding.nodes) == ("nats.config/max_payload", ("node1", "node3"))
