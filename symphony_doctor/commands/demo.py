"""``symphony-doctor demo``: a real cluster is started, broken on purpose, and diagnosed."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from symphony_doctor.commands._diagnosis import is_healthy, look, new_secrets, write
from symphony_doctor.commands.checks import load_rules
from symphony_doctor.commands.lab import LabFailed
from symphony_doctor.errors import DoctorError, UsageError

DEFAULT_FAULT = "dead-node"


class DemoFailed(DoctorError):  # noqa: N818 - named by what it is
    """The demonstration did not show what it should: a fault of the doctor or of this machine."""


@click.command("demo")
@click.argument("fault", default=DEFAULT_FAULT)
@click.option("--nodes", type=click.IntRange(3, 5), default=3, show_default=True, help="How many nodes.")
@click.option("--no-color", is_flag=True, help="No colours; so does NO_COLOR in the environment.")
def command(fault: str, nodes: int, no_color: bool) -> int:
    """Start a real cluster here, see that it is healthy, make FAULT, and diagnose it.

    Nothing is left behind: all processes are stopped and all files removed at the end. The exit status is
    0 if the healthy cluster was found healthy and the fault was found.
    """
    from symphony_doctor.lab.errors import LabError
    from symphony_doctor.lab.faults import FAULTS

    if fault not in FAULTS:
        raise UsageError(f"there is no fault {fault!r}; `symphony-doctor lab break` lists them")
    try:
        asyncio.run(_demonstrate(fault, nodes, color=not no_color))
    except LabError as error:
        raise LabFailed(str(error)) from None
    return 0


async def _demonstrate(fault: str, nodes: int, *, color: bool) -> None:
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.sources.collect import Request
    from symphony_doctor.sources.credentials import creds_file
    from symphony_doctor.sources.node_directory import NodeDirectory

    rules = load_rules(()).checks
    with tempfile.TemporaryDirectory(prefix="symphony-demo-") as folder:
        _say(f"1. Starting {nodes} real nats-servers as a Symphony cluster ...")
        async with Lab.running(Path(folder) / "lab", nodes=nodes) as lab:
            request = Request(
                directories=tuple(NodeDirectory(node.directory) for node in lab.nodes),
                credentials=creds_file(lab.system_credentials),
            )
            _say("2. Diagnosing the healthy cluster:")
            known = new_secrets()
            report = await look(request, rules, known, wait=30.0)
            write(report, known, color=color)
            if not is_healthy(report):
                raise DemoFailed("the cluster that was just started was not found healthy")
            broken = await lab.break_(fault)
            _say(f"3. Breaking it: {broken.text}.")
            _say("4. Diagnosing it again:")
            known = new_secrets()
            report = await look(request, rules, known)
            write(report, known, color=color)
            if is_healthy(report):
                raise DemoFailed("the fault was not found")


def _say(text: str) -> None:
    """Tell the story on standard output: here it is part of the document."""
    click.echo(f"\n{text}\n")
