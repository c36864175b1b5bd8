"""What several actions say and ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symphony_doctor.model.action import Hands, RepairFailed
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.jetstream import MetaView

SETTLE = 30.0
"""Seconds in which what was changed must have taken effect."""

RESTART = ("# systemd", "sudo systemctl restart symphony", "# or Docker Compose", "docker compose restart symphony")


def account_words(cluster: Cluster, key: str) -> str:
    """Name an account for people."""
    name = next((account.name for account in cluster.accounts if account.key == key and account.name), "")
    return f"account {name} ({key[:6]}…{key[-4:]})" if name else f"account {key}"


def system_account(cluster: Cluster) -> str | None:
    """Return the system account's key, where any node tells it."""
    return next((node.system_account.value for node in cluster.nodes if isinstance(node.system_account, Seen)), None)


def up(cluster: Cluster) -> tuple[Node, ...]:
    """Return the nodes whose servers are known to run."""
    return tuple(node for node in cluster.nodes if node.is_up)


def meta_views(cluster: Cluster) -> dict[str, MetaView]:
    """Return the meta group as each server sees it, by node."""
    return {
        node.name: node.jetstream.value.meta
        for node in cluster.nodes
        if isinstance(node.jetstream, Seen) and node.jetstream.value.meta is not None
    }


def missing(parameters: Mapping[str, str], *names: str) -> str | None:
    """Say which parameters the proposal lacks."""
    lacking = [name for name in names if not parameters.get(name)]
    return f"the proposal does not say {' and '.join(lacking)}" if lacking else None


async def answer_of(hands: Hands, subject: str, body: object) -> dict[str, Any]:
    """Send a change and return its answer; raise ``RepairFailed`` with the server's own words."""
    answer = await hands.change(subject, body)
    refused(answer)
    return answer


def refused(answer: Mapping[str, Any]) -> None:
    """Raise what a server answered where it refused."""
    error = answer.get("error")
    if isinstance(error, Mapping):
        code = error.get("err_code") or error.get("code")
        raise RepairFailed(f"the server refused it: {error.get('description', 'without a word')} ({code})")
