"""Questions at the terminal."""

from __future__ import annotations

import select
import sys
from typing import Final

import click

_OFTEN: Final = 0.1


def ask(question: str) -> str:
    """Return the line that is answered; raise ``click.Abort`` at the end of input.

    Python's own ``input`` sleeps on where an interrupt comes right before it does.
    """
    click.echo(question, nl=False, err=True)
    while not select.select([sys.stdin], [], [], _OFTEN)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        raise click.Abort
    return line.strip()


def confirm(question: str) -> bool:
    """Ask for yes or no until one of them is answered; no is what an empty line says."""
    answer = ask(f"{question} [y/N]: ").lower()
    while answer not in {"y", "yes", "n", "no", ""}:
        click.echo("Error: expected y or n", err=True)
        answer = ask(f"{question} [y/N]: ").lower()
    return answer.startswith("y")
