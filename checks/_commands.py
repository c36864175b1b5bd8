"""Commands for people to paste: the nats CLI, systemd and Docker Compose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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
    """Edit a configuration file on some nodes and restart there: what is to be changed is said in words."""
    every = tuple(nodes)
    return Remedy(
        f"On {', '.join(every)}, in {file}: {change}; then restart Symphony there",
        (f'"${{EDITOR:-vi}}" {file}', "sudo systemctl restart symphony"),
        risk,
    )


def configure(file: str, nodes: Iterable[str], change: str, *, key: str, operation: str, value: str) -> Remedy:
    """Edit one known key of a configuration file, which the doctor can do.

    ``operation`` is ``set``, ``add`` or ``remove`` with the value itself, or ``copy`` with the node that the
    value is taken from, so that no secret stands in a remedy.
    """
    every = tuple(nodes)
    return replace(
        edit(file, every, change),
        action="config.set",
        parameters=(
            ("file", file),
            ("key", key),
            ("nodes", ",".join(every)),
            ("operation", operation),
            ("from" if operation == "copy" else "value", value),
        ),
    )


def set_replicas(stream: str, replicas: int, account: str, key: str) -> Remedy:
    """Scale a stream; a bucket is scaled by the kv command, as `stream edit` asks a question for it.

    ``account`` names the account for people, ``key`` is its public key.
    """
    if stream.startswith("KV_"):
        command = f"nats kv edit {stream.removeprefix('KV_')} --replicas {replicas}"
    else:
        command = f"nats stream edit {stream} --replicas {replicas} -f"
    return Remedy(
        f"Scale the stream, with credentials of account {account}",
        (command,),
        Risk.SAFE,
        "stream.set-replicas",
        (("account", key), ("replicas", str(replicas)), ("stream", stream)),
    )


def resubmit(stream: str, replicas: int, account: str, key: str) -> Remedy:
    """Send the unchanged configuration again: the member that lacks its replica creates it."""
    prefix = "nats kv edit" if stream.startswith("KV_") else "nats stream edit"
    name = stream.removeprefix("KV_")
    force = "" if stream.startswith("KV_") else " -f"
    return Remedy(
        f"Send the stream's configuration again, with credentials of account {account}",
        (f"{prefix} {name} --replicas {replicas}{force}",),
        Risk.SAFE,
        "stream.resubmit",
        (("account", key), ("stream", stream)),
    )


def push_account(file: str, key: str) -> Remedy:
    """Push an account JWT to every resolver of the cluster, with system-account credentials.

    A resolver whose file was deleted or damaged under it takes the JWT for known; with a line end it does not.
    """
    push = "nats req --replies 0 '$SYS.REQ.CLAIMS.UPDATE'"
    return Remedy(
        "Push the account JWT to all resolvers, with system-account credentials: with a line end first, so that a "
        "resolver whose file was damaged under it writes it again",
        (
            f"printf '%s\\n' \"$(cat {quote(file)})\" | {push} --force-stdin",
            f'{push} "$(cat {quote(file)})"',
        ),
        Risk.SAFE,
        "account.push",
        (("account", key),),
    )


def remove_peer(name: str, peer_id: str, label: str) -> Remedy:
    """Remove a peer from the meta group that is no server any more, with system-account credentials.

    ``name`` is what the leader calls it, which can be that its name is unknown; ``label`` is its name or its id.
    """
    return Remedy(
        f"Remove the peer, once it is certain that {label} will not come back; with system-account credentials",
        (f"nats server cluster peer-remove {label} -f",),
        Risk.DESTRUCTIVE,
        "meta.remove-peer",
        (("peer", name), ("peer_id", peer_id)),
    )


def rescue(quorum: int) -> Remedy:
    """Force a quorum among the servers that are left, where the others are lost for good."""
    return Remedy(
        "Only where the nodes that are down are lost for good, and on servers from 2.15: force a quorum among those "
        "that are left, with system-account credentials, then remove the lost ones as peers within 5 minutes",
        (f"nats req --replies 0 '$JS.API.META.RESCUE' '{{\"quorum_needed\":{quorum}}}'",),
        Risk.DESTRUCTIVE,
        "meta.rescue",
    )
