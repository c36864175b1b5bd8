"""Commands for people to paste: the nats CLI, systemd and Docker Compose."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote

from symphony_doctor.api import Remedy, Risk


def restart(nodes: Iterable[str], why: str) -> Remedy:
    """Restart Symphony on some nodes, one at a time, so that the others keep the quorum."""
    every = tuple(nodes)
    order = " one node at a time, waiting for each to be back" if len(every) > 1 else ""
    return Remedy(
        f"Restart Symphony on {', '.join(every)}{order}: {why}",
        (
            "# systemd",
            "sudo systemctl restart symphony",
            "# or Docker Compose",
            "docker compose restart symphony",
        ),
        Risk.DISRUPTIVE,
    )


def start(nodes: Iterable[str]) -> Remedy:
    """Start Symphony where it is down, and look at why it stopped."""
    return Remedy(
        f"Start Symphony on {', '.join(nodes)}, and read why it stopped",
        (
            "# systemd",
            "sudo systemctl start symphony",
            "sudo journalctl -u symphony -n 200 --no-pager",
            "# or Docker Compose",
            "docker compose up -d symphony",
            "docker compose logs --tail 200 symphony",
        ),
    )


def edit(file: str, nodes: Iterable[str], change: str, *, risk: Risk = Risk.DISRUPTIVE) -> Remedy:
    """Edit a configuration file on some nodes and restart there."""
    every = tuple(nodes)
    return Remedy(
        f"On {', '.join(every)}, in {file}: {change}; then restart Symphony there",
        (f'"${{EDITOR:-vi}}" {file}', "sudo systemctl restart symphony"),
        risk,
        "config.set",
    )


def set_replicas(stream: str, replicas: int, account: str) -> Remedy:
    """Scale a stream; a bucket is scaled by the kv command, as `stream edit` asks a question for it."""
    if stream.startswith("KV_"):
        command = f"nats kv edit {stream.removeprefix('KV_')} --replicas {replicas}"
    else:
        command = f"nats stream edit {stream} --replicas {replicas} -f"
    return Remedy(
        f"Scale the stream, with credentials of account {account}",
        (command,),
        Risk.SAFE,
        "stream.set-replicas",
    )


def resubmit(stream: str, replicas: int, account: str) -> Remedy:
    """Send the unchanged configuration again: the member that lacks its replica creates it."""
    prefix = "nats kv edit" if stream.startswith("KV_") else "nats stream edit"
    name = stream.removeprefix("KV_")
    force = "" if stream.startswith("KV_") else " -f"
    return Remedy(
        f"Send the stream's configuration again, with credentials of account {account}",
        (f"{prefix} {name} --replicas {replicas}{force}",),
        Risk.SAFE,
        "stream.resubmit",
    )


def copy_account(source: str, targets: Iterable[str]) -> Remedy:
    """Copy the file of an account JWT: a push does not, where the server has the same JWT in memory."""
    return Remedy(
        "Copy the file into place first: a server that has the JWT in memory writes no file when it is pushed",
        (
            "# scp in place of cp, where the nodes are not on one machine",
            *(f"cp -p {quote(source)} {quote(target)}" for target in targets),
        ),
    )


def push_account(file: str) -> Remedy:
    """Push an account JWT to every resolver of the cluster, with system-account credentials."""
    return Remedy(
        "Push the account JWT to all resolvers, with system-account credentials",
        (f"nats req --replies 0 '$SYS.REQ.CLAIMS.UPDATE' \"$(cat {quote(file)})\"",),
        Risk.SAFE,
        "account.push",
    )
