"""RT007 on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Certificate, Cluster, Missing, RouteGreeting, Seen, Severity, State
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, changed, healthy, judge

DAY = 86_400.0


def certificate(*names: str, days: float = 300, digest: str = "d" * 64) -> Certificate:
    return Certificate("CN=node", "CN=authority", names, NOW - 10 * DAY, NOW + days * DAY, digest)


def encrypted(cluster: Cluster, shown: dict[str, Certificate]) -> Cluster:
    """Turn TLS on everywhere: ``shown`` is the certificate of each node's routes."""
    for node in cluster.nodes:
        assert isinstance(node.configured_routes, Seen)
        routes = tuple(
            replace(
                route,
                probe=Seen(RouteGreeting("", "", "", tls=True), route.address),
                certificate=Seen(shown[route.targets[0]], route.address),
            )
            for route in node.configured_routes.value
        )
        cluster = changed(
            cluster,
            node.name,
            route_tls=Seen(value=True, where="VARZ"),
            configured_routes=Seen(routes, node.configured_routes.where),
        )
    return cluster


def with_tls(**changes: Certificate) -> Cluster:
    cluster = healthy(3)
    shown = {node.name: certificate(node.name, digest=node.name) for node in cluster.nodes}
    return encrypted(cluster, {**shown, **changes})


def renamed(cluster: Cluster, host: str) -> Cluster:
    """Write another host in every route to node2."""
    for node in cluster.nodes:
        assert isinstance(node.configured_routes, Seen)
        routes = tuple(
            replace(route, address=f"{host}:6222") if route.targets == ("node2",) else route
            for route in node.configured_routes.value
        )
        cluster = changed(cluster, node.name, configured_routes=Seen(routes, "nats.config"))
    return cluster


def found(cluster: Cluster) -> list[tuple[str, tuple[str, ...]]]:
    outcome = judge("RT007", cluster)
    assert outcome.result.status in {Status.PASSED, Status.FAILED}, outcome.result.reason
    return [(finding.subject.name, finding.nodes) for finding in outcome.findings]


def test_rt007_absent_no_tls() -> None:
    """No node has TLS."""
    assert found(healthy(3)) == []


def test_rt007_absent_tls_everywhere() -> None:
    """All nodes have TLS, and certificates for the hosts in the routes."""
    assert found(with_tls()) == []


def test_rt007_fault_one_side_only() -> None:
    """One node of three has no TLS on its routes."""
    assert found(changed(healthy(3), "node2", route_tls=Seen(value=True, where="VARZ"))) == [("route TLS", ("node2",))]


def test_rt007_fault_half_of_two_nodes() -> None:
    """One of two nodes has TLS: neither is the odd one."""
    cluster = changed(healthy(2), "node1", route_tls=Seen(value=True, where="VARZ"))
    assert found(cluster) == [("route TLS", ("node1", "node2"))]


def test_rt007_fault_wrong_host() -> None:
    """The certificate of one node is for another host than the routes to it name."""
    cluster = with_tls(node2=certificate("other", digest="node2"))
    assert found(cluster) == [("node2:6222", ("node2",))]
    finding = judge("RT007", cluster).findings[0]
    assert [entry.source for entry in finding.evidence] == ["node1", "node3"]


def test_rt007_fault_common_name_only() -> None:
    """A certificate without alternative names: its common name counts for nothing."""
    assert found(with_tls(node2=certificate(digest="node2"))) == [("node2:6222", ("node2",))]


@pytest.mark.parametrize("days", [-1, 400])
def test_rt007_fault_out_of_time(days: int) -> None:
    """The certificate of one node's routes has expired, or is not valid yet."""
    late = replace(certificate("node2", digest="node2"), not_before=NOW - DAY * 90, not_after=NOW - DAY)
    early = replace(late, not_before=NOW + DAY, not_after=NOW + 400 * DAY)
    cluster = with_tls(node2=late if days < 0 else early)
    assert found(cluster) == [("node2", ("node2",))]
    assert judge("RT007", cluster).findings[0].subject.kind == "certificate"


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("node2.example.com", ("*.example.com",)),
        ("NODE2.example.com", ("node2.EXAMPLE.com",)),
        ("10.0.0.2", ("node2", "10.0.0.2")),
        ("node2", ("node1", "node2", "node3")),
    ],
)
def test_rt007_near_miss_valid_names(host: str, names: tuple[str, ...]) -> None:
    """Wildcards, upper case, addresses and certificates for several hosts are valid."""
    assert found(renamed(with_tls(node2=certificate(*names, digest="node2")), host)) == []


@pytest.mark.parametrize("host", ["node2.east.example.com", "example.com"])
def test_rt007_fault_wildcard_of_another_level(host: str) -> None:
    """An asterisk stands for one label: not for two, and not for none."""
    cluster = renamed(with_tls(node2=certificate("*.example.com", digest="node2")), host)
    assert found(cluster) == [(f"{host}:6222", ("node2",))]


def test_rt007_near_miss_address_beside_a_name() -> None:
    """For a route by IP address a server accepts the first host name of its other routes."""
    cluster = renamed(with_tls(), "10.0.0.2")
    shared = certificate("node1", "node3", digest="shared")
    assert found(encrypted(cluster, dict.fromkeys(("node1", "node2", "node3"), shared))) == []


def test_rt007_near_miss_soon_is_not_now() -> None:
    """A certificate that ends tomorrow breaks no route today: SV003 warns of it."""
    assert found(with_tls(node2=certificate("node2", days=1, digest="node2"))) == []


def test_rt007_near_miss_another_clusters_plain_port() -> None:
    """Where no node has TLS, a certificate that was not looked at is no gap."""
    cluster = healthy(3)
    node = cluster.nodes[0]
    assert isinstance(node.configured_routes, Seen)
    routes = tuple(
        replace(route, certificate=Missing(State.NOT_ASKED, "no network")) for route in node.configured_routes.value
    )
    assert judge("RT007", changed(cluster, "node1", configured_routes=Seen(routes, ""))).result.status is Status.PASSED


def test_rt007_skipped_where_a_certificate_could_not_be_seen() -> None:
    """With TLS on, routes that could not be dialled prove nothing."""
    cluster = with_tls()
    node = cluster.nodes[0]
    assert isinstance(node.configured_routes, Seen)
    lost = Missing(State.TIMED_OUT, "does not answer")
    routes = tuple(replace(route, certificate=lost) for route in node.configured_routes.value)
    outcome = judge("RT007", changed(cluster, "node1", configured_routes=Seen(routes, "")))
    assert (outcome.result.status, outcome.result.unproven) == (Status.SKIPPED, True)


def test_rt007_severity() -> None:
    """It is an error, whichever side it is."""
    outcome = judge("RT007", changed(healthy(3), "node2", route_tls=Seen(value=True, where="VARZ")))
    assert [finding.severity or outcome.check.severity for finding in outcome.findings] == [Severity.ERROR]
