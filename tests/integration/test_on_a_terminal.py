"""What somebody sees who sits before a terminal."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .fake_server import listening, say, silent_until
from .program import PROGRAM
from .terminal import on_terminal


def shows(lines: list[str], text: str) -> bool:
    return any(text in line for line in lines)


def test_progress_is_a_line_a_node_and_is_gone_when_the_report_is_there(tmp_path: Path) -> None:
    answer = threading.Event()
    (tmp_path / "node1").mkdir()
    with listening(silent_until(answer)) as port:
        (tmp_path / "node1" / "nats.config").write_text(f'server_name: node1\nlisten: "127.0.0.1:{port}"\n')
        command = (PROGRAM, "run", "--node", tmp_path / "node1", "--timeout", "50s", "-q")
        with on_terminal(*command, size=(200, 24)) as terminal:
            terminal.wait(lambda: shows(terminal.lines, "node1  connecting"))
            assert shows(terminal.lines, "0 of 1 node ready, at most ")
            answer.set()
            terminal.end()

    # once only, and where progress was
    assert [line.startswith("node1 (1 node)") for line in terminal.lines] == [True]
    assert terminal.cursor_is_shown


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": "1"}])
def test_a_terminal_that_cannot_move_its_cursor_gets_no_progress_and_no_escape(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "node1").mkdir()
    with listening(say(b"")) as port:
        (tmp_path / "node1" / "nats.config").write_text(f'server_name: node1\nlisten: "127.0.0.1:{port}"\n')
        command = (PROGRAM, "run", "--node", tmp_path / "node1", "--timeout", "1500ms")
        with on_terminal(*command, environment=environment) as terminal:
            terminal.end()

    assert "Looking for" not in terminal.text
    assert "\x1b" not in terminal.text


def test_nothing_of_progress_is_written_to_a_pipe() -> None:
    with listening(say(b"")) as port:
        done = subprocess.run(
            [PROGRAM, "run", "--server", f"127.0.0.1:{port}", "--timeout", "1500ms", "-q"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_an_interrupt_leaves_the_report_and_the_terminal_as_it_was() -> None:
    with listening(say(b"")) as port:
        command = (PROGRAM, "run", "--server", f"127.0.0.1:{port}", "--timeout", "50s", "-q")
        with on_terminal(*command, size=(200, 24)) as terminal:
            before = terminal.settings
            terminal.wait(lambda: shows(terminal.lines, "connecting"))
            terminal.press(b"\x03")
            status = terminal.end()

    assert status == 130
    assert shows(terminal.lines, "INTERRUPTED, so not complete")
    assert not shows(terminal.lines, "connecting")
    assert terminal.cursor_is_shown
    assert terminal.settings == before


def test_the_second_interrupt_is_not_waited_out() -> None:
    """The first one asks a gathering to end; the second one ends whatever has not ended by then."""
    script = """
import asyncio, os, signal
from symphony_doctor.commands._observing import _stop

async def main():
    with _stop() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        await stop.wait()
        print("first", flush=True)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(3600)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("second")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["first", "second"]


def test_who_ignores_interrupts_still_does() -> None:
    answer = threading.Event()
    with listening(silent_until(answer)) as port:
        script = f'trap "" INT; exec "$0" run --server 127.0.0.1:{port} --timeout 50s -q'
        with on_terminal("/bin/sh", "-c", script, PROGRAM, size=(200, 24)) as terminal:
            terminal.wait(lambda: shows(terminal.lines, "connecting"))
            terminal.press(b"\x03")
            terminal.wait(lambda: shows(terminal.lines, "^C"))
            answer.set()
            status = terminal.end()

    assert status != 130
    assert shows(terminal.lines, "(1 node): No problem found")
    assert not shows(terminal.lines, "INTERRUPTED")
