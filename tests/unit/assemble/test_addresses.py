"""Which node is at which route address."""

from __future__ import annotations

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen

from .builder import EVERYTHING, OFFLINE, assembled, configured, files, nodes, probe


def targets(cluster: Cluster) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        node.name: {route.address: route.targets for route in node.configured_routes.get()}
        for node in cluster.nodes
        if isinstance(node.configured_routes, Seen)
    }


def test_by_the_host_that_is_the_nodes_name() -> None:
    """One port on hosts of their own: node2:6222 is node2."""
    found = targets(assembled([files(node) for node in nodes()], OFFLINE))
    assert found["node1"] == {"node2:6222": ("node2",), "node3:6222": ("node3",)}


def test_by_a_domain_name() -> None:
    one, two, three = nodes()
    names = {node.name: (f"{node.name}.example.com", 6222) for node in (one, two, three)}
    cluster = assembled(
        [
            configured(one, [names["node2"], names["node3"]]),
            configured(two, [names["node1"], names["node3"]]),
            configured(three, [names["node1"], names["node2"]]),
        ],
        OFFLINE,
    )
    assert targets(cluster)["node3"] == {
        "node1.example.com:6222": ("node1",),
        "node2.example.com:6222": ("node2",),
    }


def test_by_the_port_where_all_share_a_host() -> None:
    one, two, three = nodes()
    at = {"node1": 6001, "node2": 6002, "node3": 6003}

    def routes(*names: str) -> list[tuple[str, int]]:
        return [("127.0.0.1", at[name]) for name in names]

    cluster = assembled(
        [
            configured(one, routes("node2", "node3"), port=6001),
            configured(two, routes("node1", "node3"), port=6002),
            configured(three, routes("node1", "node2"), port=6003),
        ],
        OFFLINE,
    )
    assert targets(cluster)["node1"] == {"127.0.0.1:6002": ("node2",), "127.0.0.1:6003": ("node3",)}


def test_by_elimination_where_only_numbers_are_written() -> None:
    """Three hosts with one port and no names: each lists the others, so each address is the one it does not list."""
    one, two, three = nodes()
    a, b, c = (("10.0.0.1", 6222), ("10.0.0.2", 6222), ("10.0.0.3", 6222))
    cluster = assembled([configured(one, [b, c]), configured(two, [a, c]), configured(three, [a, b])], OFFLINE)
    assert targets(cluster) == {
        "node1": {"10.0.0.2:6222": ("node2",), "10.0.0.3:6222": ("node3",)},
        "node2": {"10.0.0.1:6222": ("node1",), "10.0.0.3:6222": ("node3",)},
        "node3": {"10.0.0.1:6222": ("node1",), "10.0.0.2:6222": ("node2",)},
    }


def test_by_the_address_that_is_advertised() -> None:
    one, two, three = nodes()
    outside = ("gateway.example.com", 7002)
    cluster = assembled(
        [
            configured(one, [outside, ("node3", 6222)]),
            configured(two, [("node1", 6222), ("node3", 6222)], advertise="gateway.example.com:7002"),
            configured(three, [("node1", 6222), outside]),
        ],
        OFFLINE,
    )
    assert targets(cluster)["node1"]["gateway.example.com:7002"] == ("node2",)


def test_who_answers_is_believed_before_what_is_written() -> None:
    """A name that leads to another node than it says: the one that answers there is the one."""
    cluster = assembled(
        [*(files(node) for node in nodes()), probe("node2:6222", "node3"), probe("node3:6222", "node3")], EVERYTHING
    )
    assert targets(cluster)["node1"]["node2:6222"] == ("node3",)


def test_a_node_that_most_list_and_nobody_gave_is_a_member() -> None:
    one, two, _ = nodes()
    cluster = assembled([files(one), files(two)], OFFLINE)
    assert len(cluster.nodes) == 3
    assert targets(assembled([files(one), files(two), probe("node3:6222", "node3")]))["node1"]["node3:6222"] == (
        "node3",
    )
