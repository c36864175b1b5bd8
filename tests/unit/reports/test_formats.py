from __future__ import annotations

import subprocess
import sys

import pytest

from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.json_v1 import to_json
from symphony_doctor.reports.plain import to_plain
from symphony_doctor.reports.terminal import to_terminal

from . import builder

REPORT = builder.report(*builder.wizard())


def test_the_formats_cannot_be_changed() -> None:
    assert set(FORMATS) == {"terminal", "json", "html", "junit", "sarif", "prometheus", "nagios", "markdown", "paste"}
    with pytest.raises(TypeError):
        FORMATS["json"] = FORMATS["terminal"]  # type: ignore[index]


def test_a_terminal_gets_a_screen_and_a_pipe_plain_text() -> None:
    assert FORMATS["terminal"](REPORT, terminal=True) == to_terminal(REPORT, width=80, color=False)
    assert FORMATS["terminal"](REPORT) == to_plain(REPORT)
    assert FORMATS["terminal"](REPORT, width=60, verbosity=1) == to_plain(REPORT, width=60, verbosity=1)


def test_colours_that_are_asked_for_are_given_to_a_pipe_too() -> None:
    assert FORMATS["terminal"](REPORT, color=True) == to_terminal(REPORT, width=80, color=True)


def test_json_is_the_same_however_it_is_asked_for() -> None:
    asked = FORMATS["json"](REPORT, verbosity=-1, width=40, color=True, terminal=True)

    assert asked == to_json(REPORT)


def test_nothing_that_draws_is_imported_before_it_is_used() -> None:
    program = (
        "import sys, symphony_doctor.reports.terminal, symphony_doctor.reports.plain, symphony_doctor.reports.json_v1, "
        "symphony_doctor.reports.check_list; "
        "print({'rich', 'tabulate', 'jsonschema', 'msgspec', 'jinja2', 'prometheus_client'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
