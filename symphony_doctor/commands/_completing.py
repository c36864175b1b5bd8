"""What a shell completes besides options: codes, faults, names of nodes. Never an error, whatever is there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symphony_doctor.errors import DoctorError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from symphony_doctor.sources.node_directory import NodeDirectory

_PATIENCE = 1.0
"""Seconds in which directories are read for their names: somebody waits with a finger on the key."""


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


def complete_nodes(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the name of a node of the directories and bundles that the line names; hosts are not asked for it."""
    from click.shell_completion import CompletionItem

    names: dict[str, str] = {}
    # half a command line can name anything; a shell has no place for what is wrong with it
    with suppress(Exception):
        names = _node_names(context.params)
    return [CompletionItem(name, help=about) for name, about in names.items() if name.startswith(typed)]


def complete_lab_nodes(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the name of a node of the lab in ``--dir``."""
    from click.shell_completion import CompletionItem

    from symphony_doctor.lab.cluster import Lab

    names: list[str] = []
    with suppress(Exception):
        names = [node.name for node in Lab.open(context.params["directory"]).nodes]
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def complete_directory(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Let the shell complete a directory."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(typed, type="dir")]


def complete_file(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Let the shell complete a file."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(typed, type="file")]


def _node_names(options: dict[str, Any]) -> dict[str, str]:
    """Return the names that a run would give the nodes, and the directory of each."""
    import asyncio
    import shlex

    from symphony_doctor.commands._diagnosis import new_secrets
    from symphony_doctor.commands._observing import observe
    from symphony_doctor.commands._paths import node_directories
    from symphony_doctor.sources.request import Request

    given: list[NodeDirectory] = []
    for text in options.get("nodes") or ():
        with suppress(DoctorError):
            given += node_directories((text,))
    request = Request(
        directories=tuple(each for each in given if each.host is None),
        bundles=tuple(Path(each) for each in options.get("bundles") or ()),
        network=False,
        read_logs=False,
        seconds=_PATIENCE,
    )
    cluster = asyncio.run(observe(request, new_secrets()))
    # a shell puts a name into the line as it is
    return {node.name: node.directory or "" for node in cluster.nodes if node.name == shlex.quote(node.name)}
