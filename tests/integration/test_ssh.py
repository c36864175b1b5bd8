"""Nodes behind a real sshd: the verdict of this machine, and every way in which a host is not to be had."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.formats import nkey
from symphony_doctor.lab.cluster import Lab

from .bundling import unpacked
from .program import PROGRAM, Done, doctor, listing
from .sshd import SSH, SSHD, USER, WHY, Host, children_named, host, key, relay

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(not (SSHD and SSH), reason=WHY)]

NODES = ("node1", "node2", "node3")


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host(tmp_path_factory.mktemp("sshd") / "host") as found:
        yield found


@pytest.fixture
def tree(origin: Path, tmp_path: Path) -> Path:
    """Directories of a real cluster that a test may change."""
    for name in NODES:
        shutil.copytree(origin / name, tmp_path / name)
    return tmp_path


def run(remote: Host, *arguments: str | Path, powerless: bool = False) -> Done:
    return doctor(
        "run", "--offline", "--format", "json", *arguments, environment=remote.environment, powerless=powerless
    )


def nodes(root: Path, *names: str) -> list[str]:
    return [part for name in names for part in ("--node", str(root / name))]


def behind(remote: Host, root: Path, *names: str) -> list[str]:
    return [part for name in names for part in ("--node", remote.url(root / name))]


def reason(done: Done, node: str) -> str:
    """Why a rule about files could not decide on a node."""
    said = str(done.check("CF001")["reason"])
    assert f"{node}: " in said, said
    return said


def verdict(done: Done) -> dict[str, Any]:
    report = dict(done.report, generated_at=None)
    report["checks"] = [{**each, "duration_ms": 0} for each in report["checks"]]
    return report


@pytest.mark.parametrize("sudo", [False, True])
def test_the_verdict_is_that_of_this_machine(*, sudo: bool, remote: Host, tree: Path) -> None:
    if sudo and not (shutil.which("sudo") and os.getuid() == 0):
        pytest.skip("no sudo here that asks for no password")
    (tree / "node2" / "nats.config").write_text(
        (tree / "node2" / "nats.config").read_text() + "cluster { name: other }\n"
    )
    next((tree / "node3" / "accounts").glob("*.jwt")).unlink()
    before = listing(tree)
    known, here = remote.connections, run(remote, *nodes(tree, *NODES))

    there = run(remote, *behind(remote, tree, *NODES), *(["--sudo"] if sudo else []))

    assert here.codes >= {"AC001"}
    assert verdict(there) == verdict(here)
    assert there.status == here.status == 1
    assert there.err == ""
    # one connection a node, and nothing is written there
    assert remote.connections == known + 3
    assert listing(tree) == before


def test_the_inventory_names_hosts(remote: Host, tree: Path) -> None:
    """By `ssh` beside `dir`, and by a URL in `dir`: the verdict is that of --node."""
    first, second = remote.url(tree / "node1"), remote.url(tree / "node2")
    login, slash, directory = first.removeprefix("ssh://").partition("/")
    (tree / "symphony-doctor.toml").write_text(
        f'[nodes.node1]\ndir = "{slash}{directory}"\nssh = "{login}"\n[nodes.node2]\ndir = "{second}"\n'
    )
    known = remote.connections
    done = run(remote, "--inventory", tree / "symphony-doctor.toml")
    assert remote.connections == known + 2
    named = [part for name in ("node1", "node2") for part in ("--node", f"{name}={remote.url(tree / name)}")]
    assert verdict(done) == verdict(run(remote, *named))


def test_a_live_cluster_is_asked_at_the_addresses_of_its_files(remote: Host, start: Callable[..., Lab]) -> None:
    lab = start()
    urls = [part for node in lab.nodes for part in ("--node", remote.url(node.directory))]
    arguments = ("run", "--format", "json", *urls, "--creds", str(lab.system_credentials))

    done = doctor(*arguments, environment=remote.environment)

    assert done.codes == set()
    assert done.status == 0
    everyone = sorted(node.name for node in lab.nodes)
    coverage = done.report["summary"]["coverage"]
    assert [sorted(coverage[source]) for source in ("files", "nats", "info", "http")] == [everyone] * 4
    asyncio.run(lab.break_("dead-node"))
    assert "QU002" in doctor(*arguments, environment=remote.environment).codes


def test_a_mixture_of_here_and_there_with_names(remote: Host, tree: Path) -> None:
    done = run(
        remote, *nodes(tree, "node1"), "--node", f"two={remote.url(tree / 'node2')}", *behind(remote, tree, "node3")
    )

    assert [each["name"] for each in done.report["cluster"]["nodes"]] == ["node1", "node3", "two"]
    assert done.report["summary"]["error"] == 0


def test_who_is_refused_is_told_what_to_do(remote: Host, tree: Path) -> None:
    public = (remote.root / "host_key.pub").read_text()
    other = key(tree / "other")
    lost = behind(remote, tree, "node2")

    def why(*arguments: str) -> str:
        done = run(remote, *nodes(tree, "node1", "node3"), *arguments)
        assert done.status == 3, done.out
        assert done.codes == set(), done.codes
        # the others are diagnosed as usual
        assert done.report["summary"]["passed"] > 0
        return reason(done, "node2")

    try:
        remote.know(other)
        assert "its host key is not the one in known_hosts" in (words := why(*lost))
        assert f"ssh-keygen -R '[127.0.0.1]:{remote.port}'" in words
        (remote.root / "known_hosts").write_text("")
        assert "its host key is not known here yet" in (words := why(*lost))
        assert f"ssh -p {remote.port} {USER}@127.0.0.1" in words
    finally:
        remote.know(public)
    (remote.root / "authorized_keys").rename(remote.root / "away")
    try:
        assert "accepts no key of yours" in (words := why(*lost))
        assert "Permission denied (publickey" in words
    finally:
        (remote.root / "away").rename(remote.root / "authorized_keys")
    with relay(remote.port) as unused:
        pass
    words = why("--node", remote.url(tree / "node2", unused))
    assert f"ssh://{USER}@127.0.0.1:{unused}{tree}/node2: nothing listens on its SSH port" in words
    assert "its name does not resolve" in why("--node", f"ssh://nobody@host.invalid{tree}/node2")
    assert "does not exist: expected a node's Symphony directory" in why("--node", f"node2={remote.url(tree / 'no')}")


def test_without_an_ssh_program_it_says_so(remote: Host, tree: Path) -> None:
    done = doctor(
        *("run", "--offline", "--format", "json", *behind(remote, tree, "node1")), environment={"PATH": str(tree)}
    )

    assert done.status == 3
    assert "there is no ssh program here: install OpenSSH's client" in reason(done, "node1")


def test_hosts_that_hang_cost_one_deadline_together(remote: Host, tree: Path) -> None:
    with relay(remote.port) as hanging:
        urls = [part for name in NODES[1:] for part in ("--node", remote.url(tree / name, hanging))]
        done = run(remote, *nodes(tree, "node1"), *urls, "--timeout", "2s")

    assert done.status == 3
    for name in NODES[1:]:
        assert "it does not answer in time" in reason(done, name)
    assert done.seconds < 2 * 2 + 4
    assert children_named(str(tree)) == []


def test_a_host_that_hangs_costs_a_bundle_one_deadline(remote: Host, tree: Path) -> None:
    with relay(remote.port) as hanging:
        done = doctor(
            *("bundle", "collect", "--samples", "3", "--interval", "1ms", "--timeout", "2s"),
            *("--output", tree / "bundle.tar.gz", "--node", remote.url(tree / "node1", hanging)),
            environment=remote.environment,
        )

    assert done.status == 0, done.err
    assert done.seconds < 2 * 2 + 4
    assert "it does not answer in time" in doctor("run", "-v", "--bundle", tree / "bundle.tar.gz").out.replace(
        "\n", " "
    )


def test_a_link_that_breaks_in_the_middle(remote: Host, tree: Path) -> None:
    # noise that does not compress: there is something to be in the middle of
    (tree / "node2" / "nats.config").write_bytes(b"# " + os.urandom(1_000_000).hex().encode())
    with relay(remote.port, most=300_000) as cut:
        done = run(
            remote, *nodes(tree, "node1", "node3"), "--node", remote.url(tree / "node2", cut), "--timeout", "30s"
        )

    assert done.status == 3
    assert "the connection broke off" in reason(done, "node2")
    assert done.codes == set()
    assert children_named(str(tree)) == []


def test_half_of_the_files_are_not_permitted(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tree / "node2" / "symphony.config").chmod(0)
    (tree / "node2" / "storage").chmod(0)
    (tree / "node2" / "nats.log").chmod(0)
    with host(tmp_path_factory.mktemp("sshd") / "host", powerless=True) as remote:
        here = run(remote, *nodes(tree, *NODES), powerless=True)
        there = run(remote, *behind(remote, tree, *NODES))

    (tree / "node2" / "storage").chmod(0o700)
    assert there.status == here.status == 1
    assert {each["id"] for each in there.report["findings"]} == {each["id"] for each in here.report["findings"]}
    assert [each["status"] for each in there.report["checks"]] == [each["status"] for each in here.report["checks"]]
    (finding,) = there.findings("CF001")
    assert finding["nodes"] == ["node2"]
    assert "permission denied on its host; connect as its owner, or read with --sudo" in finding["detail"]


def test_sudo_that_would_ask_is_said(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    programs = tree / "programs"
    programs.mkdir()
    (programs / "sudo").write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    (programs / "sudo").chmod(0o755)
    root = tmp_path_factory.mktemp("sshd") / "host"
    with host(root, f"SetEnv PATH={programs}:/usr/bin:/bin") as remote:
        done = run(remote, *behind(remote, tree, "node1"), "--sudo")

    assert done.status == 3
    assert "sudo does not let the doctor read there without a password" in reason(done, "node1")
    assert "sudo: a password is required" in reason(done, "node1")


def test_a_bundle_of_nodes_behind_ssh(remote: Host, tree: Path) -> None:
    path, temporary, known = tree / "bundle.tar.gz", tree / "temporary", remote.connections
    temporary.mkdir()
    collect = ("bundle", "collect", "--offline", "--output", path)
    environment = {**remote.environment, "TMPDIR": str(temporary)}
    done = doctor(*collect, *behind(remote, tree, *NODES), environment=environment)
    assert done.status == 0, done.err
    # the key, the samples and the logs come by one connection a node, and nothing of it lies on a disk here
    assert remote.connections == known + 3
    assert list(temporary.iterdir()) == []

    files = unpacked(path)
    local = tree / "local.tar.gz"
    assert doctor("bundle", "collect", "--offline", "--output", local, *nodes(tree, *NODES)).status == 0
    # the key of the fingerprints is that of the cluster, and every node's log is in it
    assert {name for name in files if "log-tail" in name} == {name for name in unpacked(local) if "log-tail" in name}
    assert len([name for name in files if "log-tail" in name]) == 3
    for name in ("symphony.config.txt", "log-tail.txt"):
        assert files[f"nodes/node1/{name}"] == unpacked(local)[f"nodes/node1/{name}"]
    seeds = {
        seed
        for name in NODES
        for seed in nkey.seeds_of((tree / name / "symphony.config").read_text(), nkey.Kind.OPERATOR)
    }
    assert seeds
    assert not [seed for seed in seeds for content in files.values() if seed.encode() in content]
    again = doctor("run", "--format", "json", "--bundle", path)
    assert again.codes == run(remote, *nodes(tree, *NODES)).codes


def test_anonymous_bundles_name_neither_host_nor_user(remote: Host, tree: Path) -> None:
    (remote.root / "ssh_config").write_text(
        (remote.root / "ssh_config").read_text()
        + f"Host secret-host.example.com\n HostName 127.0.0.1\n HostKeyAlias [127.0.0.1]:{remote.port}\n"
    )
    path = tree / "bundle.tar.gz"
    url = f"ssh://jane-doe@secret-host.example.com:{remote.port}{tree}/node1"
    collect = ("bundle", "collect", "--offline", "--anonymize", "--output", path, "--node", url)
    done = doctor(*collect, environment=remote.environment)
    assert done.status == 0, done.err

    everything = b"".join(unpacked(path).values())
    assert b"jane-doe" not in everything
    assert b"secret-host" not in everything


def test_files_of_another_host_are_not_repaired(remote: Host, tree: Path) -> None:
    config = tree / "node2" / "nats.config"
    config.write_text(config.read_text().replace("name: symphony-cluster", "name: other"))
    before = listing(tree)

    done = doctor(
        *("run", "--offline", "--fix", "--yes", "--journal", str(tree.parent / "journal")),
        *behind(remote, tree, *NODES),
        environment=remote.environment,
    )

    assert "RT001" in done.out
    said = " ".join((done.out + done.err).split())
    assert f"the files of node2 were read at {remote.url(tree / 'node2')}, where the doctor changes nothing" in said
    assert listing(tree) == before


def test_an_interrupt_leaves_no_process(remote: Host, tree: Path) -> None:
    with relay(remote.port) as hanging:
        url = remote.url(tree / "node1", hanging)
        running = subprocess.Popen(
            [PROGRAM, "run", "--offline", "--timeout", "60s", "--node", url],
            env={**os.environ, **remote.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        word = f"ConnectTimeout=60\0-p\0{hanging}"
        end = time.monotonic() + 30
        while not children_named(word):
            assert time.monotonic() < end
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)

        assert running.returncode == 130
        assert b"Traceback" not in err
        assert children_named(word) == []
