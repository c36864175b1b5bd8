"""``symphony-doctor checks``: list the rules, explain one."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from symphony_doctor.engine.load import Loaded, Provider, directory_provider, installed_providers, load
from symphony_doctor.engine.select import select

CHECKS_DIR = click.option(
    "--checks-dir",
    "checks_directories",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A directory of further rules (repeatable).",
)


def load_rules(directories: tuple[Path, ...]) -> Loaded:
    """Load the installed rules and those of the directories named."""
    return load(providers(directories))


def providers(directories: tuple[Path, ...]) -> tuple[Provider, ...]:
    """Return where rules come from: what is installed, and the directories named."""
    return (*installed_providers(), *(directory_provider(each) for each in directories))


@click.group("checks")
def command() -> None:
    """List the rules, or explain one."""


@command.command("list")
@CHECKS_DIR
@click.option("-v", "--verbose", is_flag=True, help="Also what each rule needs and where it is from.")
def list_(checks_directories: tuple[Path, ...], verbose: bool) -> None:
    """List every rule with its code, name and severity."""
    from symphony_doctor.reports.check_list import list_checks

    loaded = load_rules(checks_directories)
    click.echo(list_checks(loaded.checks, verbose=verbose))
    for broken in loaded.broken:
        click.echo(f"not loaded: {broken.origin}: {broken.error}", err=True)


@command.command("explain")
@click.argument("code")
@CHECKS_DIR
def explain(code: str, checks_directories: tuple[Path, ...]) -> None:
    """Explain what CODE means, how it is seen, what else it could be, how to repair and to verify."""
    from symphony_doctor.reports.check_list import explain_check

    chosen = select(load_rules(checks_directories).checks, [code], [])
    width = min(100, shutil.get_terminal_size().columns)
    click.echo("\n\n".join(explain_check(check, width=width) for check in chosen))
