"""``symphony-doctor diff``: what differs between the nodes' configurations."""

from __future__ import annotations

from dataclasses import replace

import click

from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._output import write_checked
from symphony_doctor.commands._request import evidence_options
from symphony_doctor.commands._running import finish
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.request import Request

UNPROVEN = 3


@click.command("diff")
@evidence_options(samples=1)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(request: Request, as_json: bool) -> int:
    """Show every key of symphony.config and nats.config that is not the same on all nodes.

    Secrets are compared and shown by fingerprint. What must differ, such as names and ports, is shown too: what must
    not is told by `run`. Exit status 3 where a file that was asked for could not be read.

    \b
    Examples:
      symphony-doctor diff --node ./node1 --node ./node2 --node ./node3
      symphony-doctor diff --bundle node1.tar.gz --bundle node2.tar.gz
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.reports.config_diff import (
        config_differences,
        differences_json,
        list_differences,
        not_compared,
    )

    if not request.directories and not request.bundles:
        raise UsageError("diff compares files: give --node DIR of two or more nodes, or --bundle of each")
    known = new_secrets()
    cluster = finish(observe(replace(request, network=False), known))
    found = config_differences(cluster)
    if as_json:
        write_checked(differences_json(found), known)
        for line in dict.fromkeys(not_compared(cluster)):
            click.echo(line, err=True)
    else:
        write_checked(list_differences(cluster, found), known)
    return UNPROVEN if any(not_compared(cluster, asked=True)) else 0
