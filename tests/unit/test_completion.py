"""Shells complete commands, options, codes of rules and names of faults and of nodes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symphony_doctor.lab.faults import FAULTS
from symphony_doctor.testing import installed_checks

PROGRAM = Path(sys.executable).with_name("symphony-doctor")


def completed(line: str, part: int = 1) -> list[str]:
    """Ask for what bash would be given at the end of a line: the words, or with ``part`` 0 of which type they are."""
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
    return [each.split(",", 1)[part] for each in done.stdout.splitlines() if each]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("symphony-doctor str", ["streams"]),
        ("symphony-doctor run --sel", ["--select"]),
        ("symphony-doctor run --format nag", ["nagios"]),
        ("symphony-doctor checks explain js00", [f"JS00{number}" for number in range(1, 10)]),
        ("symphony-doctor run --select RT,QU", ["RT,QU001", "RT,QU002", "RT,QU003", "RT,QU004"]),
        ("symphony-doctor lab break wizard-p", ["wizard-per-node"]),
    ],
)
def test_what_is_completed(line: str, expected: list[str]) -> None:
    assert completed(line) == expected


def test_everything_is_offered_where_nothing_was_typed() -> None:
    assert set(completed("symphony-doctor lab break ")) == set(FAULTS)
    assert set(completed("symphony-doctor checks explain ")) == {check.code for check in installed_checks()}


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nats.config").write_text(f"server_name: symphony-{name}\n")
    return tmp_path


@pytest.mark.parametrize("option", ["--lost", "--yes-destructive"])
def test_names_of_nodes_are_those_of_the_directories_on_the_line(option: str, nodes: Path) -> None:
    line = f"symphony-doctor run --node {nodes}/one --node {nodes}/two --node n3={nodes}/three {option} "

    assert completed(line) == ["n3", "symphony-one", "symphony-two"]
    assert completed(f"{line}symphony-t") == ["symphony-two"]


def test_names_are_completed_where_bash_split_the_word_at_its_equals_sign(nodes: Path) -> None:
    assert completed(f"symphony-doctor run --node n3 = {nodes}/three --offline --lost ") == ["n3"]
    assert completed(f"symphony-doctor fix --node n3 = {nodes}/three --node {nodes}/one --lost n") == ["n3"]


def test_directories_that_cannot_be_used_and_other_hosts_give_no_name_and_no_error(nodes: Path) -> None:
    (nodes / "one" / "nats.config").write_text("server_name: {{{")
    (nodes / "two" / "nats.config").write_text('server_name: "a\\x1b[31mb"\n')
    line = f"symphony-doctor run --node {nodes}/absent --node ssh://nowhere.invalid/opt/symphony --bundle {nodes}/b"

    assert completed(f"{line} --lost ") == []
    assert completed(f"symphony-doctor run --node {nodes}/one --lost ") == ["one"]
    assert completed(f"symphony-doctor run --node {nodes}/two --lost ") == []
    assert completed(f"symphony-doctor lab break --dir {nodes} r1-bucket --node ") == []


def test_the_shell_completes_directories_and_files_by_itself() -> None:
    assert completed("symphony-doctor run --node ./fix", part=0) == ["dir"]
    assert completed("symphony-doctor run --log ./fix", part=0) == ["file"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_reads(shell: str) -> None:
    done = subprocess.run([PROGRAM, "completion", shell], capture_output=True, text=True, timeout=60, check=True)
    assert "_SYMPHONY_DOCTOR_COMPLETE" in done.stdout
    if (program := shutil.which(shell)) is None:
        pytest.skip(f"{shell} is not installed on this machine")
    subprocess.run([program, "-n", "/dev/stdin"], input=done.stdout, text=True, timeout=60, check=True)


def test_bash_itself_completes_a_name(nodes: Path) -> None:
    if (bash := shutil.which("bash")) is None:
        pytest.skip("bash is not installed on this machine")
    done = subprocess.run([PROGRAM, "completion", "bash"], capture_output=True, text=True, timeout=60, check=True)
    words = ["symphony-doctor", "run", "--node", "n3", "=", f"{nodes}/three", "--lost", ""]
    script = (
        f"{done.stdout}\nCOMP_WORDS=({' '.join(map(shlex.quote, words))})\nCOMP_CWORD={len(words) - 1}\n"
        '_symphony_doctor_completion symphony-doctor; echo "${COMPREPLY[@]}"'
    )
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        [bash],
        input=script,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert told.stdout.split() == ["n3"]
