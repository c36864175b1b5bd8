"""The units that the documentation offers: systemd itself finds nothing wrong with them, and they do what is said."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symphony_doctor.commands.run import command

ANALYZE = shutil.which("systemd-analyze")
UNITS = Path(__file__).parents[2] / "docs" / "systemd"
PROGRAM = "/opt/symphony-doctor/bin/symphony-doctor"


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser


def verify(directory: Path) -> subprocess.CompletedProcess[str]:
    names = sorted(path.name for path in directory.iterdir())
    return subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *names],
        cwd=directory, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def copied(to: Path, old: str = "", new: str = "") -> Path:
    to.mkdir()
    for path in UNITS.iterdir():
        # the program is where the tests are, and not yet in /opt
        text = path.read_text().replace(PROGRAM, str(Path(sys.executable).with_name("symphony-doctor")))
        (to / path.name).write_text(text.replace(old, new) if old else text)
    return to


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    done = verify(copied(tmp_path / "good"))
    assert (done.returncode, [line for line in done.stderr.splitlines() if "symphony-doctor" in line]) == (0, [])
    assert (
        "symphony-doctor" in verify(copied(tmp_path / "bad", "OnUnitActiveSec=5min", "OnUnitActiveSec=5 mints")).stderr
    )


def test_the_timer_runs_every_five_minutes_and_starts_the_service() -> None:
    timer = unit("symphony-doctor.timer")
    assert (timer["Timer"]["OnUnitActiveSec"], timer["Install"]["WantedBy"]) == ("5min", "timers.target")
    assert "Unit" not in timer["Timer"], "it starts the service of its own name"


def test_the_service_writes_the_textfile_with_options_that_there_are() -> None:
    service = unit("symphony-doctor.service")["Service"]
    program, name, *arguments = shlex.split(service["ExecStart"])
    assert (program, name, service["Type"], service["SuccessExitStatus"]) == (PROGRAM, "run", "oneshot", "1 3")
    values, rest, _order = command.make_parser(
        command.make_context("run", ["--help"], parent=None, resilient_parsing=True)
    ).parse_args(args=arguments)
    assert rest == []
    assert values["format_"] == "prometheus"
    assert str(Path(values["output"]).parent) in service["ReadWritePaths"].split()
