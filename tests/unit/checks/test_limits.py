"""Rules on JetStream's limits, the resolver's block and ports, on snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from symphony_doctor.api import Cluster, NatsConfig, Seen, Severity
from symphony_doctor.model.cluster import ConfiguredRoute
from symphony_doctor.model.configuration import Listen, ResolverBlock, RouteAddress
from symphony_doctor.model.evidence import NOT_ASKED
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, healthy, judge


def config_of(cluster: Cluster, name: str) -> NatsConfig:
    node = cluster.node(name)
    assert node is not None
    return node.nats_config.get()


def with_config(cluster: Cluster, name: str, /, **fields: Any) -> Cluster:  # noqa: ANN401 - fields of many types
    return changed(cluster, name, nats_config=Seen(replace(config_of(cluster, name), **fields), "nats.config"))


def with_limits(cluster: Cluster, name: str, **limits: int | None) -> Cluster:
    block = config_of(cluster, name).jetstream
    assert block is not None
    return with_config(cluster, name, jetstream=replace(block, **limits))  # type: ignore[arg-type]


def with_live(cluster: Cluster, name: str, **numbers: int) -> Cluster:
    node = cluster.node(name)
    assert node is not None
    return changed(cluster, name, jetstream=Seen(replace(node.jetstream.get(), **numbers), "JSZ"))  # type: ignore[arg-type]


def found(code: str, cluster: Cluster) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.subject.name, each.nodes) for each in judge(code, cluster).findings]


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_cf003_absent(nodes: int) -> None:
    """Both limits are set, the same on all nodes and above what is stored."""
    assert judge("CF003", healthy(nodes)).result.status is Status.PASSED


def test_cf003_near_miss_jetstream_is_off() -> None:
    """A node whose JetStream is off has no limits to compare: that is another rule's."""
    assert found("CF003", with_config(healthy(), "node2", jetstream=None)) == []


def test_cf003_near_miss_stored_just_below_the_limit() -> None:
    """What is stored may reach the limit; only beyond it the limit is too small."""
    cluster = with_live(healthy(), "node2", storage=2**30, reserved_storage=2**30)
    assert found("CF003", cluster) == []


def test_cf003_says_which_limit_is_not_set() -> None:
    cluster = with_limits(healthy(), "node3", max_memory=None)
    assert found("CF003", cluster) == [("nats.config/jetstream.max_mem", ("node3",))]


def test_cf003_says_which_node_differs() -> None:
    cluster = with_limits(healthy(), "node1", max_file=2**29)
    assert found("CF003", cluster) == [("nats.config/jetstream.max_file", ("node1",))]


@pytest.mark.parametrize("numbers", [{"storage": 2**30 + 1}, {"reserved_storage": 2**31}, {"max_storage": 0}])
def test_cf003_smaller_than_what_is_stored(numbers: dict[str, int]) -> None:
    cluster = with_live(healthy(), "node2", **numbers)
    assert found("CF003", cluster) == [("nats.config/jetstream.max_file of node2", ("node2",))]


def test_cf003_one_finding_for_a_small_limit_that_is_no_other_nodes() -> None:
    cluster = with_limits(with_live(healthy(), "node2", max_storage=1, storage=2), "node2", max_file=1)
    assert found("CF003", cluster) == [("nats.config/jetstream.max_file of node2", ("node2",))]


def test_cf004_absent() -> None:
    """Every resolver is a full one with a directory."""
    assert judge("CF004", healthy()).result.status is Status.PASSED


def test_cf004_near_miss_no_operator() -> None:
    """A file without an operator needs no resolver: what it lacks is the setup."""
    assert found("CF004", with_config(healthy(), "node2", resolver=None, operators=())) == []


@pytest.mark.parametrize(
    "resolver",
    [None, ResolverBlock("memory", None, None, "n:1:1"), ResolverBlock("full", None, 120.0, "n:1:1")],
    ids=["none", "memory", "no directory"],
)
def test_cf004_other_resolvers(resolver: ResolverBlock | None) -> None:
    cluster = with_config(healthy(), "node2", resolver=resolver)
    assert found("CF004", cluster) == [("nats.config/resolver of node2", ("node2",))]


def with_interval(cluster: Cluster, name: str, interval: float | None) -> Cluster:
    block = config_of(cluster, name).resolver
    assert block is not None
    return with_config(cluster, name, resolver=replace(block, interval=interval))


def test_cf005_absent() -> None:
    """The interval is 2 minutes on all nodes."""
    assert judge("CF005", healthy()).result.status is Status.PASSED


def test_cf005_near_miss_default_on_all_nodes() -> None:
    """An interval that no node sets is the server's default of 1 minute, the same on all."""
    cluster = healthy()
    for name in ("node1", "node2", "node3"):
        cluster = with_interval(cluster, name, None)
    assert judge("CF005", cluster).result.status is Status.PASSED


def test_cf005_default_on_one_node_differs() -> None:
    (finding,) = judge("CF005", with_interval(healthy(), "node1", None)).findings
    assert (finding.nodes, finding.evidence[0].actual) == (("node1",), "1m")


def local(cluster: Cluster) -> Cluster:
    """Put all nodes of a snapshot on one host, each with ports of its own."""
    for at, node in enumerate(cluster.nodes):
        config = config_of(cluster, node.name)
        assert config.cluster is not None
        routes = tuple(RouteAddress("localhost", 6222 + other, "n:9:5") for other in range(cluster.size) if other != at)
        block = replace(config.cluster, listen=Listen(None, 6222 + at, "n:8:3"), routes=routes)
        cluster = with_config(
            cluster,
            node.name,
            client=Listen(None, 4222 + at, "n:2:1"),
            websocket=Listen(None, 9222 + at, "n:3:1"),
            cluster=block,
        )
    return cluster


def test_cf007_absent() -> None:
    """All nodes are on one host, and every port is of one node alone."""
    assert judge("CF007", local(healthy())).result.status is Status.PASSED


def test_cf007_near_miss_same_ports_on_different_hosts() -> None:
    """Nodes on servers of their own may all have the same ports."""
    assert judge("CF007", healthy(5)).result.status is Status.PASSED


def test_cf007_near_miss_clients_on_loopback_of_different_hosts() -> None:
    """Two servers that take clients from their own machine alone share no host."""
    cluster = healthy()
    for name in ("node1", "node2"):
        cluster = with_config(cluster, name, client=Listen("127.0.0.1", 4222, "n:2:1"))
    assert judge("CF007", cluster).result.status is Status.PASSED


def test_cf007_near_miss_different_addresses_of_one_host() -> None:
    """One host has several addresses: the same port on two of them is no clash."""
    cluster = local(healthy())
    for name, host in (("node1", "127.0.0.1"), ("node2", "127.0.0.2")):
        cluster = with_config(cluster, name, client=Listen(host, 4222, "n:2:1"))
    assert judge("CF007", cluster).result.status is Status.PASSED


@pytest.mark.parametrize(
    ("field", "port"), [("client", 4222), ("websocket", 9222), ("client", 9224), ("websocket", 6222)]
)
def test_cf007_ports_of_one_host(field: str, port: int) -> None:
    cluster = with_config(local(healthy()), "node2", **{field: Listen(None, port, "n:2:1")})
    (finding,) = judge("CF007", cluster).findings
    assert finding.subject.name == f"port {port}"
    assert "node2" in finding.nodes


def test_cf007_ui_ports_of_one_host() -> None:
    cluster = local(healthy())
    node = cluster.node("node2")
    assert node is not None
    config = replace(node.symphony_config.get(), ui_port=None)
    cluster = changed(cluster, "node2", symphony_config=Seen(config, "symphony.config"))
    assert found("CF007", cluster) == [("port 8080", ("node1", "node2"))]


def test_cf007_routes_that_lead_to_two_nodes_at_one_host() -> None:
    """node1 finds node2 and node3 at one host name: their client ports must differ."""
    cluster = healthy()
    routes = tuple(
        ConfiguredRoute(f"big.example.com:{port}", "n:9:5", (name,), NOT_ASKED)
        for name, port in (("node2", 6222), ("node3", 6223))
    )
    cluster = changed(cluster, "node1", configured_routes=Seen(routes, "nats.config"))
    assert {nodes for _, nodes in found("CF007", cluster)} == {("node2", "node3")}


def test_limits_are_warnings_and_ports_are_errors() -> None:
    cluster = with_config(local(healthy()), "node2", client=Listen(None, 4222, "n:2:1"))
    assert judge("CF007", cluster).check.severity is Severity.ERROR
    assert judge("CF003", cluster).check.severity is Severity.WARNING
