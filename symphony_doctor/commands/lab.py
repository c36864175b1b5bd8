"""``symphony-doctor lab``: a real cluster on this machine, to break and to try things on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import click

from symphony_doctor.commands._completing import complete_faults, complete_lab_nodes
from symphony_doctor.commands._lab_failed import LabFailed
from symphony_doctor.errors import UsageError

DEFAULT = Path("symphony-lab")

DIRECTORY = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="Where the lab lives.",
)


@click.group("lab")
def command() -> None:
    """Start, break and stop a real cluster of nats-servers on loopback.

    \b
    Example:
      symphony-doctor lab break absent-replica --dir /tmp/lab
    """  # noqa: D301 - \b keeps click from joining lines


@command.command("up")
@DIRECTORY
@click.option("--nodes", type=click.IntRange(1, 5), default=3, show_default=True, help="How many nodes.")
@click.option("--users", type=click.IntRange(0, 8), default=3, show_default=True, help="How many user accounts.")
@click.option("--tls", is_flag=True, help="TLS on the client and route ports, with certificates of the lab's own.")
def up(directory: Path, nodes: int, users: int, tls: bool) -> None:
    """Start a cluster, fill it, and leave it running."""
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.errors import LabError

    is_ours = _is_new(directory)
    try:
        lab = asyncio.run(Lab.create(directory, nodes=nodes, user_accounts=users, detached=True, tls=tls))
    except BaseException as error:
        if is_ours:
            # what was written so far would be in the way of the next attempt
            shutil.rmtree(directory, ignore_errors=True)
        if isinstance(error, LabError):
            raise LabFailed(str(error)) from None
        raise
    click.echo(f"{nodes} nodes are up in {lab.root}", err=True)
    node_options = " ".join(f"--node {node.directory}" for node in lab.nodes)
    authority = f" --tlsca {lab.authority}" if lab.authority is not None else ""
    click.echo(f"symphony-doctor run {node_options} --creds {lab.system_credentials}{authority}")
    click.echo(f"symphony-doctor lab break FAULT --dir {lab.root}")
    click.echo(f"symphony-doctor lab down --dir {lab.root}")


def _is_new(directory: Path) -> bool:
    try:
        return not any(directory.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False


@command.command("break")
@click.argument("fault", required=False, shell_complete=complete_faults)
@DIRECTORY
@click.option("--node", shell_complete=complete_lab_nodes, help="The node to break, where the fault has one.")
def break_(fault: str | None, directory: Path, node: str | None) -> None:
    """Make FAULT on the running cluster; without FAULT, list what can be broken."""
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.errors import LabError
    from symphony_doctor.lab.faults import FAULTS

    if fault is None:
        width = max(len(name) for name in FAULTS)
        for name, each in FAULTS.items():
            click.echo(f"{name:{width}}  {each.description}")
        return
    if fault not in FAULTS:
        import difflib

        near = difflib.get_close_matches(fault, FAULTS, 1)
        raise UsageError(
            f"there is no fault {fault!r}"
            + (f"; did you mean {near[0]}?" if near else "; see `symphony-doctor lab break`")
        )
    try:
        broken = asyncio.run(Lab.open(directory).break_(fault, node))
    except LabError as error:
        raise LabFailed(str(error)) from None
    click.echo(broken.text)


@command.command("down")
@DIRECTORY
@click.option("--keep", is_flag=True, help="Keep the directory.")
def down(directory: Path, keep: bool) -> None:
    """Stop every process of the lab, and remove its directory."""
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.errors import LabError

    try:
        lab = Lab.open(directory)
        asyncio.run(lab.stop())
    except LabError as error:
        raise LabFailed(str(error)) from None
    if not keep:
        shutil.rmtree(lab.root)
    click.echo(f"the lab in {lab.root} is stopped", err=True)
