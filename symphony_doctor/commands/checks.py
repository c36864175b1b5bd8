"""``symphony-doctor checks``: list the rules, explain one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import click

from symphony_doctor.commands._completing import complete_codes
from symphony_doctor.engine.load import Loaded, Provider, directory_provider, installed_providers, load
from symphony_doctor.engine.select import check_judging, select
from symphony_doctor.errors import UnknownCode
from symphony_doctor.model.check import Check
from symphony_doctor.model.judging import USUAL, Judging

CHECKS_DIR = click.option(
    "--checks-dir",
    "checks_directories",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A directory of further rules (repeatable).",
)


def load_rules(directories: tuple[Path, ...], judging: Judging = USUAL) -> Loaded:
    """Load the installed rules and those of the directories named; what is to be judged otherwise has to be theirs."""
    loaded = load(providers(directories))
    try:
        check_judging(judging, loaded.checks)
    except UnknownCode as error:
        raise _with_lost(error, loaded) from None
    return loaded


def providers(directories: tuple[Path, ...]) -> tuple[Provider, ...]:
    """Return where rules come from: what is installed, and the directories named."""
    return (*installed_providers(), *(directory_provider(each) for each in directories))


def not_loaded(loaded: Loaded) -> tuple[str, ...]:
    """Say of each provider or rule that cannot be used which it is and why."""
    return tuple(f"rules of {broken.origin}: {broken.error}" for broken in loaded.broken)


def choose(loaded: Loaded, wanted: Iterable[str], ignored: Iterable[str]) -> tuple[Check, ...]:
    """Choose of the rules that were loaded; a code that no rule has may be that of one that could not be."""
    try:
        return select(loaded.checks, wanted, ignored)
    except UnknownCode as error:
        raise _with_lost(error, loaded) from None


def _with_lost(error: UnknownCode, loaded: Loaded) -> UnknownCode:
    lost = not_loaded(loaded)
    return UnknownCode(". Not loaded: ".join([str(error), *(["; ".join(lost)] if lost else [])]))


@click.group("checks")
def command() -> None:
    """List the rules, or explain one.

    \b
    Examples:
      symphony-doctor checks list
      symphony-doctor checks explain JS001
    """  # noqa: D301 - \b keeps click from joining lines


@command.command("list")
@CHECKS_DIR
@click.option("-v", "--verbose", is_flag=True, help="Also what each rule needs and where it is from.")
def list_(checks_directories: tuple[Path, ...], verbose: bool) -> None:
    """List every rule with its code, name and severity."""
    from symphony_doctor.reports.check_list import list_checks

    loaded = load_rules(checks_directories)
    click.echo(list_checks(loaded.checks, verbose=verbose))
    for line in not_loaded(loaded):
        click.echo(f"not loaded: {line}", err=True)


@command.command("explain")
@click.argument("code", shell_complete=complete_codes)
@CHECKS_DIR
def explain(code: str, checks_directories: tuple[Path, ...]) -> None:
    """Explain what CODE means, how it is seen, what else it could be, how to repair and to verify."""
    from symphony_doctor.reports.check_list import explain_check

    chosen = choose(load_rules(checks_directories), [code], [])
    width = min(100, shutil.get_terminal_size().columns)
    click.echo("\n\n".join(explain_check(check, width=width) for check in chosen))
