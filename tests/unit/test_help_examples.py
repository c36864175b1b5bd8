"""Every command shows examples in its help, and each of them is a command line that can be given."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from symphony_doctor.commands._main import COMMANDS, cli


def examples(command: click.Command) -> list[str]:
    own = re.findall(r"^\s+(symphony-doctor .+)$", command.help or "", re.MULTILINE)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            own += examples(inner)
    return own


def command_of(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


ALL = [(name, line) for name in COMMANDS for line in examples(command_of(name))]


def parse(line: str) -> None:
    """Parse options and arguments as click does, but for whether files are there."""
    _program, *arguments = shlex.split(line.partition(" | ")[0].partition(" > ")[0])
    command: click.Command = cli
    context = click.Context(cli)
    while True:
        values, rest, _ = command.make_parser(context).parse_args(args=arguments)
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and isinstance(values.get(parameter.name or ""), str):
                parameter.type.convert(values[parameter.name or ""], parameter, context)
        if not isinstance(command, click.Group) or not rest:
            assert isinstance(command, click.Group) or rest == [], rest
            return
        inner = command.get_command(context, rest[0])
        assert inner is not None, f"there is no command {rest[0]!r}"
        command, context, arguments = inner, click.Context(inner, parent=context), rest[1:]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_examples(name: str) -> None:
    assert re.search(r"Examples?:", command_of(name).help or "") or name == "completion"
    assert any(line.startswith(f"symphony-doctor {name}") for line in examples(command_of(name)))


@pytest.mark.parametrize(("name", "line"), ALL)
def test_an_example_can_be_given(name: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize(
    "line", ["symphony-doctor run --nod x", "symphony-doctor fix undoo", "symphony-doctor run --format sarf"]
)
def test_what_cannot_be_given_is_noticed(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(line)
