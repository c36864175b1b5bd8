"""The options that say what to look at, in the order of ``--help``."""

from __future__ import annotations

from pathlib import Path

import click

from symphony_doctor.commands._values import DURATION

OPTIONS = (
    click.option(
        "--node", "nodes", multiple=True, metavar="[NAME=]DIR", help="A node's Symphony directory (repeatable)."
    ),
    click.option("--server", "servers", multiple=True, metavar="URL[,URL]", help="Client addresses of NATS servers."),
    click.option(
        "--creds",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False),
        help="Credentials of the system account; repeat it for those of an account that services answer.",
    ),
    click.option("--context", metavar="NAME", help="A context of the nats command line."),
    click.option(
        "--tlsca", metavar="FILE", type=click.Path(path_type=Path), help="Authorities to verify the servers by."
    ),
    click.option(
        "--load-balancer",
        "load_balancers",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="nginx or HAProxy configuration (repeatable).",
    ),
    click.option(
        "--log",
        "logs",
        multiple=True,
        metavar="[NAME=]FILE",
        help="A node's log, or what journalctl -o json or docker compose logs wrote (repeatable).",
    ),
    click.option(
        "--bundle",
        "bundles",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="What `bundle collect` wrote (repeatable: one of each node).",
    ),
    click.option("--offline", is_flag=True, help="Touch no network."),
    click.option(
        "--timeout", type=DURATION, default=5.0, metavar="S", help="Deadline of each node; 5s if it is not given."
    ),
)
