"""``symphony-doctor completion``: what a shell needs to complete commands, options, rules, faults and nodes."""

from __future__ import annotations

import click

VARIABLE = "_SYMPHONY_DOCTOR_COMPLETE"
PROGRAM = "symphony-doctor"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion for SHELL.

    \b
    Examples:
      symphony-doctor completion bash > ~/.local/share/bash-completion/completions/symphony-doctor
      symphony-doctor completion zsh > "${fpath[1]}/_symphony-doctor"
      symphony-doctor completion fish > ~/.config/fish/completions/symphony-doctor.fish
    """  # noqa: D301 - \b keeps click from joining lines
    from click.shell_completion import get_completion_class

    from symphony_doctor.commands._main import cli

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(made(cli, {}, PROGRAM, VARIABLE).source())
    return 0
