"""Ctrl-C at any moment: the doctor ends within a second, restores the terminal and leaves no child process."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .fake_server import listening, say
from .program import PROGRAM, assert_clean

pytestmark = pytest.mark.cluster

WITHIN = 1.0
SLACK = 3.0
"""Seconds that a busy machine may take to let a process end that has nothing left to do."""
PATIENCE = 60.0


class Terminal:
    """The doctor on a terminal of its own, whose control characters work as those of a person do."""

    def __init__(self, process: subprocess.Popen[bytes], control: int, before: list[object]) -> None:
        self.process = process
        self.control = control
        self.before = before
        self.shown = b""

    def until(self, condition: Callable[[], bool]) -> None:
        """Read what is shown until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self._read(0.02)
            assert time.monotonic() < end, self.shown.decode()
            assert self.process.poll() is None, self.shown.decode()

    def interrupt(self) -> None:
        """Press Ctrl-C; it ends in time, in one line, and nothing of it is left."""
        session = self.process.pid
        os.write(self.control, b"\x03")
        began = time.monotonic()
        end = began + PATIENCE
        while self.process.poll() is None:
            self._read(0.01)
            assert time.monotonic() < end, self.shown.decode()
        seconds = time.monotonic() - began
        while self._read(0.1):
            pass
        text = self.shown.decode()
        assert self.process.returncode == 130, text
        assert "symphony-doctor: interrupted" in text, text
        assert_clean(text)
        assert "Exception ignored" not in text
        assert "never retrieved" not in text
        assert seconds < WITHIN + SLACK
        assert termios.tcgetattr(self.control) == self.before, "the terminal is not as it was"
        assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor stays hidden"
        assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l"), "the other screen stays"
        assert members(session) == []

    def _read(self, wait: float) -> bool:
        if not select.select([self.control], [], [], wait)[0]:
            return False
        try:
            data = os.read(self.control, 65536)
        except OSError:
            return False  # nobody holds the other side any more
        self.shown += data
        return bool(data)


@contextlib.contextmanager
def terminal(*arguments: str | Path, environment: dict[str, str] | None = None) -> Iterator[Terminal]:
    """Start the doctor as the leader of a session on a terminal."""
    control, side = pty.openpty()
    before: list[object] = list(termios.tcgetattr(control))
    # a shell would do the same: the terminal becomes that of the session
    code = "import fcntl,os,sys,termios; fcntl.ioctl(0,termios.TIOCSCTTY,0); os.execv(sys.argv[1],sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code, PROGRAM, *arguments],
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", **(environment or {})},
    )
    os.close(side)
    try:
        yield Terminal(process, control, before)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        os.close(control)


def members(session: int) -> list[str]:
    """The command lines of the processes of a session that are left."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append((stat.parent / "cmdline").read_bytes().decode())
    return found


def connected_to(port: int, count: int = 1) -> Callable[[], bool]:
    """Tell whether so many connections to a port of this machine are there."""
    word = f":{port:04X} 01 "

    def condition() -> bool:
        return sum(word in line for line in Path("/proc/net/tcp").read_text().splitlines()) >= count

    return condition


@pytest.mark.parametrize("command", [["run"], ["run", "--wait", "50s"], ["streams"], ["self-test"]])
def test_while_a_server_is_silent(command: list[str]) -> None:
    with listening(say(b"")) as port, terminal(*command, "--server", f"127.0.0.1:{port}", "--timeout", "50s") as shown:
        shown.until(connected_to(port))
        shown.interrupt()


@pytest.mark.parametrize("module", ["click", "gc", "rich", "msgspec"])
def test_while_modules_are_imported(module: str, tmp_path: Path) -> None:
    """The first milliseconds: the interrupt comes in the middle of an import, also one of Python's own machinery."""
    mark = tmp_path / "reached"
    (tmp_path / "sitecustomize.py").write_text(
        "import builtins, pathlib, time\n"
        "real = builtins.__import__\n"
        "def wrapped(name, *rest, **more):\n"
        f"    if name.partition('.')[0] == {module!r} and not pathlib.Path({str(mark)!r}).exists():\n"
        "        import sys\n"
        "        if 'symphony_doctor' in sys.modules:\n"
        f"            pathlib.Path({str(mark)!r}).touch()\n"
        "            time.sleep(30)\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = wrapped\n"
    )
    with (
        listening(say(b"")) as port,
        terminal(
            "run", "--server", f"127.0.0.1:{port}", "--timeout", "1s", environment={"PYTHONPATH": str(tmp_path)}
        ) as shown,
    ):
        shown.until(mark.exists)
        shown.interrupt()


@pytest.mark.parametrize("command", [["fix"], ["run", "--fix"]])
def test_at_the_prompt_of_a_repair(command: list[str], origin: Path, tmp_path: Path) -> None:
    """Nothing is changed, and no half-asked question is left on the terminal."""
    tree = shutil.copytree(origin, tmp_path / "lab")
    config = tree / "node2" / "nats.config"
    config.write_text(config.read_text().replace("name: symphony-cluster\n", "name: another\n"))
    before = config.read_bytes()
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(tree / name))]
    with terminal(*command, *nodes, "--offline", "--journal", tmp_path / "journal") as shown:
        shown.until(lambda: b"Carry out this plan?" in shown.shown)
        shown.interrupt()
    assert config.read_bytes() == before


def test_at_the_prompt_of_undo(origin: Path, tmp_path: Path) -> None:
    tree = shutil.copytree(origin, tmp_path / "lab")
    config = tree / "node2" / "nats.config"
    config.write_text(config.read_text().replace("name: symphony-cluster\n", "name: another\n"))
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(tree / name))]
    journal = ["--journal", str(tmp_path / "journal")]
    subprocess.run([PROGRAM, "fix", *nodes, "--offline", "--yes", *journal], check=False, capture_output=True)
    repaired = config.read_bytes()
    assert b"another" not in repaired
    with terminal("fix", "undo", *nodes, *journal) as shown:
        shown.until(lambda: b"Put back" in shown.shown)
        shown.interrupt()
    assert config.read_bytes() == repaired


def test_while_ssh_reads(tmp_path: Path) -> None:
    """The client of ssh, and what it started, end with the doctor."""
    (tmp_path / "ssh").write_text("#!/bin/sh\nsleep 7717 &\nexec sleep 7718\n")
    (tmp_path / "ssh").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with terminal(
        "run", "--offline", "--timeout", "50s", "--node", "ssh://host/opt/symphony", environment={"PATH": path}
    ) as shown:
        shown.until(lambda: sleeping() == 2)
        shown.interrupt()
    assert sleeping() == 0


def sleeping() -> int:
    """How many of the processes that stand for ssh there are."""
    found = 0
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += each.read_bytes() in {b"sleep\x007717\x00", b"sleep\x007718\x00"}
    return found


def test_while_watching(origin: Path) -> None:
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(origin / name))]
    with terminal("run", "--watch", "--offline", *nodes) as shown:
        shown.until(lambda: b"Looked at" in shown.shown)
        shown.interrupt()


def test_while_a_rule_is_busy(origin: Path, tmp_path: Path) -> None:
    """asyncio alone would lose the interrupt: nothing waits while rules look at the cluster."""
    mark = tmp_path / "reached"
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "slow.py").write_text(
        "import pathlib, time\n"
        "from symphony_doctor.api import Severity, check\n"
        '@check("ZZ001", name="slow-rule", severity=Severity.INFO, needs=())\n'
        "def slow(cluster):\n"
        '    """It takes its time."""\n'
        f"    pathlib.Path({str(mark)!r}).touch()\n"
        "    time.sleep(30)\n"
        "    yield from ()\n"
    )
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(origin / name))]
    with terminal("run", "--offline", *nodes, "--checks-dir", rules) as shown:
        shown.until(mark.exists)
        shown.interrupt()


def test_while_servers_answer(start: Callable[..., Lab]) -> None:
    """With connections of the system account open, which are closed in order or left."""
    lab = start(nodes=3)
    victim = lab.node_state("node3").process
    assert victim is not None
    victim.send(signal.SIGSTOP)
    try:
        urls = ",".join(node.client_url for node in lab.nodes)
        with terminal("run", "--server", urls, "--creds", lab.system_credentials, "--timeout", "50s") as shown:
            shown.until(connected_to(lab.node("node1").client_port))
            shown.interrupt()
    finally:
        victim.send(signal.SIGCONT)
