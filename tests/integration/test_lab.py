"""The lab: up, break and down across processes, and nothing left behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .program import PROGRAM, doctor

pytestmark = pytest.mark.cluster


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that have something to do with a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if str(folder) in command or place.is_relative_to(folder):
            found.append(command)
    return found


def wait_until_gone(folder: Path) -> None:
    """Wait for the end of what was killed: the kernel takes a moment."""
    deadline = time.monotonic() + 20
    while processes_of(folder):
        assert time.monotonic() < deadline, processes_of(folder)
        time.sleep(0.05)


def test_up_break_down(tmp_path: Path) -> None:
    """`lab up`, `lab break` and `lab down` are processes of their own; the printed commands work as they are."""
    root = tmp_path / "lab"
    try:
        up = doctor("lab", "up", "--dir", root, "--nodes", "3", within=150)
        assert (up.status, up.err) == (0, f"3 nodes are up in {root}\n")
        assert len([command for command in processes_of(root) if "nats-server" in command]) == 3
        diagnose, *_ = up.out.splitlines()
        assert diagnose.startswith("symphony-doctor run --node ")
        arguments = diagnose.split()[1:]
        assert doctor(*arguments, "--wait", "30s").status == 0
        wrong = doctor("lab", "break", "dead-nod", "--dir", root)
        assert (wrong.status, "did you mean dead-node?" in wrong.err) == (2, True)
        broken = doctor("lab", "break", "dead-node", "--node", "node3", "--dir", root)
        assert (broken.status, "node3" in broken.out) == (0, True)
        found = doctor(*arguments, "--format", "json")
        assert (found.status, found.findings("QU002")[0]["nodes"]) == (1, ["node3"])
        again = doctor("lab", "up", "--dir", root)
        assert (again.status, "a new or an empty directory" in again.err) == (2, True)
    finally:
        down = doctor("lab", "down", "--dir", root)
    assert (down.status, down.err) == (0, f"the lab in {root} is stopped\n")
    wait_until_gone(root)
    assert not root.exists()


def test_a_directory_that_cannot_be_had(tmp_path: Path) -> None:
    """No permission, or a file in the way: said in a sentence, and what is there stays."""
    locked, file = tmp_path / "locked", tmp_path / "file"
    locked.mkdir(mode=0o500)
    file.write_text("mine")
    for root, words in (
        (locked / "lab", "permission denied"),
        (file, "a new or an empty"),
        (file / "lab", "not a dir"),
    ):
        for action in ("up", "down") if root is not file else ("up",):
            done = doctor("lab", action, "--dir", root, powerless=True)
            assert (done.status, done.out) == (2, "")
            assert words in done.err or "no lab here" in done.err
    assert file.read_text() == "mine"


def test_list_of_faults() -> None:
    """`lab break` without a fault lists them, each with what it does; no lab is needed for it."""
    listed = doctor("lab", "break")
    assert listed.status == 0
    assert re.search(r"^dead-node +\S+", listed.out, re.MULTILINE)


@pytest.mark.parametrize("action", [["break", "dead-node"], ["down"]])
def test_no_lab_there(action: list[str], tmp_path: Path) -> None:
    done = doctor("lab", *action, "--dir", tmp_path)
    assert (done.status, done.out) == (2, "")
    assert f"{tmp_path / 'lab.json'}: no lab here" in done.err


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"nodes": 7}', "\x00", '{"nodes": [{}], "helpers": []}'])
def test_a_broken_state_file(content: str, tmp_path: Path) -> None:
    """A lab.json that is none: said, and nothing is stopped or removed."""
    (tmp_path / "lab.json").write_text(content)
    done = doctor("lab", "down", "--dir", tmp_path)
    assert (done.status, done.out) == (2, "")
    assert str(tmp_path / "lab.json") in done.err
    assert (tmp_path / "lab.json").read_text() == content


def test_down_never_stops_a_stranger(tmp_path: Path) -> None:
    """A process that has got the number of one of the lab's is left alone."""
    root = tmp_path / "lab"
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with stranger:
        try:
            assert doctor("lab", "up", "--dir", root, "--nodes", "1", within=150).status == 0
            state = root / "lab.json"
            text = state.read_text()
            pid = re.search(r'"pid": (\d+)', text)
            assert pid is not None
            os.kill(int(pid[1]), signal.SIGKILL)
            state.write_text(text.replace(pid[0], f'"pid": {stranger.pid}'))
            assert doctor("lab", "down", "--dir", root).status == 0
            wait_until_gone(root)
            assert stranger.poll() is None
        finally:
            stranger.communicate(b"\n", timeout=20)


@pytest.mark.parametrize("servers", [0, 1, 3])
def test_up_interrupted(servers: int, tmp_path: Path) -> None:
    """Ctrl-C while a lab comes up, before, between and after the first servers: all of it is stopped."""
    root = tmp_path / "lab"
    child = subprocess.Popen(
        [PROGRAM, "lab", "up", "--dir", root, "--nodes", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        wait_for_servers(root, servers)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    wait_until_gone(root)
    assert doctor("lab", "up", "--dir", root, "--nodes", "1", within=150).status == 0, "what it wrote is in the way"
    assert doctor("lab", "down", "--dir", root).status == 0


def wait_for_servers(root: Path, count: int) -> None:
    """Wait until the lab's directory is there, and so many of its servers run."""
    deadline = time.monotonic() + 60
    while not root.exists() or sum("nats-server -c" in command for command in processes_of(root)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_server_that_cannot_start(tmp_path: Path) -> None:
    """A binary that ends at once: its last words are told, nothing runs, and nothing is in the way afterwards."""
    binary = tmp_path / "nats-server"
    binary.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 1\n")
    binary.chmod(0o755)
    root = tmp_path / "lab"
    environment = {"SYMPHONY_DOCTOR_NATS_SERVER": str(binary)}
    done = doctor("lab", "up", "--dir", root, environment=environment)
    assert (done.status, done.out) == (2, "")
    assert "the server ended at once: no such luck" in done.err
    wait_until_gone(root)
    assert not root.exists()


def test_two_labs_at_the_same_time(tmp_path: Path) -> None:
    """Ports are free ones: two labs that start together do not get in each other's way."""
    roots = [tmp_path / "one", tmp_path / "two"]
    children = [
        subprocess.Popen(
            [PROGRAM, "lab", "up", "--dir", root, "--nodes", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for root in roots
    ]
    try:
        for child in children:
            _, err = child.communicate(timeout=150)
            assert child.returncode == 0, err
        ports = [int(port) for root in roots for port in re.findall(r'_port": (\d+)', (root / "lab.json").read_text())]
        assert len(set(ports)) == len(ports) == 8
    finally:
        for root in roots:
            doctor("lab", "down", "--dir", root)
            wait_until_gone(root)
