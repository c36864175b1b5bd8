"""``symphony-doctor self-test``: what this access can see, and what it cannot."""

from __future__ import annotations

import shutil
import sys

import click

from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._output import write_checked
from symphony_doctor.commands._request import evidence_options
from symphony_doctor.commands._running import finish
from symphony_doctor.commands.checks import load_rules, not_loaded
from symphony_doctor.sources.request import Request

UNPROVEN = 3


@click.command("self-test")
@evidence_options(samples=1)
def command(request: Request) -> int:
    """Show what this access can see of each node, which rules are blind, and what would open their eyes.

    Takes what `run` takes, and judges nothing: exit status 0 where all that was asked for could be had,
    3 where some of it could not.

    \b
    Examples:
      symphony-doctor self-test --node /opt/symphony
      symphony-doctor self-test --server nats://node1:4222 --creds system.creds
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.engine.diagnose import diagnose
    from symphony_doctor.reports.access import access_page

    known = new_secrets()
    loaded = load_rules((), request.judging)
    cluster = finish(observe(request, known))
    report = diagnose(loaded.checks, cluster, problems=not_loaded(loaded), judging=request.judging)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    write_checked(access_page(cluster, report, loaded.checks, width=width), known)
    return UNPROVEN if report.is_unproven else 0
