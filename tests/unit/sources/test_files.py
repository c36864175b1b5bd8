"""Reading of files and directories: bounded, never waiting, never raising."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.sources.files import directory_at, is_directory, list_directory, read_file

Make = Callable[[Path], object]


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def missing(found: object) -> Missing:
    assert isinstance(found, Missing)
    return found


def test_a_file_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_file(path, 10) == Seen(b"x" * 10, str(path))
    assert missing(read_file(path, 9)).state is State.TOO_LARGE


def test_a_file_that_says_that_it_is_empty() -> None:
    """Files of /proc have no size, and more in them than is wanted."""
    found = read_file(Path("/proc/self/maps"), 100)
    assert (missing(found).state, "grew beyond 100 bytes" in missing(found).why) == (State.TOO_LARGE, True)


@pytest.mark.parametrize(
    ("make", "state", "words"),
    [
        (lambda _: None, State.ABSENT, "does not exist"),
        (Path.mkdir, State.UNREADABLE, "is a directory, expected a file"),
        (os.mkfifo, State.UNREADABLE, "is a FIFO, expected a file"),
        (loop, State.UNREADABLE, "is a loop of symbolic links"),
        (lambda path: path.symlink_to("/dev/zero"), State.UNREADABLE, "is a character device"),
    ],
    ids=["missing", "directory", "fifo", "loop", "device"],
)
def test_what_is_no_file(make: Make, state: State, words: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    make(path)
    found = missing(read_file(path, 10))
    assert found.state is state
    assert found.why.startswith(str(path))
    assert words in found.why


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no path" in missing(read_file(Path("a\0b"), 10)).why
    assert "no directory" in missing(read_file(tmp_path / "file" / "x", 10)).why
    assert "name too long" in missing(read_file(tmp_path / ("x" * 300), 10)).why
    assert missing(list_directory(Path("a\0b"), 10)).state is State.UNREADABLE
    assert not is_directory(Path("a\0b"))


def test_a_directory_up_to_the_limit(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    assert list_directory(tmp_path, 3) == Seen(("a", "b", "c"), str(tmp_path))
    assert missing(list_directory(tmp_path, 2)).state is State.TOO_LARGE


def test_what_is_at_a_path(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert directory_at(tmp_path) == Seen(tmp_path, str(tmp_path))
    assert missing(directory_at(file)).why == f"{file} is a file, expected a directory"
    assert missing(directory_at(tmp_path / "no")).is_absence
