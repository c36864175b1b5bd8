"""What a shell completes besides options: codes of rules, names of faults. Never an error, whatever is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_codes(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the last of several codes: ``--select RT,JS0``."""
    from click.shell_completion import CompletionItem

    from symphony_doctor.commands.checks import load_rules

    before, comma, last = typed.rpartition(",")
    rules = load_rules(()).checks
    return [
        CompletionItem(f"{before}{comma}{rule.code}", help=rule.title)
        for rule in rules
        if rule.code.startswith(last.upper())
    ]


def complete_faults(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the name of a fault that the lab can make."""
    from click.shell_completion import CompletionItem

    from symphony_doctor.lab.faults import FAULTS

    return [CompletionItem(name, help=fault.description) for name, fault in FAULTS.items() if name.startswith(typed)]
