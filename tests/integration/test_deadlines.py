"""Hosts that drop all packets cost one deadline, however many they are and whatever is asked of the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .program import Done, doctor
from .site import Site, roots, site_of

pytestmark = pytest.mark.cluster

TIMEOUT = 10.0
DEAD = ("node2", "node3", "node4", "node5")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Five nodes; the doctor stands on a sixth host. Each test says anew which hosts are dead."""
    with site_of(5, tmp_path_factory.mktemp("hosts") / "lab") as made:
        yield made


def at_once(*commands: list[str]) -> list[Done]:
    """Run all at the same time: what they do most is wait."""
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda command: doctor(*command, "--timeout", f"{TIMEOUT}s"), commands))


@pytest.mark.parametrize("mode", ["both", "nats"])
def test_qu004_fault_one_dead_host_of_five(mode: str, site: Site) -> None:
    """The quorum is not at risk; that the node is down is the root of all else that shows."""
    site.hosts.cut_off("node5")  # and stays so: its peers need not notice
    done = doctor("run", *site.arguments(mode), "--format", "json", "--timeout", "2s")
    assert roots(done) == [("QU004", ["node5"])]
    assert "10.97.0.5" in json.dumps(done.findings("QU004")[0]["evidence"])
    assert done.check("QU002")["status"] == "passed"


def test_four_dead_hosts_of_five_cost_one_deadline(site: Site, tmp_path: Path) -> None:
    """Every command that looks at the network ends before a second deadline could, and says that the quorum is lost."""
    both, nats = site.arguments("both"), site.arguments("nats")
    directories = {node.name: str(node.directory) for node in site.lab.nodes}
    urls = {node.name: node.client_url for node in site.lab.nodes}
    mixed = [
        "--node",
        directories["node1"],
        "--node",
        directories["node2"],
        "--creds",
        str(site.lab.system_credentials),
    ]
    mixed += ["--server", ",".join(urls[name] for name in DEAD[1:])]
    two = [*nats, "--creds", str(site.lab.symphony_credentials)]
    bundle = tmp_path / "bundle.tar.gz"
    commands = (
        *(["run", *which, "--format", "json"] for which in (both, nats, mixed, two)),
        ["run", *(part for path in directories.values() for part in ("--node", path)), "--format", "json"],
        ["streams", *both],
        ["self-test", *nats],
        ["bundle", "collect", *both, "--samples", "1", "--output", str(bundle)],
    )
    # what all this costs beside the waiting, on this machine and now
    alive = at_once(*commands)
    bundle.unlink()
    site.hosts.cut_off(*DEAD)
    dead = at_once(*commands)
    *runs, streams, self_test, collected = dead
    for command, usual, done in zip(commands, alive, dead, strict=True):
        assert done.seconds > TIMEOUT, (command, "nobody was silent")
        assert done.seconds - usual.seconds < 1.5 * TIMEOUT, (command, usual.seconds, done.seconds)
    for done in runs:
        assert roots(done) == [("QU001", list(DEAD))]
    assert "KV_symphony_shares" in streams.out
    assert "node5" in self_test.out
    assert collected.status == 0, collected.err
    again = doctor("run", "--bundle", bundle, "--format", "json")
    assert roots(again) == [("QU001", list(DEAD))]
