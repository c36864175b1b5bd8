"""``symphony-doctor run``: gather, judge, report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from symphony_doctor.commands import _watch
from symphony_doctor.commands._baseline import BASELINE, narrow
from symphony_doctor.commands._completing import complete_codes
from symphony_doctor.commands._diagnosis import look, new_secrets, write
from symphony_doctor.commands._output import check_writable
from symphony_doctor.commands._repair_options import repair_options
from symphony_doctor.commands._repair_options import wishes as read_wishes
from symphony_doctor.commands._request import evidence_options
from symphony_doctor.commands._running import finish
from symphony_doctor.commands._status import exit_status
from symphony_doctor.commands._values import DURATION, codes
from symphony_doctor.commands.checks import CHECKS_DIR, choose, load_rules, not_loaded, providers
from symphony_doctor.errors import UsageError
from symphony_doctor.model.finding import Severity
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.request import Request


@click.command("run")
@evidence_options(samples=1)
@click.option(
    "--select",
    "selected",
    multiple=True,
    metavar="CODES",
    shell_complete=complete_codes,
    help="Only these rules; prefixes work: RT,JS001.",
)
@click.option(
    "--ignore", "ignored", multiple=True, metavar="CODES", shell_complete=complete_codes, help="Without these rules."
)
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
@click.option("--wait", type=DURATION, metavar="D", help="Keep looking until healthy, or until D is over.")
@_watch.watch_options
@BASELINE
@click.option("--no-color", is_flag=True, help="No colours; so does NO_COLOR in the environment.")
@click.option("-v", "--verbose", count=True, help="Every rule with its outcome.")
@click.option("-q", "--quiet", is_flag=True, help="One line.")
@click.option("--fix", is_flag=True, help="Repair what can be repaired: shows a plan and asks first.")
@repair_options
def command(
    request: Request,
    selected: tuple[str, ...],
    ignored: tuple[str, ...],
    checks_directories: tuple[Path, ...],
    fail_on: str,
    format_: str,
    output: Path | None,
    wait: float | None,
    watch: bool,
    every: float,
    no_color: bool,
    verbose: int,
    quiet: bool,
    fix: bool,
    baseline: Any = None,  # noqa: ANN401 - a ReportV1, which is imported late
    saved: Path | None = None,
    say_on_stdout: bool = False,  # noqa: FBT002 - by name, from fix
    **repairs: Any,  # noqa: ANN401 - as click hands them over
) -> int:
    """Diagnose a cluster from its nodes' directories, its live NATS servers, or both.

    \b
    Examples:
      symphony-doctor run --node /opt/symphony
      symphony-doctor run --node n1=./node1 --node n2=./node2 --node n3=./node3 --offline
      symphony-doctor run --server nats://node1:4222 --creds system.creds
      symphony-doctor run --node /opt/symphony --creds system.creds --fix
      symphony-doctor run --node /opt/symphony --creds system.creds --watch
    """  # noqa: D301 - \b keeps click from joining lines
    if request.bundles and (fix or wait):
        raise UsageError("--bundle shows a cluster as it was: leave out --wait, --fix and fix, which need it as it is")
    if watch:
        others = {"--fix": fix, "--wait": bool(wait), "--bundle": bool(request.bundles), "--output": output is not None}
        _watch.check(others=others | {"--format": format_ != "terminal", "--baseline": baseline is not None})
    loaded = load_rules(checks_directories, request.judging)
    rules = choose(loaded, codes(selected), codes(ignored))
    if output is not None:
        check_writable(output)
    wishes = read_wishes(**repairs, saved=saved)
    known, problems = new_secrets(), not_loaded(loaded)
    looking = partial(look, request, rules, known, problems=problems)
    if fix:
        from symphony_doctor.commands._repair import look_and_repair
        from symphony_doctor.commands._repair_setting import Setting

        setting = Setting(request, loaded.checks, known, providers(checks_directories))
        tell = partial(click.echo, err=not say_on_stdout)
        report = finish(look_and_repair(setting, wishes, rules, problems, wait or 0.0, tell))
    elif watch:
        finish(_watch.watch(looking, known, every=every, color=not no_color))
    else:
        report = finish(looking(wait=wait or 0.0, stoppable=True))
    report = narrow(report, baseline)
    write(report, known, format_=format_, output=output, color=not no_color, verbosity=-1 if quiet else verbose)
    return exit_status(report, Severity[fail_on.upper()], format_)
