"""Load balancers: each fixture is a whole configuration, in the directory of what is found in it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from symphony_doctor.api import Cluster, Finding, Listeners, Missing, Seen, State
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, healthy, judge
from symphony_doctor.testing.load_balancers import behind

PROXIES = Path(__file__).parents[3] / "fixtures" / "proxies"
CODES = ("LB001", "LB002", "LB003", "LB004")
PORTS = ((8080, 9222, 4222), (8282, 9333, 4333), (8383, 9444, 4444))


def listening(hosts: tuple[str, ...], label: str, ports: tuple[int, int, int]) -> Seen[Listeners]:
    ui, websocket, client = (Seen(port, "nats.config") for port in ports)
    return Seen(Listeners(hosts, (label,), ui, websocket, client), "nats.config")


@cache
def on_one_host() -> Cluster:
    """Three nodes with the ports of the product's page, all on loopback."""
    cluster = healthy(3)
    for number, ports in enumerate(PORTS, 1):
        cluster = changed(cluster, f"node{number}", listeners=listening(("127.0.0.1",), f"node{number}", ports))
    return cluster


@cache
def on_three_hosts() -> Cluster:
    """Three nodes with the same ports, known by the names of their hosts."""
    cluster = healthy(3)
    for number in (1, 2, 3):
        host = f"node{number}.example.com"
        cluster = changed(cluster, f"node{number}", listeners=listening((host,), f"node{number}", PORTS[0]))
    return cluster


def http(*blocks: str) -> str:
    return "http {\n" + "\n".join(blocks) + "\n}\n"


def upstream(name: str, *servers: str, method: str = "") -> str:
    return f"upstream {name} {{ {method} {' '.join(f'server {each};' for each in servers)} }}"


def location(path: str, target: str, more: str = "") -> str:
    return f"server {{ listen 80; location {path} {{ proxy_pass {target}; {more} }} }}"


HANDSHAKE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


def outcome(code: str, cluster: Cluster, *configurations: str | Missing) -> tuple[Status, str]:
    result = judge(code, behind(cluster, *configurations)).result
    return result.status, result.reason


def findings(code: str, cluster: Cluster, *configurations: str) -> tuple[Finding, ...]:
    return judge(code, behind(cluster, *configurations)).findings


def fixtures(directory: str) -> list[str]:
    names = [
        path
        for program in ("nginx", "haproxy")
        for path in sorted((PROXIES / program / directory).iterdir())
        if path.is_file()
    ]
    return [str(path.relative_to(PROXIES)) for path in names]


def of_fixture(name: str) -> Cluster:
    return behind(on_one_host(), (PROXIES / name).read_text())


@pytest.mark.parametrize("name", fixtures("healthy"))
@pytest.mark.parametrize("code", CODES)
def test_healthy_fixture(code: str, name: str) -> None:
    result = judge(code, of_fixture(name)).result
    expected = Status.SKIPPED if code == "LB004" and "without-nats" in name else Status.PASSED
    assert (result.status, result.unproven) == (expected, False), result.reason


@pytest.mark.parametrize("broken", [code.lower() for code in CODES])
@pytest.mark.parametrize("code", CODES)
def test_broken_fixture(code: str, broken: str) -> None:
    for name in fixtures(broken):
        result = judge(code, of_fixture(name)).result
        if code.lower() == broken:
            assert result.status is Status.FAILED, name
        else:
            assert result.status is not Status.FAILED, name


@pytest.mark.parametrize("name", fixtures("undecided"))
def test_undecided_fixture(name: str) -> None:
    """What only the running program knows is neither a fault nor health."""
    results = [judge(code, of_fixture(name)).result for code in CODES]
    assert not [result for result in results if result.status is Status.FAILED]
    skipped = [result for result in results if result.status is Status.SKIPPED]
    assert skipped
    assert all(result.unproven for result in skipped)
    assert any("proxy.conf:" in result.reason for result in skipped)


def test_lb001_absent() -> None:
    """Every node is in every upstream of the product's page."""
    assert judge("LB001", healthy(3)).result.status is Status.PASSED


def test_lb001_near_miss_addresses_of_unknown_hosts() -> None:
    """As many addresses as nodes with that port: they are the nodes, though it cannot be told which is which."""
    text = http(upstream("ui", "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"), location("/", "http://ui"))
    assert outcome("LB001", on_three_hosts(), text) == (Status.PASSED, "")


def test_lb001_near_miss_another_application() -> None:
    """A server on a port of the nodes, beside upstreams with their hosts, is of another application."""
    ui = upstream("ui", *(f"node{number}.example.com:8080" for number in (1, 2, 3)))
    text = http(ui, upstream("wiki", "wiki.example.com:8080"), location("/", "http://ui"))
    assert outcome("LB001", on_three_hosts(), text) == (Status.PASSED, "")


def test_lb001_near_miss_a_node_of_which_nothing_is_known() -> None:
    """A server may be the node whose addresses are not known: nothing is said of it."""
    cluster = changed(on_three_hosts(), "node3", listeners=Missing(State.DENIED, "permission denied"))
    servers = (f"node{number}.example.com:8080" for number in (1, 2, 4))
    text = http(upstream("ui", *servers), location("/", "http://ui"))
    assert outcome("LB001", cluster, text) == (Status.SKIPPED, "node3: permission denied")


def test_lb001_near_miss_a_node_without_websocket() -> None:
    """A node that has no WebSocket port by its configuration lacks in no upstream."""
    listeners = on_three_hosts().nodes[2].listeners.get()
    without = replace(listeners, websocket=Missing(State.ABSENT, "no websocket block"))
    cluster = changed(on_three_hosts(), "node3", listeners=Seen(without, "nats.config"))
    text = http(upstream("ws", "node1.example.com:9222", "node2.example.com:9222"), location("/ws", "http://ws"))
    assert outcome("LB001", cluster, text) == (Status.PASSED, "")


def test_lb001_near_miss_one_node() -> None:
    """A single node behind a proxy of its own."""
    text = http(location("/", "http://node1:8080"), location("/ws", "http://node1:9222", HANDSHAKE))
    assert outcome("LB001", healthy(1), text) == (Status.PASSED, "")


def test_lb001_near_miss_a_node_s_own_proxy() -> None:
    """Where nodes are on several hosts, localhost is one of them, and it cannot be told which."""
    status, reason = outcome("LB001", on_three_hosts(), http(location("/", "http://localhost:8080")))
    assert status is Status.SKIPPED
    assert "whether localhost:8080 is a node cannot be told" in reason


def test_lb001_near_miss_a_socket_file() -> None:
    """What is behind a socket file is not told by the configuration."""
    text = http(upstream("ui", "node1.example.com:8080", "unix:/run/ui.sock"), location("/", "http://ui"))
    status, reason = outcome("LB001", on_three_hosts(), text)
    assert status is Status.SKIPPED
    assert "unix:/run/ui.sock" in reason


def test_lb001_near_miss_an_upstream_that_nothing_uses() -> None:
    """An upstream that is left over gets no traffic."""
    full = upstream("ui", *(f"node{number}.example.com:8080" for number in (1, 2, 3)))
    old = upstream("old", "node1.example.com:8080", "node2.example.com:8080")
    assert outcome("LB001", on_three_hosts(), http(full, old, location("/", "http://ui"))) == (Status.PASSED, "")


def test_lb001_tells_how_many_lack_where_it_cannot_tell_which() -> None:
    text = http(upstream("ws", "10.0.0.1:9222", "10.0.0.2:9222", method="ip_hash;"), location("/ws", "http://ws"))
    (found,) = findings("LB001", on_three_hosts(), text)
    assert found.title == "upstream ws lacks 1 node of node1, node2 and node3"
    text = http(upstream("ws", *(f"10.0.0.{number}:9222" for number in (1, 2, 3, 4))), location("/ws", "http://ws"))
    (found,) = findings("LB001", on_three_hosts(), text)
    assert found.title.endswith("10.0.0.3:9222 and 10.0.0.4:9222, not all of which are nodes")


def test_lb001_names_node_address_and_line() -> None:
    text = http(upstream("ui", "node1.example.com:8080", "node2.example.com:8080"), location("/", "http://ui"))
    (found,) = findings("LB001", on_three_hosts(), text)
    assert found.title == "upstream ui lacks node3"
    assert found.nodes == ("node3",)
    assert (found.evidence[0].where, found.evidence[0].expected) == ("proxy.conf:2", "node3, at node3.example.com:8080")
    assert "add node3.example.com:8080 (node3)" in found.remedies[0].title


def test_an_unreadable_file_does_not_hide_the_other() -> None:
    unreadable = Missing(State.DENIED, "other.conf: permission denied")
    good = (PROXIES / "nginx/healthy/page.conf").read_text()
    bad = (PROXIES / "nginx/lb002/round-robin.conf").read_text()
    for code in CODES:
        result = judge(code, behind(on_one_host(), good, unreadable)).result
        assert (result.status, result.unproven) == (Status.SKIPPED, True)
        assert "other.conf: permission denied" in result.reason
    assert judge("LB002", behind(on_one_host(), unreadable, bad)).result.status is Status.FAILED


@pytest.mark.parametrize("code", CODES)
def test_a_file_that_leads_to_no_node_is_no_health(code: str) -> None:
    text = http(upstream("wiki", "wiki.example.com:3000"), location("/", "http://wiki"))
    status, reason = outcome(code, on_three_hosts(), text)
    assert status is Status.SKIPPED
    assert "no load balancer given forwards to" in reason


def test_a_finding_has_the_same_subject_in_every_run() -> None:
    text = (PROXIES / "nginx/lb002/round-robin.conf").read_text()
    subjects = {findings("LB002", on_one_host(), "# one more line\n" * more + text)[0].subject for more in (0, 3)}
    assert [subject.name for subject in subjects] == ["proxy.conf: upstream symphony_ws"]


def test_lb002_absent() -> None:
    """ip_hash, as on the product's page."""
    assert judge("LB002", healthy(3)).result.status is Status.PASSED


def test_lb002_near_miss_the_user_interface() -> None:
    """The upstream of the UI ports needs no affinity."""
    ui = upstream("ui", *(f"node{number}.example.com:8080" for number in (1, 2, 3)), method="least_conn;")
    ws = upstream("ws", *(f"node{number}.example.com:9222" for number in (1, 2, 3)), method="ip_hash;")
    text = http(ui, ws, location("/", "http://ui"), location("/ws", "http://ws"))
    assert outcome("LB002", on_three_hosts(), text) == (Status.PASSED, "")


@pytest.mark.parametrize(
    "method", ["sticky cookie srv;", "sticky;", "hash $cookie_sid;", "hash $http_x_forwarded_for;"]
)
def test_lb002_near_miss_other_ways_of_affinity(method: str) -> None:
    """sticky, or a hash of what stays the same for a client."""
    ws = upstream("ws", *(f"node{number}.example.com:9222" for number in (1, 2, 3)), method=method)
    assert outcome("LB002", on_three_hosts(), http(ws, location("/ws", "http://ws"))) == (Status.PASSED, "")


def test_lb002_near_miss_one_server() -> None:
    """With one server there is nothing to choose: a proxy_pass to one address, or an upstream of one."""
    text = http(upstream("ws", "node1.example.com:9222"), location("/ws", "http://ws"))
    assert outcome("LB002", on_three_hosts(), text) == (Status.PASSED, "")
    text = http(location("/ws", "http://node1.example.com:9222"))
    assert outcome("LB002", on_three_hosts(), text) == (Status.PASSED, "")


def test_lb003_absent() -> None:
    """Version and headers as on the product's page."""
    assert judge("LB003", healthy(3)).result.status is Status.PASSED


def test_lb003_near_miss_the_user_interface() -> None:
    """A location of the UI ports needs no headers."""
    assert outcome("LB003", on_one_host(), (PROXIES / "nginx/healthy/websocket-in-stream.conf").read_text())[0] is (
        Status.PASSED
    )


def test_lb003_near_miss_an_upstream_alone() -> None:
    """A file of upstreams says nothing of the locations that forward to them: no finding, and no health."""
    ws = upstream("ws", *(f"node{number}.example.com:9222" for number in (1, 2, 3)), method="ip_hash;")
    status, reason = outcome("LB003", on_three_hosts(), ws)
    assert (status, reason) == (Status.SKIPPED, "nothing in proxy.conf forwards to upstream ws")


def test_lb003_names_each_line_that_lacks() -> None:
    text = http(location("/ws", "http://node1.example.com:9222"))
    (found,) = findings("LB003", on_three_hosts(), text)
    assert [entry.expected for entry in found.evidence] == [
        "proxy_http_version 1.1",
        "proxy_set_header Upgrade $http_upgrade",
        'proxy_set_header Connection "upgrade"',
    ]


def test_lb004_absent() -> None:
    """The NATS ports are behind a stream block."""
    assert judge("LB004", healthy(3)).result.status is Status.PASSED


def test_lb004_near_miss_a_fragment_of_stream() -> None:
    """A file for stream.d without its stream block: a server with a proxy_pass of its own is of stream."""
    servers = (f"node{number}.example.com:4222" for number in (1, 2, 3))
    text = upstream("nats", *servers) + "server { listen 4222; proxy_pass nats; }"
    assert outcome("LB004", on_three_hosts(), text) == (Status.PASSED, "")


def test_lb004_near_miss_websocket_over_http() -> None:
    """The WebSocket ports are forwarded as HTTP, and shall be."""
    text = http(location("/ws", "http://node1.example.com:9222", HANDSHAKE))
    assert judge("LB004", behind(on_three_hosts(), text)).findings == ()
