"""Filling a lab as a Symphony in use, and telling when it is healthy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from symphony_doctor.lab import buckets, control, mirrors, starting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client

    from symphony_doctor.lab.cluster import Lab

_LEADER_WITHIN = 45.0
_STREAMS_WITHIN = 60.0
_MIRRORS_WITHIN = 10.0


async def fill(lab: Lab, users: Sequence[str], mirror_replicas: int) -> None:
    """Push accounts, create buckets and mirrors, and wait until every replica is current."""
    count = len(lab.state.nodes)
    async with lab.system_client() as system:
        await control.until(lambda: _start_complaint(lab, system), within=_LEADER_WITHIN)
        for name in users:
            lab.add_account(name)
        await asyncio.gather(*(control.push_account(system, account.jwt, expect=count) for account in lab.keys.users))
        async with lab.client("symphony") as symphony:
            names = [buckets.system_stream(bucket) for bucket in buckets.SYSTEM_BUCKETS]
            await buckets.create_buckets(symphony, names, lab.replicas)
        await asyncio.gather(*(fill_user(lab, name, mirror_replicas) for name in users))
    await wait_current(lab, within=_STREAMS_WITHIN)
    # on a busy machine a mirror can miss its first call, and would wait long for its second
    await mirrors.reconnect(lab, grace=_MIRRORS_WITHIN)


async def fill_user(lab: Lab, name: str, mirror_replicas: int) -> None:
    """Create what Symphony and extensions keep in a user's account."""
    key = next(account.key for account in lab.keys.users if account.name == name)
    async with lab.client(name) as client:
        views = [
            buckets.mirror_config(buckets.system_stream(bucket), key, mirror_replicas)
            for bucket in buckets.SYSTEM_BUCKETS
        ]
        await buckets.create_streams(client, views)
        extensions = [f"KV_{bucket}" for bucket in buckets.EXTENSION_BUCKETS]
        await buckets.create_buckets(client, extensions, lab.replicas)


async def wait_healthy(lab: Lab, *, within: float) -> None:
    """Wait until every node answers, one meta leader is agreed on and all is current, mirrors included."""
    await wait_current(lab, within=within)
    await mirrors.reconnect(lab)


async def wait_current(lab: Lab, *names: str, within: float = 60.0) -> None:
    """Wait until every node answers the named ones, all agree on a meta leader and are current."""
    count = len(lab.state.nodes)

    async def complaint() -> str | None:
        return (
            await _meta_complaint(system, count)
            or await _stream_complaint(system, count)
            or await _health_complaint(system, count)
        )

    async with lab.system_client(*names) as system:
        await control.until(complaint, within=within)


async def wait_settled(lab: Lab, names: Sequence[str], *, within: float = 60.0) -> None:
    """Wait until these nodes agree on a meta leader of theirs, and on one for each stream they hold."""
    async with lab.system_client(*names) as system:
        await control.until(lambda: _unsettled(system, frozenset(names)), within=within, poll=0.2)


async def wait_leaderless(lab: Lab, name: str, *, within: float = 60.0) -> None:
    """Wait until a node knows of no meta leader."""

    async def complaint() -> str | None:
        answers = await control.ping(system, "JSZ", {"server_name": name, "exact_match": True}, expect=1)
        if name not in answers:
            return f"{name} does not answer"
        leader = (answers[name].get("meta_cluster") or {}).get("leader")
        return f"{name} still follows {leader}" if leader else None

    async with lab.system_client(name) as system:
        await control.until(complaint, within=within, poll=0.2)


async def _unsettled(system: Client, names: frozenset[str]) -> str | None:
    count = len(names)
    answers = await control.ping(system, "JSZ", expect=count)
    silent = names - answers.keys()
    if silent:
        return f"silent: {sorted(silent)}"
    leaders = {(answers[name].get("meta_cluster") or {}).get("leader") for name in names}
    if len(leaders) != 1 or not leaders <= names:
        return f"meta leaders: {sorted(str(leader) for leader in leaders)}"
    seen = await control.streams(system, expect=count)
    for name in names & seen.keys():
        for account, details in seen[name].items():
            for stream, detail in details.items():
                leader = (detail.get("cluster") or {}).get("leader")
                if leader not in names:
                    return f"{account} > {stream}: leader {leader!r} by {name}"
    return None


async def _start_complaint(lab: Lab, system: Client) -> str | None:
    for state in lab.state.nodes:
        starting.check(lab.root, state)
    return await _meta_complaint(system, len(lab.state.nodes))


async def _meta_complaint(system: Client, count: int) -> str | None:
    answers = await control.ping(system, "JSZ", expect=count, window=1.0)
    if len(answers) < count:
        return f"{len(answers)} of {count} servers answer"
    if count == 1:
        return None
    metas = {name: answer.get("meta_cluster") or {} for name, answer in answers.items()}
    leaders = {meta.get("leader") for meta in metas.values()}
    leader = next(iter(leaders))
    if len(leaders) != 1 or not leader:
        return f"no agreement on a meta leader: {sorted(str(name) for name in leaders)}"
    if metas[leader].get("cluster_size") != count:
        return f"the meta group has {metas[leader].get('cluster_size')} of {count} members"
    return _behind(f"meta group of {leader}", metas[leader], count - 1)


async def _stream_complaint(system: Client, count: int) -> str | None:
    seen = await control.streams(system, expect=count)
    for server, accounts in seen.items():
        for account, details in accounts.items():
            for name, detail in details.items():
                complaint = _replica_complaint(seen, server, account, name, detail)
                if complaint is not None:
                    return complaint
    return None


def _replica_complaint(
    seen: control.Replies, server: str, account: str, name: str, detail: dict[str, Any]
) -> str | None:
    where = f"{account} > {name}"
    cluster = detail.get("cluster") or {}
    leader = cluster.get("leader")
    if not leader:
        return f"{where}: no leader by {server}" if len(seen) > 1 else None
    if leader != server:
        return None
    copies = sum(name in accounts.get(account, {}) for accounts in seen.values())
    wanted = detail["config"]["num_replicas"]
    if copies != wanted:
        return f"{where}: {copies} of {wanted} servers hold it"
    return _behind(where, cluster, wanted - 1)


def _behind(where: str, cluster: dict[str, Any], others: int) -> str | None:
    replicas = cluster.get("replicas") or []
    late = [item["name"] for item in replicas if not item.get("current") or item.get("offline")]
    if late or len(replicas) != others:
        return f"{where}: {len(replicas)} of {others} replicas, not current: {late}"
    return None


async def _health_complaint(system: Client, count: int) -> str | None:
    answers = await control.ping(system, "HEALTHZ", expect=count)
    ill = {name: answer for name, answer in answers.items() if answer.get("status") != "ok"}
    return f"HEALTHZ: {ill}" if ill or len(answers) < count else None
