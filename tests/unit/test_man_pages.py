"""The man pages are those of these commands, and what reads them finds nothing wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from symphony_doctor.commands._main import COMMANDS, cli

from .tools import ROOT, tool

MAN = shutil.which("man")
REQUESTS = {"TH", "SH", "SS", "TP", "PP", "B", "BR", "nf", "fi"}
NAMES = ["symphony-doctor", *(f"symphony-doctor-{name}" for name in COMMANDS)]


def page(name: str) -> Path:
    return ROOT / "docs" / "man" / f"{name}.1"


def shown(path: Path) -> str:
    done = subprocess.run(
        [str(MAN), "-l", "--warnings", "-Tascii", path],
        capture_output=True, text=True, check=False, timeout=60, env={"MANWIDTH": "200", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), path
    return " ".join(re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout).split())


def test_there_is_a_page_for_every_command_and_all_are_up_to_date() -> None:
    wanted = tool("make_man").pages()
    assert sorted(wanted) == sorted((ROOT / "docs" / "man").glob("*.1")) == sorted(map(page, NAMES))
    for path, text in wanted.items():
        assert path.read_text(encoding="utf-8") == text, "stale: run tools/make_man.py"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_only_requests_that_are_meant_and_the_sections_of_one(name: str) -> None:
    lines = page(name).read_text(encoding="ascii").splitlines()
    requests = [line.split()[0][1:] for line in lines if line.startswith((".", "'")) and not line.startswith('.\\"')]
    assert set(requests) <= REQUESTS
    assert requests[:2] == ["TH", "SH"]
    assert requests.count("nf") == requests.count("fi")
    assert {".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXIT STATUS"} <= set(lines)
    assert all(not re.search(r"\\(?![e\-&]|\(ti|\(ha|\(ga|\(dq|\[u[0-9A-F]{4,5}\])", line) for line in lines[1:])


@pytest.mark.skipif(MAN is None or shutil.which("groff") is None, reason="no man here")
@pytest.mark.parametrize("name", NAMES)
def test_man_shows_a_page_without_a_warning_and_with_every_option(name: str) -> None:
    text = shown(page(name))
    command = cli if name == "symphony-doctor" else cli.get_command(click.Context(cli), name[len("symphony-doctor-") :])
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert all(option in text for option in parameter.opts), parameter.opts


def test_what_roff_would_read_otherwise_is_escaped() -> None:
    line = tool("make_man")._line
    assert line(".SH x") == "\\&.SH x"
    assert line("'so /etc/passwd") == "\\&'so /etc/passwd"
    assert line('a\\b --c "d" ~^` \u2026') == "a\\eb \\-\\-c \\(dqd\\(dq \\(ti\\(ha\\(ga \\[u2026]"
