"""The options that say what to look at, in the order of ``--help``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from symphony_doctor.commands._completing import complete_directory, complete_file
from symphony_doctor.commands._inventory import OPTIONS as INVENTORY
from symphony_doctor.commands._values import DURATION

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--node",
        "nodes",
        multiple=True,
        metavar="[NAME=]DIR",
        shell_complete=complete_directory,
        help="A node's Symphony directory, here or as ssh://[USER@]HOST[:PORT]/DIR (repeatable).",
    ),
    click.option("--sudo", is_flag=True, help="On hosts of --node ssh:// read by sudo, which may not ask."),
    click.option("--local", is_flag=True, help="The nodes of this machine: systemd units, processes, usual places."),
    click.option(
        "--docker",
        is_flag=False,
        flag_value="",
        metavar="[PROJECT]",
        help="The nodes of the compose project here, or of PROJECT: its name, or a path to its file.",
    ),
    *INVENTORY,
    click.option("--server", "servers", multiple=True, metavar="URL[,URL]", help="Client addresses of NATS servers."),
    click.option(
        "--creds",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False),
        help="Credentials of the system account; repeat it for those of an account that services answer.",
    ),
    click.option("--nkey", metavar="FILE", type=click.Path(path_type=Path), help="The nkey seed of a user."),
    click.option("--context", metavar="NAME", help="A context of the nats command line."),
    click.option(
        "--tlsca", metavar="FILE", type=click.Path(path_type=Path), help="Authorities to verify the servers by."
    ),
    click.option(
        "--tlscert", metavar="FILE", type=click.Path(path_type=Path), help="The certificate that servers ask for."
    ),
    click.option("--tlskey", metavar="FILE", type=click.Path(path_type=Path), help="The key of --tlscert."),
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
        shell_complete=complete_file,
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
    click.option("--offline", is_flag=True, help="Touch no network, but for the hosts of --node ssh://."),
    click.option(
        "--timeout", type=DURATION, default=5.0, metavar="S", help="Deadline of each node; 5s if it is not given."
    ),
)


def samples_option(default: int) -> Callable[[F], F]:
    """Return the options of asking more than once."""

    def add(function: F) -> F:
        between = click.option(
            "--interval", type=DURATION, default=5.0, metavar="S", help="Between two samples; 5s if it is not given."
        )
        how_often = click.option(
            "--samples",
            type=click.IntRange(1, 20),
            default=default,
            show_default=True,
            metavar="N",
            help="Ask the servers N times: tells what is behind from what falls behind.",
        )
        return how_often(between(function))

    return add
