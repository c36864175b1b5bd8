"""``symphony-doctor demo``: a real cluster is started, broken on purpose, diagnosed, and repaired."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symphony_doctor.commands._diagnosis import look, look_closely, new_secrets, write
from symphony_doctor.commands._lab_failed import LabFailed
from symphony_doctor.commands.checks import load_rules
from symphony_doctor.errors import DoctorError, UsageError

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.model.check import Check
    from symphony_doctor.redaction import Secrets
    from symphony_doctor.remedies.executor import Look
    from symphony_doctor.sources.request import Request

DEFAULT_FAULT = "r1-bucket"


class DemoFailed(DoctorError):  # noqa: N818 - named by what it is
    """The demonstration did not show what it should: a fault of the doctor or of this machine."""


@click.command("demo")
@click.argument("fault", default=DEFAULT_FAULT)
@click.option("--nodes", type=click.IntRange(3, 5), default=3, show_default=True, help="How many nodes.")
@click.option("--no-color", is_flag=True, help="No colours; so does NO_COLOR in the environment.")
def command(fault: str, nodes: int, no_color: bool) -> int:
    """Start a real cluster here, see that it is healthy, make FAULT, diagnose it, and repair it.

    Nothing is left behind: all processes are stopped and all files removed at the end. The exit status is
    0 if the healthy cluster was found healthy, the fault was found and, where the doctor has an action for
    it, the cluster is healthy again.

    \b
    Examples:
      symphony-doctor demo
    """  # noqa: D301 - \b keeps click from joining lines
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
    from symphony_doctor.remedies.executor import Look
    from symphony_doctor.sources.credentials import creds_file
    from symphony_doctor.sources.node_directory import NodeDirectory
    from symphony_doctor.sources.request import Request

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
            if not report.is_healthy:
                raise DemoFailed("the cluster that was just started was not found healthy")
            broken = await lab.break_(fault)
            _say(f"3. Breaking it: {broken.text}.")
            _say("4. Diagnosing it again:")
            known = new_secrets()
            report, cluster = await look_closely(request, rules, known)
            write(report, known, color=color)
            if report.is_healthy:
                raise DemoFailed("the fault was not found")
            _say("5. Repairing it:")
            if not await _repair(lab, request, rules, known, Look(cluster, report)):
                _say("There is no action for this: the report says what to do.")
                return
            _say("6. Diagnosing it once more:")
            report = await look(request, rules, known, wait=30.0)
            write(report, known, color=color)
            if not report.is_healthy:
                raise DemoFailed("the cluster was not found healthy after the repair")


async def _repair(lab: Lab, request: Request, rules: tuple[Check, ...], known: Secrets, seen: Look) -> bool:
    """Do as `fix --yes` with everybody's credentials, and restart where it says so; tell whether it did anything."""
    from symphony_doctor.commands._repair import repair
    from symphony_doctor.commands._repair_options import Wishes
    from symphony_doctor.commands._repair_setting import Setting
    from symphony_doctor.sources.credentials import creds_file

    users = tuple(creds_file(lab.credentials_of(account.name)) for account in lab.keys.users)
    wishes = Wishes(yes=True, journal=lab.root / "journal", credentials=users)
    outcomes = await repair(Setting(request, rules, known), wishes, seen, click.echo, click.echo)
    for outcome in outcomes:
        if outcome.planned.step.waits:
            await lab.restart_node(outcome.planned.step["node"])
    return bool(outcomes)


def _say(text: str) -> None:
    """Tell the story on standard output: here it is part of the document."""
    click.echo(f"\n{text}\n")
