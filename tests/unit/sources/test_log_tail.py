"""The end of a log for people: whole lines, bounded, and only of files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from symphony_doctor.sources.log_tail import LIMIT, tail_of


def test_a_line_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "nats.log"
    path.write_text("a secret of many words\n" * LIMIT)
    found = tail_of(path)
    assert found is not None
    assert set(found.splitlines()) == {"a secret of many words"}
    assert LIMIT - 30 < len(found) <= LIMIT


def test_a_short_log_is_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "nats.log"
    path.write_bytes(b"one\n\xfftwo")
    assert tail_of(path) == "one\n\ufffdtwo"


def test_what_is_no_file_has_no_tail(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert [tail_of(tmp_path / name) for name in ("fifo", "gone", "nats.log.1.gz", ".")] == [None] * 4


def test_lines_since_a_time_with_what_belongs_to_them(tmp_path: Path) -> None:
    path = tmp_path / "nats.log"
    lines = [f"[1] 2026-11-26T00:{minute:02}:00Z [INF] line {minute}\n" for minute in range(30)]
    path.write_text("".join(lines[:20]) + "  of the same\n" + "".join(lines[20:]))
    since = datetime(2026, 11, 26, 0, 19, tzinfo=UTC).timestamp()
    assert tail_of(path, since) == lines[19] + "  of the same\n" + "".join(lines[20:])
    assert tail_of(path, since + 86_400) == ""
