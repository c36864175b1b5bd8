"""Log files: found, rotated, packed, damaged, huge; read from the end and no further than the budget."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.log import Log
from symphony_doctor.sources import log_files, log_parts
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.log_files import BUDGET, read
from symphony_doctor.sources.log_places import locate, rotated

WAIT = "JetStream system temporarily unavailable"


def line(second: int, message: str = WAIT) -> str:
    return f"[1] 2026/11/25 10:{second // 60:02}:{second % 60:02} [INF] {message}\n"


def look(*paths: Path, seconds: float = 60.0, mixed: bool = True) -> Evidence[tuple[Log, ...]]:
    return read(paths, lambda _: "secret:00000000", Deadline.after(seconds), mixed=mixed)


def one(*paths: Path) -> Log:
    found = look(*paths)
    assert isinstance(found, Seen), found
    (log,) = found.value
    return log


def totals(log: Log) -> list[int]:
    return [event.total for event in log.events]


def test_rotated_files_are_read_oldest_first(tmp_path: Path) -> None:
    current = tmp_path / "nats.log"
    current.write_text(line(30))
    (tmp_path / "nats.log.1").write_text(line(20))
    (tmp_path / "nats.log.2.gz").write_bytes(gzip.compress(line(10).encode()))
    (tmp_path / "nats.log.2026.11.25.10.00.01.123456789").write_text(line(25))
    (tmp_path / "nats.logs").write_text(line(0))
    (tmp_path / "nats.log.bak").write_text(line(0))
    assert [path.name for path in rotated(current)] == [
        "nats.log.2026.11.25.10.00.01.123456789",
        "nats.log.1",
        "nats.log.2.gz",
    ]
    log = one(current, *rotated(current))
    assert totals(log) == [4]
    assert log.events[0].first_at is not None
    assert log.events[0].last_at is not None
    assert log.events[0].last_at - log.events[0].first_at == 20
    assert not log.truncated


def test_numbers_count_as_numbers(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        (tmp_path / f"nats.log.{number}").write_text(line(number))
    assert [path.suffix for path in rotated(tmp_path / "nats.log")] == [".1", ".2", ".10"]


def test_a_packed_file_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "nats.log.1.gz"
    packed = gzip.compress("".join(line(at % 3600) for at in range(20_000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    log = one(path)
    assert log.truncated
    assert 0 < totals(log)[0] < 20_000


def test_a_packed_file_is_not_unpacked_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_parts, "UNPACKED_LIMIT", 1024 * 1024)
    bomb = tmp_path / "nats.log.1.gz"
    bomb.write_bytes(gzip.compress(bytes(4 * 1024 * 1024)))
    current = tmp_path / "nats.log"
    current.write_text(line(1))
    log = one(current, bomb)
    assert log.truncated
    assert totals(log) == [1]


def test_a_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    """As while a log is rotated."""
    current = tmp_path / "nats.log"
    current.write_text(line(1))
    (tmp_path / "nats.log.1").hardlink_to(current)
    assert totals(one(current, tmp_path / "nats.log.1")) == [1]


def test_a_log_that_is_gone_for_a_moment_has_its_rotated_files(tmp_path: Path) -> None:
    (tmp_path / "nats.log.1").write_text(line(1))
    assert totals(one(tmp_path / "nats.log", tmp_path / "nats.log.1")) == [1]


def test_a_log_that_shrinks_while_it_is_read_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nats.log"
    path.write_text(line(1) * 20_000)
    whole = os.pread

    def cut(handle: int, size: int, at: int) -> bytes:
        if at > 0:
            os.truncate(path, 0)
        return whole(handle, size, at)

    monkeypatch.setattr(os, "pread", cut)
    assert 0 < totals(one(path))[0] < 20_000


def test_only_the_end_is_read(tmp_path: Path) -> None:
    """A sparse file of 200 MB: its beginning, where a complaint stands, is not looked at; nor is memory used."""
    path = tmp_path / "nats.log"
    with path.open("wb") as file:
        file.write(line(1, "failed to create KV first: timeout").encode())
        file.truncate(200_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + line(2).encode())
    program = """
        import resource, sys
        from pathlib import Path
        from symphony_doctor.sources.deadline import Deadline
        from symphony_doctor.sources.log_files import read
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = read((Path(sys.argv[1]),), str, Deadline.after(60), mixed=True)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        (log,) = found.value
        print(log.truncated, [event.kind.value for event in log.events], used, sep="|")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)], capture_output=True, text=True, check=True
    )
    truncated, kinds, used = done.stdout.strip().split("|")
    assert (truncated, kinds) == ("True", "['quorum']")
    assert int(used) * 1024 < 64 * 1024 * 1024


def test_no_more_than_the_budget_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "BUDGET", 10 * len(line(0)))
    current, older, oldest = (tmp_path / name for name in ("nats.log", "nats.log.1", "nats.log.2"))
    current.write_text("".join(line(at) for at in range(6)))
    older.write_text("".join(line(at) for at in range(6)))
    oldest.write_text(line(0))
    log = one(current, older, oldest)
    assert log.truncated
    # the budget ends with four whole lines of the older file; the one before its cut counts as cut
    assert totals(log)[0] in {9, 10}
    assert BUDGET == 16 * 1024 * 1024


def test_every_byte_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nats.log"
    path.write_text(line(1) * 30_000)
    size, asked = path.stat().st_size, []
    whole = os.pread

    def counted(handle: int, length: int, at: int) -> bytes:
        found = whole(handle, length, at)
        asked.append((at, len(found)))
        return found

    monkeypatch.setattr(os, "pread", counted)
    one(path)
    magic, *blocks = asked
    assert magic == (0, 2)
    assert sum(length for _, length in blocks) == size
    assert [at for at, _ in blocks] == sorted({at for at, _ in blocks})


def test_where_time_runs_out_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nats.log"
    path.write_text(line(1, "failed to create KV first: timeout") * 30_000 + line(2))
    remaining = iter([10.0, 10.0, 4.0])

    class Slow(Deadline):
        @property
        def remaining(self) -> float:
            return next(remaining, 3.0)

    found = read((path,), str, Slow(0.0), mixed=True)
    assert isinstance(found, Seen)
    (log,) = found.value
    assert log.truncated
    assert log.events[-1].total == 1
    assert log.events[0].total < 30_000


def test_no_time_at_all_is_a_time_out(tmp_path: Path) -> None:
    path = tmp_path / "nats.log"
    path.write_text(line(1))
    with pytest.raises(TimeoutError):
        look(path, seconds=0)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, b"hello\n"])
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    found = look(path)
    assert isinstance(found, Missing)
    assert found.state is State.UNREADABLE
    assert "expected nats-server's log" in found.why


def test_an_empty_log_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "nats.log").touch()
    found = look(tmp_path / "nats.log")
    assert isinstance(found, Missing)
    assert found.state is State.NOT_ASKED


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "nats.log")
    assert isinstance(look(tmp_path / "nats.log"), Missing)


@pytest.mark.parametrize(
    ("configured", "there"),
    [
        ("nats.log", "nats.log"),
        ("logs/nats.log", "logs/nats.log"),
        ("/var/log/symphony/nats.log", "log/symphony/nats.log"),
        ("/var/log/symphony/nats.log", "nats.log"),
        ("/var/log/symphony/nats.log", "nats.log.1"),
    ],
)
def test_a_log_is_found_in_a_copied_directory(tmp_path: Path, configured: str, there: str) -> None:
    path = tmp_path / there
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line(1))
    found = locate(tmp_path, configured)
    assert found is not None
    assert found.parent == path.parent


def test_a_log_that_is_nowhere_is_not_found(tmp_path: Path) -> None:
    assert locate(tmp_path, "/var/log/symphony/nats.log") is None
    assert locate(tmp_path, "nats.log") is None
