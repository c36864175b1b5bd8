"""Ctrl-C at any moment: the doctor ends within a second, restores the terminal and leaves no child process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .fake_server import listening, say
from .program import PROGRAM, assert_clean, is_connected, session_members
from .terminal import Terminal, on_terminal

pytestmark = pytest.mark.cluster

WITHIN = 1.0
SLACK = 3.0
"""Seconds that a busy machine may take to let a process end that has nothing left to do."""
PATIENCE = 60.0


def terminal(
    *arguments: str | Path, environment: dict[str, str] | None = None
) -> contextlib.AbstractContextManager[Terminal]:
    """Start the doctor as the leader of a session on a terminal, whose control characters work as those of a person."""
    return on_terminal(PROGRAM, *arguments, environment=environment)


def interrupt(shown: Terminal) -> None:
    """Press Ctrl-C; it ends in time, in one line, and nothing of it is left."""
    session, before = shown.process, shown.settings
    shown.press(b"\x03")
    began = time.monotonic()
    status = shown.end(PATIENCE)
    seconds = time.monotonic() - began
    assert status == 130, shown.text
    assert "symphony-doctor: interrupted" in shown.text, shown.text
    assert_clean(shown.text)
    assert "Exception ignored" not in shown.text
    assert "never retrieved" not in shown.text
    assert seconds < WITHIN + SLACK
    assert shown.settings == before, "the terminal is not as it was"
    assert shown.text.count("\x1b[?25l") == shown.text.count("\x1b[?25h"), "the cursor stays hidden"
    assert shown.text.count("\x1b[?1049h") == shown.text.count("\x1b[?1049l"), "the other screen stays"
    assert session_members(session) == []


@pytest.mark.parametrize("command", [["run"], ["run", "--wait", "50s"], ["streams"], ["self-test"]])
def test_while_a_server_is_silent(command: list[str]) -> None:
    with listening(say(b"")) as port, terminal(*command, "--server", f"127.0.0.1:{port}", "--timeout", "50s") as shown:
        shown.wait(lambda: is_connected(shown.process, port), PATIENCE)
        interrupt(shown)


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
        shown.wait(mark.exists, PATIENCE)
        interrupt(shown)


@pytest.mark.parametrize("command", [["fix"], ["run", "--fix"]])
def test_at_the_prompt_of_a_repair(command: list[str], origin: Path, tmp_path: Path) -> None:
    """Nothing is changed, and no half-asked question is left on the terminal."""
    tree = shutil.copytree(origin, tmp_path / "lab")
    config = tree / "node2" / "nats.config"
    config.write_text(config.read_text().replace("name: symphony-cluster\n", "name: another\n"))
    before = config.read_bytes()
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(tree / name))]
    with terminal(*command, *nodes, "--offline", "--journal", tmp_path / "journal") as shown:
        shown.wait(lambda: "Carry out this plan?" in shown.text, PATIENCE)
        interrupt(shown)
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
        shown.wait(lambda: "Put back" in shown.text, PATIENCE)
        interrupt(shown)
    assert config.read_bytes() == repaired


def test_while_ssh_reads(tmp_path: Path) -> None:
    """The client of ssh, and what it started, end with the doctor."""
    (tmp_path / "ssh").write_text("#!/bin/sh\nsleep 7717 &\nexec sleep 7718\n")
    (tmp_path / "ssh").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with terminal(
        "run", "--offline", "--timeout", "50s", "--node", "ssh://host/opt/symphony", environment={"PATH": path}
    ) as shown:
        shown.wait(lambda: sleeping() == 2, PATIENCE)
        interrupt(shown)
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
        shown.wait(lambda: "Looked at" in shown.text, PATIENCE)
        interrupt(shown)


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
        shown.wait(mark.exists, PATIENCE)
        interrupt(shown)


def test_while_servers_answer(start: Callable[..., Lab]) -> None:
    """With connections of the system account open, which are closed in order or left."""
    lab = start(nodes=3)
    victim = lab.node_state("node3").process
    assert victim is not None
    victim.send(signal.SIGSTOP)
    try:
        urls = ",".join(node.client_url for node in lab.nodes)
        with terminal("run", "--server", urls, "--creds", lab.system_credentials, "--timeout", "50s") as shown:
            shown.wait(lambda: is_connected(shown.process, lab.node("node1").client_port), PATIENCE)
            interrupt(shown)
    finally:
        victim.send(signal.SIGCONT)
