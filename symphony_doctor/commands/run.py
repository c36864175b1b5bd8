"""``symphony-doctor run``: gather, judge, report."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.commands.checks import CHECKS_DIR, load_rules
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.select import select
from symphony_doctor.errors import LeakError, UsageError
from symphony_doctor.model.check import Check
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Status
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.collect import Request, collect, server_address
from symphony_doctor.sources.credentials import Credentials, creds_file, nats_context
from symphony_doctor.sources.node_directory import NodeDirectory

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class _Duration(click.ParamType):
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one look takes."""

    request: Request
    checks: tuple[Check, ...]
    problems: tuple[str, ...]


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
) -> int:
    """Diagnose a cluster from its nodes' directories, its live NATS servers, or both.

    \b
    Examples:
      symphony-doctor run --node /opt/symphony
      symphony-doctor run --node n1=./node1 --node n2=./node2 --node n3=./node3 --offline
      symphony-doctor run --server nats://node1:4222 --creds system.creds
    """
    request = _request(nodes, servers, creds, context, offline, timeout)
    loaded = load_rules(checks_directories)
    plan = _Plan(
        request,
        select(loaded.checks, _codes(selected), _codes(ignored)),
        tuple(f"rules of {broken.origin}: {broken.error}" for broken in loaded.broken),
    )
    known = Secrets(secrets.token_bytes(32))
    threshold = Severity[fail_on.upper()]
    report = asyncio.run(_look(plan, known, wait))
    color = output is None and sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")
    document = FORMATS[format_](
        report, verbosity=-1 if quiet else verbose, color=color, terminal=output is None and sys.stdout.isatty()
    )
    _write(document, output, known)
    return exit_status(report, threshold)


def _request(
    nodes: tuple[str, ...],
    servers: tuple[str, ...],
    creds: Path | None,
    context: str | None,
    offline: bool,
    timeout: float,
) -> Request:
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
        seconds=timeout,
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


async def _look(plan: _Plan, known: Secrets, wait: float | None) -> Report:
    until = time.monotonic() + (wait or 0)
    while True:
        observations = await collect(plan.request, known.fingerprint)
        scope = Scope(
            network=plan.request.network,
            credentials=plan.request.credentials is not None,
            files=bool(plan.request.directories),
        )
        cluster = assemble(observations, time.time(), scope)
        report = diagnose(plan.checks, cluster, problems=plan.problems)
        if _is_healthy(report) or time.monotonic() >= until:
            return report
        await asyncio.sleep(min(1.0, max(0.0, until - time.monotonic())))


def _is_healthy(report: Report) -> bool:
    worst = max((found.severity for found in report.findings), default=Severity.INFO)
    return worst <= Severity.INFO and not any(result.unproven for result in report.results)


def exit_status(report: Report, threshold: Severity) -> int:
    """Return the status of a run: the first of 4 (crashed), 1 (findings), 3 (unproven) that holds, else 0."""
    if report.results_of(Status.CRASHED) or report.problems:
        return 4
    if any(found.severity >= threshold for found in report.findings):
        return 1
    if any(result.unproven for result in report.results):
        return 3
    return 0


def _write(document: str, output: Path | None, known: Secrets) -> None:
    """Write the document, unless it holds a secret that this run has read."""
    leaks = known.leaks(document)
    if leaks:
        raise LeakError(f"the report held a secret and was not written ({leaks[0]}): this is a fault of the doctor")
    if output is None:
        click.echo(document, nl=False)
        return
    try:
        output.write_text(document, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output: {output}: {(error.strerror or 'cannot be written').lower()}") from None
