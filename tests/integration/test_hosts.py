"""Nodes on hosts of their own: real addresses, distance, partitions, loss, and firewalls that drop."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from symphony_doctor.lab import control

from .namespaces import OPERATOR
from .program import doctor
from .site import Site, above_info, roots, site_of

pytestmark = pytest.mark.cluster

FAR = 0.2
"""Seconds that everything takes in each direction: farther apart than any two places on earth."""
TIMEOUT = "2s"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three nodes; the doctor stands on a fourth host."""
    with site_of(3, tmp_path_factory.mktemp("hosts") / "lab") as made:
        yield made


@pytest.fixture(autouse=True)
def _whole_again(site: Site) -> Iterator[None]:
    yield
    site.heal()


@pytest.mark.parametrize("mode", ["both", "nats"])
def test_healthy_near_and_far(mode: str, site: Site) -> None:
    """A cluster whose nodes are 200 ms from each other and from the doctor is as healthy as one nearby."""
    near = site.run(mode)
    assert (near.status, above_info(near)) == (0, [])
    site.hosts.far_apart(FAR)
    far = site.run(mode, "--timeout", "15s")
    assert (far.status, above_info(far)) == (0, [])
    outcomes = [[(check["code"], check["status"]) for check in done.report["checks"]] for done in (near, far)]
    assert outcomes[0] == outcomes[1]
    assert far.seconds > 4 * FAR, "the distance was not real"


@pytest.mark.parametrize("mode", ["both", "nats"])
def test_qu002_fault_a_host_that_drops_everything(mode: str, site: Site) -> None:
    """The others still list their routes to it: that is no evidence that it is up."""
    site.hosts.cut_off("node3")
    done = site.run(mode, "--timeout", TIMEOUT)
    listed = _routes_of(site, "node1")
    assert "node3" in listed, "the servers have noticed by themselves: it is too late for this test"
    assert done.status == 1
    assert roots(done) == [("QU002", ["node3"])]
    (route,) = done.findings("RT003")
    assert (route["nodes"], route["cause"]) == (["node3"], done.findings("QU002")[0]["id"])
    assert "firewall drops it" in done.out


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no OpenSSH client (Debian: openssh-client)")
def test_a_host_that_drops_everything_and_is_looked_at_by_ssh(site: Site) -> None:
    """Its directory cannot be read, and the others still list their routes to it: that is one node, and it is down."""
    site.hosts.cut_off("node3")
    one, two, three = site.lab.nodes
    nodes = (str(one.directory), str(two.directory), f"third=ssh://root@{site.hosts.address('node3')}/opt/symphony")
    done = doctor(
        "run", *(part for node in nodes for part in ("--node", node)), "--creds", str(site.lab.system_credentials),
        "--timeout", TIMEOUT, "--format", "json",
    )  # fmt: skip
    assert three.name in _routes_of(site, "node1"), "the servers have noticed by themselves: too late for this test"
    assert len(done.report["cluster"]["nodes"]) == 3
    assert roots(done) == [("QU002", ["third"])]


def test_a_firewall_between_the_doctor_and_a_node(site: Site) -> None:
    """The doctor reaches no port of node3, the other nodes do: it is up, and nothing is made up."""
    site.hosts.between(OPERATOR, "node3", drop=True)
    done = site.run("both", "--timeout", TIMEOUT)
    assert above_info(done) == []
    assert done.status == 3, "that it could not be reached from here is told"
    assert done.check("QU002")["status"] == "passed"
    assert done.check("RT006")["status"] == "passed"


def test_a_firewall_that_drops_the_client_port(site: Site) -> None:
    """Dropped from everywhere, not refused; routes are open: the server is asked by way of the others."""
    for other in ("node1", "node2", OPERATOR):
        site.hosts.way(other, "node3", ports=(4222,))
    done = site.run("nats", "--timeout", TIMEOUT)
    assert above_info(done) == []
    assert done.check("SV004")["status"] == "passed"
    assert "10.97.0.3:4222 does not answer a connection: down, or a firewall drops it" in done.out


@pytest.mark.parametrize("direction", ["to", "from"])
def test_loss_in_one_direction(direction: str, site: Site) -> None:
    """What a node sends arrives, and what is sent to it does not, or the reverse: it is named, and no other."""
    for other in ("node1", "node2", OPERATOR):
        site.hosts.way(*((other, "node3") if direction == "to" else ("node3", other)), drop=True)
    done = site.run("both", "--timeout", TIMEOUT)
    assert roots(done) == [("QU002", ["node3"])]


def test_some_loss(site: Site) -> None:
    """Of each hundred packets to a node two are lost: TCP sends them again, and nothing is found."""
    for other in ("node1", "node2", OPERATOR):
        site.hosts.way(other, "node3", loss=0.02)
    done = site.run("both", "--timeout", "15s")
    assert (done.status, above_info(done)) == (0, [])


def test_a_partition(site: Site) -> None:
    """node1 and node2 lose each other, once the servers have noticed; each still reaches node3 and the doctor."""
    site.hosts.between("node1", "node2", drop=True)
    site.close_routes("node1", "node2")
    done = site.run("both", "--timeout", TIMEOUT)
    assert done.status == 1
    assert ("RT006", ["node1", "node2"]) in roots(done)
    assert all(set(nodes) <= {"node1", "node2"} for _, nodes in roots(done)), roots(done)


def _routes_of(site: Site, name: str) -> set[str]:
    async def ask() -> set[str]:
        async with site.lab.system_client(name) as system:
            answers = await control.ping(system, "ROUTEZ", {"server_name": name, "exact_match": True}, expect=1)
        return {route["remote_name"] for route in answers[name]["routes"]}

    return asyncio.run(ask())
