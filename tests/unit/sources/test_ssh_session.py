"""The connection itself, with other programs in ssh's place: floods, bombs, noise, silence; nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import time
from pathlib import Path

import pytest

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources import ssh_session
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import UnreachedError
from symphony_doctor.sources.ssh_host import SshHost
from symphony_doctor.sources.ssh_script import Ask, request
from symphony_doctor.sources.ssh_session import SshSession

WHERE = "ssh://op@n2:2222/opt"
ROUND = request((Ask("P", "/"),))
# what stands behind the destination is what the host's shell would be given
REMOTE = 'for last; do :; done; eval "$last"'


def session(place: Path, program: str | None) -> SshSession:
    if program is not None:
        (place / "ssh").write_text(f"#!/bin/sh\n{program}\n")
        (place / "ssh").chmod(0o755)
    path = f"{place}:{os.environ['PATH']}" if program is not None else str(place)
    environment = {**os.environ, "PATH": path, "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22", "PLACE": str(place)}
    return SshSession(SshHost("n2", "op", 2222), WHERE, environment)


def ask(connection: SshSession, seconds: float = 30.0, rounds: int = 1) -> list[bytes]:
    async def work() -> list[bytes]:
        try:
            return [await connection.ask(ROUND, Deadline.after(seconds)) for _ in range(rounds)]
        finally:
            await connection.close()

    return asyncio.run(work())


def lost(connection: SshSession, seconds: float = 30.0) -> Missing:
    with pytest.raises(UnreachedError) as raised:
        ask(connection, seconds)
    assert raised.value.missing.why.startswith(f"{WHERE}: ")
    return raised.value.missing


def test_several_rounds_are_asked_of_one_process(tmp_path: Path) -> None:
    connection = session(tmp_path, f"echo $$ >> $PLACE/processes; {REMOTE}")

    assert ask(connection, rounds=3) == [b"dr-\n"] * 3
    assert len((tmp_path / "processes").read_text().split()) == 1
    assert connection.seen_as == "192.0.2.2"


def test_ssh_may_ask_for_nothing_and_is_given_no_option_by_a_host(tmp_path: Path) -> None:
    program = f"""printf '%s\\n' "$@" > $PLACE/arguments; echo $SSH_ASKPASS_REQUIRE > $PLACE/askpass; {REMOTE}"""
    ask(session(tmp_path, program))

    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments[-3:-1] == ["--", "op@n2"]
    assert "BatchMode=yes" in arguments
    assert arguments[arguments.index("-p") + 1] == "2222"
    assert (tmp_path / "askpass").read_text() == "never\n"


def test_what_a_start_file_prints_is_no_answer(tmp_path: Path) -> None:
    noise = "echo Welcome to n2; echo 'symphony-doctor 0'; echo complaint >&2"

    assert ask(session(tmp_path, f"{noise}; {REMOTE}")) == [b"dr-\n"]


def test_programs_that_the_host_lacks_are_named(tmp_path: Path) -> None:
    for name in ("sh", "dd"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    why = lost(session(tmp_path, f"PATH=$PLACE; {REMOTE}")).why

    assert "its shell does not find tar find xargs sed ls head tail: the doctor needs it there" in why


def test_without_ssh_nothing_is_tried(tmp_path: Path) -> None:
    found = lost(session(tmp_path, None))

    assert found.state is State.UNREACHABLE
    assert "there is no ssh program here" in found.why


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("echo 'op@n2: Permission denied (publickey).' >&2; exit 255", "accepts no key of yours"),
        ("exit 0", "the connection broke off, ssh ended with status 0"),
        ("kill -9 $$", "the connection broke off, ssh ended with status -9"),
        ("echo END >&2; exec >&-; sleep 1000", "the connection broke off: try"),
    ],
)
def test_an_end_of_ssh_is_the_end_of_the_connection(program: str, words: str, tmp_path: Path) -> None:
    assert words in lost(session(tmp_path, program)).why


def test_a_flood_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_session, "LIMIT", 1_000_000)
    connection = session(tmp_path, "cat /dev/zero")

    assert "it sent more than 1,000,000 bytes" in lost(connection).why
    assert len(connection._ends.output) <= 1_000_000


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_session, "LIMIT", 1_000_000)
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(100_000_000)))
    # a host that answers as the script does, but for what it packs
    gzip_there = tmp_path / "gzip"
    gzip_there.write_text("#!/bin/sh\ncat > /dev/null\nexec cat $PLACE/bomb\n")
    gzip_there.chmod(0o755)

    assert "it sent more than 1,000,000 bytes" in lost(session(tmp_path, REMOTE)).why


def test_silence_costs_the_deadline_and_leaves_no_process(tmp_path: Path) -> None:
    # a jump host's ssh is a child of ssh: it goes with it
    program = (
        "sh -c 'echo $$ > $PLACE/child.new; mv $PLACE/child.new $PLACE/child; sleep 1000' & echo $$ > $PLACE/own; wait"
    )
    began = time.monotonic()
    found = lost(session(tmp_path, program), seconds=2.0)

    assert found.state is State.TIMED_OUT
    assert "it does not answer in time" in found.why
    assert time.monotonic() - began < 10
    for name in ("own", "child"):
        assert is_gone(int((tmp_path / name).read_text()))


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    connection = session(tmp_path, "echo $$ > $PLACE/own.new; mv $PLACE/own.new $PLACE/own; sleep 1000")

    async def work() -> None:
        async def asking() -> None:
            try:
                await connection.ask(ROUND, Deadline.after(60))
            finally:
                await connection.close()

        task = asyncio.create_task(asking())
        while not (tmp_path / "own").exists():  # noqa: ASYNC110 - no event tells of a file
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert is_gone(int((tmp_path / "own").read_text()))


def is_gone(process: int) -> bool:
    """Tell whether a process has ended; one that nobody waits for has."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in {"Z", "X"}:
            return True
    return False
