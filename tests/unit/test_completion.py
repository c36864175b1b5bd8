"""Shells complete commands, options, codes of rules and names of faults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symphony_doctor.lab.faults import FAULTS
from symphony_doctor.testing import installed_checks

PROGRAM = Path(sys.executable).with_name("symphony-doctor")


def completed(line: str) -> list[str]:
    """Ask for what bash would be given at the end of a line."""
    words = line.split(" ")
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "_SYMPHONY_DOCTOR_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [each.partition(",")[2] for each in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("symphony-doctor str", ["streams"]),
        ("symphony-doctor run --sel", ["--select"]),
        ("symphony-doctor run --format nag", ["nagios"]),
        ("symphony-doctor checks explain js00", [f"JS00{number}" for number in range(1, 10)]),
        ("symphony-doctor run --select RT,QU", ["RT,QU001", "RT,QU002", "RT,QU003"]),
        ("symphony-doctor lab break wizard-p", ["wizard-per-node"]),
    ],
)
def test_what_is_completed(line: str, expected: list[str]) -> None:
    assert completed(line) == expected


def test_everything_is_offered_where_nothing_was_typed() -> None:
    assert set(completed("symphony-doctor lab break ")) == set(FAULTS)
    assert set(completed("symphony-doctor checks explain ")) == {check.code for check in installed_checks()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_reads(shell: str) -> None:
    done = subprocess.run([PROGRAM, "completion", shell], capture_output=True, text=True, timeout=60, check=True)
    assert "_SYMPHONY_DOCTOR_COMPLETE" in done.stdout
    if (program := shutil.which(shell)) is None:
        pytest.skip(f"{shell} is not installed on this machine")
    subprocess.run([program, "-n", "/dev/stdin"], input=done.stdout, text=True, timeout=60, check=True)
