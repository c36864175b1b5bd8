"""The entry point: subcommands by name, each imported when it is used, and the one error handler."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from symphony_doctor import __version__
from symphony_doctor.commands._failing import INTERRUPTED, failed, place_of
from symphony_doctor.errors import DoctorError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Diagnose a cluster.",
    "fix": "Repair a cluster; see what was repaired, put it back.",
    "bundle": "Pack the evidence for support; look into a bundle, check one.",
    "streams": "Every stream, its replicas wanted and had, leader and peers.",
    "diff": "What differs between the nodes' configurations, by key.",
    "compare": "What is new, gone and still there between two reports.",
    "self-test": "What this access can see, and which rules are blind.",
    "init": "Write an inventory of what can be discovered.",
    "checks": "List the rules, or explain one.",
    "demo": "Start a real cluster here, break it, diagnose it, repair it.",
    "completion": "Completion for bash, zsh and fish.",
    "lab": "A real cluster on this machine to try things on.",
}

FAILED = 4

_GARBAGE_AFTER = 100_000
"""New objects between two searches for garbage: nearly all that a run makes lives until its end."""


class _Commands(click.Group):
    """Imports a subcommand's module only when that subcommand is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"symphony_doctor.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symphony-doctor")
def cli() -> None:
    """Find out what is wrong with a Symphony cluster, root cause first.

    \b
    Exit status: 0 healthy, 1 findings, 2 wrong command line or input,
    3 nothing found but evidence that was asked for is missing, 4 the doctor
    itself failed, 130 interrupted.
    """  # noqa: D301 - \b keeps click from joining lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its status; no traceback reaches a user."""
    gc.set_threshold(_GARBAGE_AFTER)
    status = run(arguments)
    # the process ends here: what it still holds need not be searched for garbage once more
    gc.freeze()
    sys.exit(status)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    given = list(arguments) if arguments is not None else sys.argv[1:]
    if "_SYMPHONY_DOCTOR_COMPLETE" in os.environ:
        from symphony_doctor.commands import _bash_words

        _bash_words.register()
    try:
        result = cli.main(given, standalone_mode=False)
        status = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        # click has turned Ctrl-C into the first, and ended the line that the terminal shows it on
        return failed("interrupted", INTERRUPTED, given)
    except SystemExit:
        # click ends so when the reader of the pipe has gone; there is nobody left to tell anything
        return 0
    except click.ClickException as error:
        error.show(sys.stderr)
        return failed("", error.exit_code, given, error.format_message())
    except DoctorError as error:
        return failed(str(error), error.exit_code, given)
    except Exception as error:  # noqa: BLE001 - the last line: what nobody foresaw is one sentence, not a traceback
        return failed(f"it failed by itself: {type(error).__name__}{place_of(error)}", FAILED, given)
    return status
