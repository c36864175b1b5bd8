"""Properties of every report in every format for people."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symphony_doctor.model.report import Report
from symphony_doctor.reports.plain import to_plain
from symphony_doctor.reports.terminal import to_terminal

from .strategies import reports

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def root_commands(report: Report) -> set[str]:
    return {command for root in report.roots for remedy in root.finding.remedies for command in remedy.commands}


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@given(reports, st.integers(40, 200))
@settings(max_examples=60, deadline=None)
def test_a_screen_holds_every_command_on_its_own_line_and_no_control(
    verbosity: int, report: Report, width: int
) -> None:
    text = to_terminal(report, width=width, color=False, verbosity=verbosity)

    assert not CONTROLS.search(text)
    assert text.endswith("\n")
    if verbosity >= 0:
        assert {f"    {command}" for command in root_commands(report)} <= set(text.split("\n"))


@given(reports, st.integers(40, 200), st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_colours_change_nothing_but_colours(report: Report, width: int, verbosity: int) -> None:
    plain = to_terminal(report, width=width, color=False, verbosity=verbosity)
    coloured = ESCAPES.sub("", to_terminal(report, width=width, color=True, verbosity=verbosity))

    def stripped(text: str) -> list[str]:
        return [line.rstrip() for line in text.split("\n")]

    assert not CONTROLS.search(coloured)
    assert stripped(coloured) == stripped(plain)


@given(reports, st.integers(40, 200), st.integers(-1, 1))
@settings(max_examples=60, deadline=None)
def test_plain_text_holds_every_command_and_is_ascii_but_for_them(report: Report, width: int, verbosity: int) -> None:
    text = to_plain(report, width=width, verbosity=verbosity)
    lines = text.split("\n")
    commands = {
        f"    {command}" for finding in report.findings for r in finding.finding.remedies for command in r.commands
    }

    assert all(line.isascii() for line in lines if line not in commands)
    assert not CONTROLS.search(text)
    if verbosity >= 0:
        assert {f"    {command}" for command in root_commands(report)} <= set(lines)
