"""``symphony-doctor fix``: plan and apply repairs, tell what was repaired, put it back."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import click

from symphony_doctor.commands import run as diagnosis
from symphony_doctor.commands._asking import confirm
from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._repair_options import wishes as read_wishes
from symphony_doctor.commands._request import EVIDENCE
from symphony_doctor.commands._running import finish
from symphony_doctor.errors import DoctorError

_SOURCES = (*EVIDENCE, "journal", "repair_creds", "yes")

_JOURNAL = click.option("--journal", metavar="DIR", type=click.Path(path_type=Path), help="Where the journal is.")


class NotUndone(DoctorError):  # noqa: N818 - named by what it is
    """A step could not be put back; the message says why. Nothing was changed."""

    exit_code = 1


def _fix(ctx: click.Context, /, saved: Path | None, **options: Any) -> int | None:  # noqa: ANN401 - as click hands them over
    """Plan repairs from a fresh look or a saved report, ask, carry them out, and look again.

    The exit status is that of the cluster after the repair.

    \b
    Examples:
      symphony-doctor fix --node /opt/symphony --creds system.creds --dry-run
      symphony-doctor fix log
      symphony-doctor fix undo 0f7656-1
    """  # noqa: D301 - \b keeps click from joining lines
    if ctx.invoked_subcommand is not None:
        return None
    callback = diagnosis.command.callback
    if callback is None:
        raise TypeError("run has no callback")
    status = callback(**options, fix=True, saved=saved, say_on_stdout=options["format_"] == "terminal")
    return int(status)


command = click.Group(
    "fix",
    callback=click.pass_context(_fix),
    help=_fix.__doc__,
    invoke_without_command=True,
    params=[
        *(parameter for parameter in diagnosis.command.params if parameter.name != "fix"),
        click.Option(
            ["--report", "saved"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Repair only what this saved report (--format json) has, as far as it is still there.",
        ),
    ],
)


@command.command("log")
@_JOURNAL
def log(journal: Path | None) -> None:
    """List what was planned and done, oldest first, and which step was interrupted."""
    from symphony_doctor.remedies.history import history
    from symphony_doctor.remedies.journal import Journal, default_directory

    found = Journal(journal or default_directory(os.environ), new_secrets().leaks)
    for past in history(found.entries()):
        last = past.last
        click.echo(f"{last.step}  {last.at}  {past.state}  {last.action}  {last.title}")
        if last.words:
            click.echo(f"    {last.words}")


def _undo(step: str | None, **options: Any) -> None:  # noqa: ANN401 - as click hands them over
    """Put back what STEP replaced, or the last step that can be undone; `fix log` lists them."""
    from symphony_doctor.commands._repair_setting import all_actions
    from symphony_doctor.commands._undo import undo
    from symphony_doctor.commands.checks import providers
    from symphony_doctor.remedies.history import history, to_undo
    from symphony_doctor.remedies.journal import Journal, default_directory

    known = new_secrets()
    journal = Journal(options["journal"] or default_directory(os.environ), known.leaks)
    actions = all_actions(providers(()), lambda text: click.echo(text, err=True))
    final = frozenset(name for name, action in actions.items() if action.undo is None)
    past = to_undo(history(journal.entries()), step, final)
    if not options["yes"]:
        if not sys.stdin.isatty():
            raise NotUndone(f"{past.last.step}, {past.last.title}: give --yes to put it back")
        if not confirm(f"Put back {past.last.step}, {past.last.title}?"):
            raise click.Abort
    wishes = read_wishes(False, True, (), options["journal"], options["repair_creds"], ())  # noqa: FBT003
    number = f"undo-{past.last.step}-{secrets.token_hex(2)}"
    click.echo(finish(undo(past, journal, wishes, options, known, number)))


command.add_command(
    click.Command(
        "undo",
        callback=_undo,
        help=_undo.__doc__,
        params=[
            click.Argument(["step"], required=False),
            *(parameter for parameter in diagnosis.command.params if parameter.name in _SOURCES),
        ],
    )
)
