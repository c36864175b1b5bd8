"""``symphony-doctor streams``: every stream on one screen."""

from __future__ import annotations

import click

from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._output import write_checked
from symphony_doctor.commands._request import evidence_options
from symphony_doctor.commands._running import finish
from symphony_doctor.sources.request import Request

UNPROVEN = 3


@click.command("streams")
@evidence_options(samples=1)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Only of this account, by name or key; `*` and `?` work.",
)
@click.option("--stream", "names", multiple=True, metavar="NAME", help="Only these streams, such as 'KV_symphony_*'.")
@click.option("--faulty", is_flag=True, help="Only streams that lack something.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(request: Request, accounts: tuple[str, ...], names: tuple[str, ...], faulty: bool, as_json: bool) -> int:
    """List every stream: replicas wanted and had, leader, the others and how far they are behind, and its size.

    Exit status 3 where streams that were asked for could not be looked at.

    \b
    Examples:
      symphony-doctor streams --node /opt/symphony --creds system.creds
      symphony-doctor streams --server nats://node1:4222 --creds system.creds --faulty
    """  # noqa: D301 - \b keeps click from joining lines
    from symphony_doctor.engine.placements import placements_of
    from symphony_doctor.reports.stream_list import Filter, list_streams, not_looked_at, stream_rows, streams_json

    known = new_secrets()
    cluster = finish(observe(request, known))
    rows = stream_rows(cluster, placements_of(cluster), Filter(accounts, names, faulty))
    missing = tuple(not_looked_at(cluster))
    if as_json:
        write_checked(streams_json(cluster, rows), known)
        for line in missing:
            click.echo(line, err=True)
    else:
        write_checked(list_streams(cluster, rows, problems=missing), known)
    return UNPROVEN if any(not_looked_at(cluster, asked=True)) or not cluster.nodes else 0
