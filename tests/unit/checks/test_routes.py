"""RT001 to RT006: routes as configured and as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.model.cluster import Cluster, ConfiguredRoute, Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.server import Route, RouteGreeting, Running
from symphony_doctor.sources.observation import NodeFiles, RouteProbe
from symphony_doctor.testing import changed, healthy, judge

from .judging import found, only, silent
from .trees import Tree, observed

REFUSED = Missing(State.UNREACHABLE, "connection refused")


def node_of(cluster: Cluster, name: str) -> Node:
    node = cluster.node(name)
    assert node is not None
    return node


def routes_of(cluster: Cluster, name: str) -> tuple[ConfiguredRoute, ...]:
    evidence = node_of(cluster, name).configured_routes
    assert isinstance(evidence, Seen)
    return evidence.value


def with_routes(cluster: Cluster, name: str, *routes: ConfiguredRoute) -> Cluster:
    return changed(cluster, name, configured_routes=Seen(routes, "nats.config"))


def unlinked(cluster: Cluster, one: str, two: str) -> Cluster:
    """Take the connections between two servers away."""
    for name, far in ((one, two), (two, one)):
        evidence = node_of(cluster, name).routes
        assert isinstance(evidence, Seen)
        left = tuple(route for route in evidence.value if route.remote_name != far)
        cluster = changed(cluster, name, routes=Seen(left, "ROUTEZ"))
    return cluster


def probed(tree: Tree, answering: dict[str, str], refused: tuple[str, ...] = ()) -> Cluster:
    """Return the snapshot of a tree's files with what answers at some of the route addresses."""
    probes: list[NodeFiles | RouteProbe] = [
        RouteProbe(address, Seen(RouteGreeting(name, f"N{name}", "symphony-cluster"), address))
        for address, name in answering.items()
    ]
    probes += [RouteProbe(address, REFUSED) for address in refused]
    return assemble([*observed(*map(tree.directory, tree.names)), *probes], 0.0, Scope(credentials=False))


def test_rt001_absent_on_three_nodes() -> None:
    """All nodes have one cluster name."""
    assert silent("RT001", healthy())


def test_rt001_near_miss_one_node_alone() -> None:
    """A single node without a cluster block is in no cluster, and needs none."""
    cluster = changed(healthy(1), "node1", cluster_name=Missing(State.ABSENT, "the server is in no cluster"))
    assert silent("RT001", cluster)


def test_rt001_near_miss_other_spelling_of_the_block(tmp_path: Path) -> None:
    """The same name in quotes, under a key in capitals, set by a variable."""
    tree = Tree(tmp_path)
    tree.replace("node1", "nats.config", "name: symphony-cluster", 'Name = "symphony-cluster"')
    tree.replace("node2", "nats.config", "cluster {", "CLUSTER: {")
    tree.edit("node3", "nats.config", lambda text: "called: symphony-cluster\n" + text)
    tree.replace("node3", "nats.config", "name: symphony-cluster", "name: $called")
    assert silent("RT001", tree.cluster())


def test_rt001_fault_two_against_two() -> None:
    """Without a majority all nodes are named, and no name is called the right one."""
    cluster = healthy(4)
    for name in ("node3", "node4"):
        cluster = changed(cluster, name, cluster_name=Seen("other", "VARZ"))
    finding = only("RT001", cluster)
    assert finding.nodes == ("node1", "node2", "node3", "node4")
    assert "one name for all nodes" in finding.remedies[0].title


def test_rt001_fault_no_name_at_all() -> None:
    """A node without a cluster block is said to have no name, not another one."""
    cluster = changed(healthy(), "node2", cluster_name=Missing(State.ABSENT, "nats.config names no cluster"))
    assert only("RT001", cluster).title == "node2 has no cluster name"


def test_rt002_absent_on_three_nodes(tmp_path: Path) -> None:
    """Every node lists every other one by its host name."""
    assert silent("RT002", Tree(tmp_path).cluster())
    assert silent("RT005", Tree(tmp_path / "one", one_host=True).cluster())


BLOCKS = {
    "names": [f"nats-route://node{at}.example.com:6222" for at in (1, 2, 3)],
    "addresses": [f"nats-route://10.0.0.{at}:6222" for at in (1, 2, 3)],
    "other names": [f"nats-route://{host}.example.com:6222" for host in ("alpha", "beta", "gamma")],
}


@pytest.mark.parametrize("urls", BLOCKS.values(), ids=BLOCKS.keys())
def test_rt002_near_miss_one_block_copied_to_all_nodes(urls: list[str], tmp_path: Path) -> None:
    """The same list on every node, its own route included, which servers tolerate: three nodes, all routes there."""
    tree = Tree(tmp_path)
    for name in tree.names:
        tree.routes(name, *urls)
    cluster = tree.cluster()
    assert cluster.size == 3
    for code in ("RT002", "RT005", "QU003"):
        assert silent(code, cluster)


def test_rt002_near_miss_addresses_on_one_node_names_on_another(tmp_path: Path) -> None:
    """Hosts written by name on two nodes and by IP address on the third are the same hosts."""
    tree = Tree(tmp_path)
    tree.routes("node2", "nats-route://10.0.0.1:6222", "nats-route://10.0.0.3:6222")
    cluster = tree.cluster()
    assert cluster.size == 3
    assert silent("RT002", cluster)
    assert silent("RT005", cluster)


def test_rt002_near_miss_user_and_password_and_ipv6(tmp_path: Path) -> None:
    """Routes with credentials in them, to IPv6 addresses, without a scheme's usual spelling."""
    tree = Tree(tmp_path)
    for at, name in enumerate(tree.names, 1):
        tree.routes(name, *(f'"nats-route://route:hunter2@[fd00::{other}]:6222"' for other in (1, 2, 3) if other != at))
    cluster = tree.cluster()
    assert cluster.size == 3
    assert silent("RT002", cluster)
    assert silent("RT005", cluster)
    assert "hunter2" not in repr(cluster)


def test_rt002_near_miss_one_directory_of_a_cluster_on_hosts_of_their_own(tmp_path: Path) -> None:
    """One node's directory tells of two further nodes, though all of them use the same ports."""
    cluster = Tree(tmp_path).cluster(["node1"])
    assert cluster.size == 3
    assert judge("RT002", cluster).findings == ()
    assert judge("QU003", cluster).findings == ()


def test_rt002_fault_a_route_to_nowhere_in_place_of_one(tmp_path: Path) -> None:
    """What answers elsewhere and refuses here is no further name of the node that is missing in the list."""
    tree = Tree(tmp_path)
    tree.routes("node2", "nats-route://node1.example.com:6222", "nats-route://old.example.com:6222")
    names = {f"{name}.example.com:6222": name for name in tree.names}
    cluster = probed(tree, names, refused=("old.example.com:6222",))
    assert only("RT002", cluster).subject.name == "node2 -> node3"
    assert only("RT003", cluster).subject.name == "old.example.com:6222"


def test_rt002_fault_falls_apart() -> None:
    """Without any chain of routes between two halves it is an error, not a warning."""
    cluster = healthy(4)
    for one, two in (("node1", "node2"), ("node2", "node1"), ("node3", "node4"), ("node4", "node3")):
        cluster = with_routes(cluster, one, *(route for route in routes_of(cluster, one) if route.targets == (two,)))
    findings = found("RT002", cluster)
    assert {finding.severity for finding in findings} == {Severity.ERROR}
    assert len(findings) == 8


def test_rt002_fault_one_list_too_short() -> None:
    """A node that lists one of two others is a warning: it finds the second by way of the first."""
    cluster = healthy()
    finding = only("RT002", with_routes(cluster, "node1", routes_of(cluster, "node1")[0]))
    assert (finding.severity, finding.subject.name) == (None, "node1 -> node3")


def failing(cluster: Cluster, name: str, target: str, probe: Evidence[RouteGreeting] = REFUSED) -> Cluster:
    """Let what a node's route leads to refuse a connection from where the doctor runs."""
    return with_routes(
        cluster,
        name,
        *(replace(each, probe=probe) if each.targets == (target,) else each for each in routes_of(cluster, name)),
    )


def test_rt003_absent_on_three_nodes() -> None:
    """Every route's address answers."""
    assert silent("RT003", healthy())


def test_rt003_near_miss_firewall_before_the_doctor() -> None:
    """Route ports that only the nodes may reach: the servers say that the routes are open."""
    cluster = healthy()
    for name in ("node1", "node2", "node3"):
        for target in ("node1", "node2", "node3"):
            cluster = failing(cluster, name, target)
    assert silent("RT003", cluster)


def test_rt003_near_miss_route_to_itself() -> None:
    """A server closes the route to itself, and ROUTEZ shows none: that it cannot be reached from here is nothing."""
    cluster = healthy()
    own = ConfiguredRoute("node1:6222", "nats.config:9:5", ("node1",), REFUSED)
    assert silent("RT003", with_routes(cluster, "node1", *routes_of(cluster, "node1"), own))


def test_rt003_near_miss_further_name_of_a_node_that_is_connected() -> None:
    """An address that is of one of two nodes, and both are connected."""
    cluster = healthy()
    other = ConfiguredRoute("10.0.0.9:6222", "nats.config:9:5", ("node2", "node3"), REFUSED)
    assert silent("RT003", with_routes(cluster, "node1", *routes_of(cluster, "node1"), other))


@pytest.mark.parametrize(
    "why",
    ["node2:6222 does not resolve", "node2:6222 refuses connections", "no answer in 5 s", "an HTTP server answers"],
)
def test_rt003_fault_each_way_to_fail(why: str) -> None:
    """Not resolved, refused, silent and something else: in its own words, on the node that two others miss."""
    cluster = unlinked(unlinked(healthy(), "node1", "node2"), "node3", "node2")
    for name in ("node1", "node3"):
        cluster = failing(cluster, name, "node2", Missing(State.UNREACHABLE, why))
    finding = only("RT003", cluster)
    assert finding.nodes == ("node2",)
    assert why in finding.detail


def test_rt004_absent_on_three_nodes() -> None:
    """Each server has a name of its own."""
    assert silent("RT004", healthy())


def test_rt004_near_miss_names_unlike_the_directories(tmp_path: Path) -> None:
    """Server names that have nothing to do with hosts or directories, also such as differ in case alone."""
    tree = Tree(tmp_path)
    for name, called in (("node1", "Alpha"), ("node2", "alpha"), ("node3", '"third server"')):
        tree.replace(name, "nats.config", f"server_name: {name}", f"server_name: {called}")
    cluster = tree.cluster()
    assert cluster.size == 3
    assert silent("RT004", cluster)


def test_rt004_near_miss_single_node_without_a_name(tmp_path: Path) -> None:
    """The page sets server_name with the cluster block: a single node has none, and loses nothing by it."""
    tree = Tree(tmp_path, nodes=1)
    tree.replace("node1", "nats.config", "server_name: node1\n", "")
    assert silent("RT004", tree.cluster())


def test_rt004_fault_no_name_by_the_greeting_alone() -> None:
    """A server without a name calls itself by its id, which its greeting tells without credentials."""
    cluster = healthy()
    greeting = node_of(cluster, "node2").greeting
    assert isinstance(greeting, Seen)
    cluster = changed(
        cluster,
        "node2",
        server=Missing(State.NOT_ASKED, "no credentials"),
        greeting=Seen(replace(greeting.value, server_name="NAB", server_id="NAB"), greeting.where),
        server_name=Seen("NAB", "INFO"),
    )
    assert only("RT004", cluster).title == "node2 has no server_name"


def test_rt004_fault_renames_the_one_that_holds_nothing() -> None:
    """Of two nodes of one name the one without data is renamed; where both hold data it is called destructive."""
    cluster = changed(healthy(), "node2", server_name=Seen("node1", "VARZ"))
    assert only("RT004", cluster).remedies[0].risk.value == "destructive"
    empty = changed(cluster, "node2", stream_directories=Seen((), "storage"))
    assert "node2 holds no data yet" in only("RT004", empty).remedies[0].title


def test_rt005_absent_on_three_nodes() -> None:
    """No route leads elsewhere."""
    assert silent("RT005", healthy())


def test_rt005_near_miss_own_address_by_number(tmp_path: Path) -> None:
    """One node lists itself by its IP address beside the others by their names: it is no foreign address."""
    tree = Tree(tmp_path)
    own = "nats-route://10.0.0.1:6222"
    tree.routes("node1", own, *(f"nats-route://{name}.example.com:6222" for name in ("node2", "node3")))
    cluster = tree.cluster()
    assert cluster.size == 3
    assert silent("RT005", cluster)


def test_rt005_near_miss_a_node_that_is_down(tmp_path: Path) -> None:
    """The address that all others list and that is silent is the node that is down, and no stale route."""
    tree = Tree(tmp_path)
    answering = {f"{name}.example.com:6222": name for name in ("node1", "node2")}
    cluster = probed(tree, answering, refused=("node3.example.com:6222",))
    assert cluster.size == 3
    assert silent("RT005", cluster)


def test_rt005_fault_left_behind_on_one_node(tmp_path: Path) -> None:
    """The address of a removed node, on one node alone, refuses connections while all the others answer."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", "  routes: [\n", "  routes: [\n    nats-route://old.example.com:6222\n")
    answering = {f"{name}.example.com:6222": name for name in tree.names}
    finding = only("RT005", probed(tree, answering, refused=("old.example.com:6222",)))
    assert (finding.nodes, finding.subject.name) == (("node2",), "old.example.com:6222")


def test_rt006_absent_on_three_nodes() -> None:
    """Every server has routes to every other one."""
    assert silent("RT006", healthy())


def test_rt006_near_miss_one_side_alone_lists_the_route() -> None:
    """One server's word is enough: the other one was asked a moment earlier."""
    cluster = healthy()
    evidence = node_of(cluster, "node2").routes
    assert isinstance(evidence, Seen)
    left = tuple(route for route in evidence.value if route.remote_name != "node1")
    assert silent("RT006", changed(cluster, "node2", routes=Seen(left, "ROUTEZ")))


def test_rt006_near_miss_smaller_pool_and_no_pinned_accounts() -> None:
    """Servers of other versions keep one connection instead of a pool."""
    cluster = healthy()
    for node in cluster.nodes:
        assert isinstance(node.routes, Seen)
        single = tuple(Route(each.remote_name, each.remote_id, 1, (), configured=False) for each in node.routes.value)
        cluster = changed(cluster, node.name, routes=Seen(single, "ROUTEZ"))
    assert silent("RT006", cluster)


def test_rt006_near_miss_a_node_that_is_down() -> None:
    """A server that is down has no routes: that is QU002, and the mesh of the others is whole."""
    cluster = unlinked(unlinked(healthy(), "node1", "node3"), "node2", "node3")
    down = Missing(State.UNREACHABLE, "its server is down")
    cluster = changed(
        cluster, "node3", running=Seen(Running(up=False, how="connection refused"), "INFO"), routes=down, server=down
    )
    assert silent("RT006", cluster)


def test_rt006_fault_each_pair_is_one_finding() -> None:
    """A server that lost both others is two findings, each with both sides."""
    cluster = unlinked(unlinked(healthy(), "node1", "node3"), "node2", "node3")
    assert {finding.nodes for finding in found("RT006", cluster)} == {("node1", "node3"), ("node2", "node3")}
