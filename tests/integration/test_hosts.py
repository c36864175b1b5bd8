"""Nodes on hosts of their own: real addresses, distance, partitions, loss, and firewalls that drop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from symphony_doctor.lab.cluster import Lab

from .namespaces import Hosts, hosts
from .program import Done, doctor

pytestmark = pytest.mark.cluster

FAR = 0.2
"""Seconds that everything takes in each direction: farther apart than any two places on earth."""


@dataclass(frozen=True)
class Site:
    """A cluster and the network between its hosts."""

    lab: Lab
    hosts: Hosts

    def arguments(self, mode: str) -> list[str]:
        """Return what gives the doctor files and NATS, or NATS alone."""
        credentials = ["--creds", str(self.lab.system_credentials)]
        if mode == "nats":
            return ["--server", ",".join(node.client_url for node in self.lab.nodes), *credentials]
        return [*(argument for node in self.lab.nodes for argument in ("--node", str(node.directory))), *credentials]

    def run(self, mode: str, *more: str) -> Done:
        return doctor("run", *self.arguments(mode), "--format", "json", *more)

    def heal(self) -> None:
        self.hosts.heal()
        asyncio.run(self.lab.wait_healthy())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three nodes; the doctor stands on a fourth host."""
    with hosts(3) as made:
        lab = asyncio.run(Lab.create(tmp_path_factory.mktemp("hosts") / "lab", addresses=made.nodes()))
        yield Site(lab, made)
        asyncio.run(lab.stop())


def above_info(done: Done) -> list[tuple[str, str]]:
    return [(each["code"], each["title"]) for each in done.report["findings"] if each["severity"] != "info"]


@pytest.mark.parametrize("mode", ["both", "nats"])
def test_healthy_near_and_far(mode: str, site: Site) -> None:
    """A cluster whose nodes are 200 ms from each other and from the doctor is as healthy as one nearby."""
    near = site.run(mode)
    assert (near.status, above_info(near)) == (0, [])
    site.hosts.far_apart(FAR)
    far = site.run(mode, "--timeout", "15s")
    site.heal()
    assert (far.status, above_info(far)) == (0, [])
    outcomes = [[(check["code"], check["status"]) for check in done.report["checks"]] for done in (near, far)]
    assert outcomes[0] == outcomes[1]
    assert far.seconds > 4 * FAR, "the distance was not real"
