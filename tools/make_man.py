"""Writes docs/man/*.1 from the commands themselves: a page for the program and one for each command.

``python tools/make_man.py`` writes them; ``--check`` writes nothing and says which of them are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

sys.path.append(str(Path(__file__).parents[1]))  # last: the installed package stands before the tree
from symphony_doctor import __version__
from symphony_doctor.commands._main import COMMANDS, cli
from tools.generated import ROOT, write_stale

MAN = ROOT / "docs" / "man"
PROGRAM = "symphony-doctor"

_EXIT_STATUS = (
    ("0", "nothing at or above --fail-on (error), and all evidence that was asked for is in"),
    ("1", "findings"),
    ("2", "the command line or an input cannot be used"),
    ("3", "nothing found, but evidence that was asked for could not be had"),
    ("4", "the doctor itself failed"),
    ("130", "interrupted"),
)


def pages() -> dict[Path, str]:
    """Return every page by its path."""
    context = click.Context(cli, info_name=PROGRAM)
    found = {MAN / f"{PROGRAM}.1": "\n".join(_program(context)) + "\n"}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is None:
            raise LookupError(name)
        found[MAN / f"{PROGRAM}-{name}.1"] = "\n".join(_page(name, command, context)) + "\n"
    return found


def _program(context: click.Context) -> Iterator[str]:
    yield from _head(PROGRAM, "finds out what is wrong with a Symphony cluster")
    yield from (".SH SYNOPSIS", f".B {_roff(PROGRAM)}", _line("COMMAND [OPTIONS]"), ".SH DESCRIPTION")
    yield from _text(cli.help or "")
    yield ".SH COMMANDS"
    for name, words in COMMANDS.items():
        yield from (".TP", f".BR {_roff(f'{PROGRAM}-{name}')} (1)", _line(words))
    yield from _options(cli, context)
    yield from _exit()


def _page(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield from _head(f"{PROGRAM}-{name}", COMMANDS[name].rstrip(".").replace("\n", " "))
    yield ".SH SYNOPSIS"
    yield from _synopsis(command, context)
    yield ".SH DESCRIPTION"
    yield from _text(command.help or "")
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None and not inner.hidden:
                below = click.Context(inner, info_name=each, parent=context)
                yield f'.SH "{_roff(f"{name} {each}".upper())}"'
                yield from _synopsis(inner, below)
                yield ".PP"
                yield from _text(inner.help or "")
                yield from _listed(inner, below)
    yield from _exit()
    yield from (".SH SEE ALSO", f".BR {_roff(PROGRAM)} (1)")


def _head(name: str, words: str) -> Iterator[str]:
    yield '.\\" Written by tools/make_man.py: change the commands, and run it again.'
    yield f'.TH "{_roff(name.upper())}" 1 "" "{_roff(f"{PROGRAM} {__version__}")}" "User Commands"'
    yield from (".SH NAME", f"{_roff(name)} \\- {_roff(words)}")


def _synopsis(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f".B {_roff(context.command_path)}"
    yield _line(" ".join(command.collect_usage_pieces(context)))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    yield ".SH OPTIONS"
    yield from _listed(command, context)


def _listed(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", f".B {_roff(record[0])}", _line(record[1]) if record[1] else "\\&")


def _exit() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for status, words in _EXIT_STATUS:
        yield from (".TP", f".B {status}", _line(words))


def _text(text: str) -> Iterator[str]:
    """Write paragraphs; those that click is told to leave alone stay line by line."""
    for paragraph in "\n".join(line.rstrip() for line in text.strip().split("\n")).split("\n\n"):
        if "\b" in paragraph.partition("\n")[0]:
            lines = [line.strip() for line in paragraph.replace("\b", "").split("\n") if line.strip()]
            if lines[0] in {"Examples:", "Example:"}:
                yield f".SS {lines.pop(0).rstrip(':')}"
            yield from (".nf", *map(_line, lines), ".fi")
        else:
            yield from (".PP", _line(" ".join(paragraph.split())))


def _line(text: str) -> str:
    """Write a line of text: what begins with a dot or a quote is no request."""
    escaped = _roff(" ".join(text.split()))
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _roff(text: str) -> str:
    """Escape what roff reads other than it is written; options keep their hyphens when they are copied."""
    for letter, written in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ("~", "\\(ti"),
        ("^", "\\(ha"),
        ("`", "\\(ga"),
        ('"', "\\(dq"),
    ):
        text = text.replace(letter, written)
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with ``--check`` say which are stale; the exit status."""
    wanted = pages()
    return write_stale(wanted, [path for path in MAN.glob("*.1") if path not in wanted], arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
