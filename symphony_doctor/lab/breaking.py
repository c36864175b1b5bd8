"""What faults have in common: choosing a victim, editing its files, restarting it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symphony_doctor.lab import layout
from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.identity import AccountKeys, Identity
    from symphony_doctor.lab.layout import NodeAddress


def names(lab: Lab) -> tuple[str, ...]:
    """All nodes' names, in order."""
    return tuple(state.address.name for state in lab.state.nodes)


def victim(lab: Lab, node: str | None, *, least: int = 1) -> str:
    """Choose the node to break: the named one, or the second; `least` is the size the fault needs."""
    everyone = names(lab)
    if len(everyone) < least:
        raise LabError(f"this fault needs a lab of {least} nodes or more, not {len(everyone)}")
    return lab.node(node).name if node else everyone[min(1, len(everyone) - 1)]


def others(lab: Lab, *excluded: str) -> tuple[str, ...]:
    """All nodes but some."""
    return tuple(name for name in names(lab) if name not in excluded)


def another(lab: Lab, node: str, named: str | None) -> str:
    """Choose the node at the other end: the named one, or the first that is not `node`."""
    if named == node:
        raise LabError(f"{node} cannot be at both ends")
    return lab.node(named).name if named else others(lab, node)[0]


def user(lab: Lab, name: str | None) -> AccountKeys:
    """Choose a user account: the named one, or the first."""
    for account in lab.keys.users:
        if name in (None, account.name, account.key):
            return account
    raise LabError(f"no user account {name or ''!r} in this lab")


def leader_of(lab: Lab, answer: dict[str, Any]) -> str:
    """Read a stream's leader in the answer to STREAM.INFO; a lab of one node names none."""
    leader: str | None = answer.get("cluster", {}).get("leader")
    return leader or names(lab)[0]


def addresses(lab: Lab) -> tuple[NodeAddress, ...]:
    """Give the addresses of all nodes."""
    return tuple(state.address for state in lab.state.nodes)


def jwt_file(lab: Lab, node: str, key: str) -> Path:
    """Where a node's resolver keeps an account."""
    return lab.node(node).directory / layout.ACCOUNTS / f"{key}.jwt"


def edit_nats_config(lab: Lab, node: str, old: str, new: str) -> None:
    """Replace one passage of a nats.config."""
    path = lab.node(node).directory / layout.NATS_CONFIG
    text = path.read_text()
    if text.count(old) != 1:
        raise LabError(f"{path}: {old!r} is there {text.count(old)} times, not once")
    layout.write_private(path, text.replace(old, new))


async def reconfigure(lab: Lab, node: str, old: str, new: str) -> None:
    """Replace one passage of a nats.config, restart its server, and wait until the cluster is healthy with it."""
    edit_nats_config(lab, node, old, new)
    await lab.restart_node(node)
    await lab.wait_healthy()


def edit_symphony_config(lab: Lab, node: str, key: str, value: str | None) -> str:
    """Change one key of a symphony.config, by its dotted path; the value it has now."""
    path = lab.node(node).directory / layout.SYMPHONY_CONFIG
    document: dict[str, Any] = json.loads(path.read_text())
    holder: Any = document
    *parents, last = key.split(".")
    for parent in parents:
        holder = holder.get(parent) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or last not in holder:
        raise LabError(f"{path}: no key {key}")
    changed = value if value is not None else f"{holder[last]}-changed"
    holder[last] = changed
    layout.write_private(path, json.dumps(document, indent=2) + "\n")
    return changed


def write_configuration(lab: Lab, node: str, identity: Identity) -> None:
    """Write a node's two files anew for another identity; its addresses stay."""
    layout.write_node(
        lab.node(node).directory, lab.node_state(node).address, addresses(lab), identity, tls=lab.state.tls
    )


def reissued(account: AccountKeys, jwt: str) -> AccountKeys:
    """Give the same account with another JWT."""
    return replace(account, jwt=jwt)


async def stop_all(lab: Lab, nodes: tuple[str, ...]) -> None:
    """Stop nodes at the same time."""
    await asyncio.gather(*(lab.stop_node(name) for name in nodes))


async def start_all(lab: Lab, nodes: tuple[str, ...]) -> None:
    """Start nodes at the same time."""
    await asyncio.gather(*(lab.start_node(name) for name in nodes))
