"""The shape of the tree: small modules, and rules that nothing else knows by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symphony_doctor.testing import installed_checks

TREE = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(TREE) for part in ("symphony_doctor", "checks", "tools") for path in (TREE / part).rglob("*.py")
)
COMMANDS = [path for path in MODULES if path.parent.name == "commands"]
CODES = {check.code for check in installed_checks()} | {check.name for check in installed_checks()}


def lines(path: Path) -> int:
    return len((TREE / path).read_text().splitlines())


def test_modules_are_below_three_hundred_lines() -> None:
    assert {str(path): lines(path) for path in MODULES if lines(path) >= 300} == {}


def test_commands_are_below_a_hundred_and_twenty_lines() -> None:
    assert {str(path): lines(path) for path in COMMANDS if lines(path) >= 120} == {}


@pytest.mark.parametrize("room", ["engine", "reports", "sources", "assemble", "formats", "model", "commands"])
def test_no_room_knows_a_rule_by_code_or_name(room: str) -> None:
    found = {
        (str(path), word)
        for path in MODULES
        if path.parts[:2] == ("symphony_doctor", room)
        for word in re.findall(r"""["'`]([A-Za-z0-9-]+)["'`]""", (TREE / path).read_text())
        if word in CODES
    }

    assert found == set()
