"""``symphony-doctor run``: gather, judge, report."""

from __future__ import annotations

import asyncio
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import click

from symphony_doctor.commands._diagnosis import exit_status, look, new_secrets, write
from symphony_doctor.commands._repair_options import repair_options
from symphony_doctor.commands._repair_options import wishes as read_wishes
from symphony_doctor.commands.checks import CHECKS_DIR, load_rules, providers
from symphony_doctor.engine.select import select
from symphony_doctor.errors import UsageError
from symphony_doctor.model.finding import Severity
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.collect import Request, server_address
from symphony_doctor.sources.credentials import Credentials, creds_file, nats_context
from symphony_doctor.sources.node_directory import NodeDirectory

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        match = _DURATION.fullmatch(str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(
                f"{value!r} is no duration: expected a positive number of seconds, or such as 500ms, 30s, 5m",
                param,
                ctx,
            )
        return float(match[1]) * _SECONDS[match[2]]


DURATION = _Duration()


@click.command("run")
@click.option("--node", "nodes", multiple=True, metavar="[NAME=]DIR", help="A node's Symphony directory (repeatable).")
@click.option("--server", "servers", multiple=True, metavar="URL[,URL]", help="Client addresses of NATS servers.")
@click.option("--creds", metavar="FILE", type=click.Path(path_type=Path), help="Credentials of the system account.")
@click.option("--context", metavar="NAME", help="A context of the nats command line.")
@click.option("--offline", is_flag=True, help="Touch no network.")
@click.option("--select", "selected", multiple=True, metavar="CODES", help="Only these rules; prefixes work: RT,JS001.")
@click.option("--ignore", "ignored", multiple=True, metavar="CODES", help="Without these rules.")
@CHECKS_DIR
@click.option(
    "--fail-on",
    type=click.Choice([severity.word for severity in Severity]),
    default=Severity.ERROR.word,
    show_default=True,
    help="The severity from which on the exit status is 1.",
)
@click.option("--format", "format_", type=click.Choice(sorted(FORMATS)), default="terminal", show_default=True)
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there."
)
@click.option("--timeout", type=DURATION, default=5.0, metavar="S", show_default="5s", help="Deadline of each node.")
@click.option("--wait", type=DURATION, metavar="D", help="Keep looking until healthy, or until D is over.")
@click.option("--no-color", is_flag=True, help="No colours; so does NO_COLOR in the environment.")
@click.option("-v", "--verbose", count=True, help="Every rule with its outcome.")
@click.option("-q", "--quiet", is_flag=True, help="One line.")
@click.option("--fix", is_flag=True, help="Repair what can be repaired: shows a plan and asks first.")
@repair_options
def command(
    nodes: tuple[str, ...],
    servers: tuple[str, ...],
    creds: Path | None,
    context: str | None,
    offline: bool,
    selected: tuple[str, ...],
    ignored: tuple[str, ...],
    checks_directories: tuple[Path, ...],
    fail_on: str,
    format_: str,
    output: Path | None,
    timeout: float,
    wait: float | None,
    no_color: bool,
    verbose: int,
    quiet: bool,
    fix: bool,
    saved: Path | None = None,
    say_on_stdout: bool = False,  # noqa: FBT002 - by name, from fix
    **repairs: Any,  # noqa: ANN401 - as click hands them over
) -> int:
    r"""Diagnose a cluster from its nodes' directories, its live NATS servers, or both.

    \b
    Examples:
      symphony-doctor run --node /opt/symphony
      symphony-doctor run --node n1=./node1 --node n2=./node2 --node n3=./node3 --offline
      symphony-doctor run --server nats://node1:4222 --creds system.creds
      symphony-doctor run --node /opt/symphony --creds system.creds --fix
    """
    request = request_of(nodes, servers, creds, context, offline=offline, seconds=timeout)
    loaded = load_rules(checks_directories)
    rules = select(loaded.checks, _codes(selected), _codes(ignored))
    known = new_secrets()
    problems = [f"rules of {broken.origin}: {broken.error}" for broken in loaded.broken]
    wishes = read_wishes(**repairs, saved=saved)
    if fix:
        from symphony_doctor.commands._repair import look_and_repair
        from symphony_doctor.commands._repair_setting import Setting

        setting = Setting(request, loaded.checks, known, providers(checks_directories))
        tell = partial(click.echo, err=not say_on_stdout)
        report = asyncio.run(look_and_repair(setting, wishes, rules, problems, wait or 0.0, tell))
    else:
        report = asyncio.run(look(request, rules, known, problems=problems, wait=wait or 0.0))
    write(report, known, format_=format_, output=output, color=not no_color, verbosity=-1 if quiet else verbose)
    return exit_status(report, Severity[fail_on.upper()])


def request_of(
    nodes: tuple[str, ...],
    servers: tuple[str, ...],
    creds: Path | None,
    context: str | None,
    *,
    offline: bool,
    seconds: float,
) -> Request:
    """Return what the options of sources ask for; raise ``UsageError`` or ``InputError``."""
    if creds is not None and context is not None:
        raise UsageError("--creds and --context exclude each other: a context brings its own credentials")
    addresses = [url.strip() for each in servers for url in each.split(",") if url.strip()]
    credentials: Credentials | None = creds_file(creds) if creds is not None else None
    if context is not None:
        found = nats_context(context, os.environ)
        credentials = found.credentials
        addresses = addresses or list(found.servers)
    if offline and (addresses or credentials):
        raise UsageError("--offline touches no network: leave out --server, --creds and --context")
    directories = tuple(_node(each) for each in nodes)
    if not directories and not addresses:
        raise UsageError(
            "nothing to look at: give --node DIR for each node's Symphony directory, or --server URL for live NATS"
        )
    return Request(
        directories=directories,
        servers=tuple(server_address(address) for address in addresses),
        credentials=credentials,
        network=not offline,
        seconds=seconds,
        environment=dict(os.environ),
    )


def _node(text: str) -> NodeDirectory:
    name, given, directory = text.partition("=")
    # a path with an equals sign in it is a path, unless what stands before could be a name
    if not given or "/" in name or not name:
        name, directory = "", text
    path = Path(directory)
    if not path.is_dir():
        what = "does not exist" if not path.exists() else "is no directory"
        raise UsageError(
            f"--node: {directory} {what}: expected a node's Symphony directory, with symphony.config in it"
        )
    return NodeDirectory(path, name or None)


def _codes(options: tuple[str, ...]) -> list[str]:
    return [code.strip() for option in options for code in option.split(",") if code.strip()]
