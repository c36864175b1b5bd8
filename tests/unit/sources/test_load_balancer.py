"""Files of load balancers in every condition: read bounded, or missing with a reason; never waiting."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import Balancing
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.load_balancer import FILE_LIMIT, MOST_FILES, collect


def read(path: Path, seconds: float = 20.0) -> Evidence[Balancing]:
    return asyncio.run(collect(path, str, Deadline.after(seconds))).balancer.content


def missing(path: Path) -> Missing:
    found = read(path)
    assert isinstance(found, Missing)
    return found


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_program_is_told_by_content(tmp_path: Path) -> None:
    nginx = read(written(tmp_path / "one", "upstream a { server b:1; }"))
    haproxy = read(written(tmp_path / "two", "global\nbackend a\n server b c:1\n"))
    assert isinstance(nginx, Seen)
    assert isinstance(haproxy, Seen)
    assert (nginx.value.program, haproxy.value.program) == ("nginx", "HAProxy")


def test_includes_are_found_beside_the_file_and_above_it(tmp_path: Path) -> None:
    written(tmp_path / "upstreams/a.conf", "upstream a { server b:1; }")
    written(tmp_path / "upstreams/b.conf", "upstream b { server b:2; }")
    for place in ("nginx.conf", "conf.d/site.conf"):
        found = read(written(tmp_path / place, "include upstreams/*.conf;\nserver { }\n"))
        assert isinstance(found, Seen)
        assert [pool.title for pool in found.value.pools] == ["upstream a", "upstream b"]


def test_an_include_that_names_nothing_is_fine_as_a_pattern_alone(tmp_path: Path) -> None:
    assert isinstance(read(written(tmp_path / "a", "include none/*.conf; http { include mime.types; }")), Seen)
    found = missing(written(tmp_path / "nginx.conf", "http {\n  include none.conf;\n}\n"))
    assert found.state is State.UNREADABLE
    assert f"{tmp_path}/nginx.conf:2" in found.why
    assert f"{tmp_path}/none.conf does not exist" in found.why


def test_an_include_loop_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "nginx.conf", "include nginx.conf;")
    assert "includes itself" in missing(path).why
    written(tmp_path / "a.conf", "include b.conf;")
    written(tmp_path / "b.conf", "include a.conf;")
    assert "includes itself" in missing(tmp_path / "a.conf").why


@pytest.mark.parametrize("name", ["nginx.conf", "included"])
def test_a_fifo_a_directory_and_a_huge_file_are_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "nginx.conf"
    if name == "included":
        written(path, "include included;")
    os.mkfifo(tmp_path / name)
    assert "is a FIFO" in missing(path).why
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert "is a directory" in missing(path).why
    (tmp_path / name).rmdir()
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 30)
    assert f"expected at most {FILE_LIMIT:,}" in missing(path).why


def test_all_includes_together_are_bounded(tmp_path: Path) -> None:
    for number in range(3):
        written(tmp_path / f"conf.d/{number}.conf", "#" * (FILE_LIMIT - 10))
    assert "bytes" in missing(written(tmp_path / "nginx.conf", "include conf.d/*;")).why


def test_too_many_includes_are_refused(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        written(tmp_path / f"conf.d/{number}.conf", "")
    assert f"more than {MOST_FILES:,} files" in missing(written(tmp_path / "nginx.conf", "include conf.d/*;")).why


def test_a_file_that_is_not_there_or_empty(tmp_path: Path) -> None:
    assert missing(tmp_path / "none").state is State.ABSENT
    empty = missing(written(tmp_path / "empty", ""))
    assert empty.state is State.UNREADABLE
    assert f"{tmp_path}/empty:1:1: expected an nginx or HAProxy configuration" in empty.why


def test_a_deadline_that_is_over(tmp_path: Path) -> None:
    path = written(tmp_path / "nginx.conf", "server { }")
    found = asyncio.run(collect(path, str, Deadline.after(0))).balancer.content
    assert isinstance(found, Missing)
    assert found.state is State.TIMED_OUT
