"""The options of repairs, which `run` and `fix` have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from symphony_doctor.commands._completing import complete_nodes
from symphony_doctor.commands._login import exposures
from symphony_doctor.sources.credentials import Credentials, creds_file

F = TypeVar("F", bound=Callable[..., Any])

NAMES = ("dry_run", "yes", "yes_destructive", "journal", "repair_creds", "lost")

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of repairs. ``saved`` is the file of ``fix --report``."""

    dry_run: bool = False
    yes: bool = False
    confirmed: frozenset[str] = frozenset()
    journal: Path | None = None
    credentials: tuple[Credentials, ...] = ()
    lost: tuple[str, ...] = ()
    saved: Path | None = None


def repair_options(function: F) -> F:
    """Add the options to a command; ``wishes`` reads them."""
    for option in reversed(
        (
            click.option("--dry-run", is_flag=True, help="With --fix: show the plan, change nothing."),
            click.option("--yes", is_flag=True, help="Agree to the plan, all but what is destructive."),
            click.option(
                "--yes-destructive",
                multiple=True,
                metavar="NAME",
                shell_complete=complete_nodes,
                help="Agree to the destructive step on NAME.",
            ),
            click.option("--journal", metavar="DIR", type=_FILE, help="Where the journal of repairs is."),
            click.option(
                "--repair-creds",
                multiple=True,
                metavar="FILE",
                type=_FILE,
                help="Credentials of an account that is repaired (repeatable).",
            ),
            click.option(
                "--lost",
                multiple=True,
                metavar="NODE",
                shell_complete=complete_nodes,
                help="A node that is lost for good (repeatable).",
            ),
        )
    ):
        function = option(function)
    return function


def wishes(
    dry_run: bool,
    yes: bool,
    yes_destructive: tuple[str, ...],
    journal: Path | None,
    repair_creds: tuple[Path, ...],
    lost: tuple[str, ...],
    saved: Path | None = None,
) -> Wishes:
    """Read the options; raise ``InputError`` for credentials that are none."""
    credentials = tuple(creds_file(path, "--repair-creds") for path in repair_creds)
    for line in exposures(credentials):
        click.echo(line, err=True)
    return Wishes(
        dry_run=dry_run,
        yes=yes,
        confirmed=frozenset(yes_destructive),
        journal=journal,
        credentials=credentials,
        lost=lost,
        saved=saved,
    )
