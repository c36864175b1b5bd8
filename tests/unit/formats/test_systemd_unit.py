"""Unit files, as people write them."""

from __future__ import annotations

from symphony_doctor.formats.environment_file import variables_of
from symphony_doctor.formats.systemd_unit import parse, program, specified
from symphony_doctor.formats.words import split

UNIT = """\
# Symphony
[Unit]
Description=Symphony
ExecStart=/not/of/this/section

[Service]
Type=simple
User=symphony
WorkingDirectory=/opt/symphony
Environment="SYMPHONY_HOME=/opt/my symphony" LEVEL=info
ExecStart=/usr/bin/env \\
  # in between
  /opt/symphony/bin/symphony \\
  --config "/etc/my symphony/symphony.config"

[Install]
WantedBy=multi-user.target
"""


def test_a_unit() -> None:
    unit = parse([UNIT])
    assert unit.last("WorkingDirectory") == "/opt/symphony"
    assert unit.last("Missing") == ""
    assert unit.words("Environment") == ["SYMPHONY_HOME=/opt/my symphony", "LEVEL=info"]
    assert unit.words("ExecStart") == [
        "/usr/bin/env", "/opt/symphony/bin/symphony", "--config", "/etc/my symphony/symphony.config"
    ]  # fmt: skip


def test_drop_ins_go_before_the_unit() -> None:
    unit = parse([UNIT, "[Service]\nWorkingDirectory=/srv/symphony\nExecStart=\nExecStart=-/bin/symphony\n"])
    assert unit.last("WorkingDirectory") == "/srv/symphony"
    assert unit.settings["ExecStart"] == ("-/bin/symphony",)


def test_words() -> None:
    assert split("a 'b c' d") == ["a", "b c", "d"]
    assert split("it's") == ["it's"]
    assert program(["-@/bin/x", "y"]) == "/bin/x"
    assert program([]) == ""
    assert specified("/srv/%i/%%/%q", {"i": "n1", "%": "%"}) == "/srv/n1/%/%q"


def test_lines_that_are_none() -> None:
    assert parse(["", "\x00\n=\n[\n[Service]\nx\nWorkingDirectory\n", "[Service]\nA=b\\"]).settings["A"] == ("b",)


def test_files_of_variables() -> None:
    text = "# c\nA=1\nexport B='two words'\nC=\"x$A\"\nD\nE=\n=bad\n"
    assert variables_of(text) == {"A": "1", "B": "two words", "C": "x$A", "E": ""}
