"""Who leads: moving leadership where a fault needs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from symphony_doctor.lab import buckets, control
from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab

_WITHIN = 30.0


async def move_meta_leader(lab: Lab, name: str) -> None:
    """Make a node the meta leader."""
    count = len(lab.urls())

    async def complaint() -> str | None:
        answers = await control.ping(system, "JSZ", expect=count)
        leaders = {(answer.get("meta_cluster") or {}).get("leader") for answer in answers.values()}
        if leaders == {name}:
            return None
        if len(leaders) == 1 and None not in leaders:
            await buckets.request(system, "META.LEADER.STEPDOWN", {"placement": {"preferred": name}})
        return f"the meta leader is {leaders}"

    async with lab.system_client() as system:
        await control.until(complaint, within=_WITHIN, poll=0.1)


async def move_leaders(lab: Lab, name: str) -> None:
    """Make a node the leader of the meta group and of every replicated stream it holds."""
    await move_meta_leader(lab, name)
    identity = lab.keys.identity
    accounts = {account.key: account.name for account in (identity.symphony, *lab.keys.users)}
    await asyncio.gather(*(_move_streams(lab, name, *account) for account in accounts.items()))


async def _move_streams(lab: Lab, name: str, key: str, account: str) -> None:
    async def complaint() -> str | None:
        seen = await control.streams(system, expect=len(lab.urls()))
        elsewhere = [
            stream
            for stream, detail in seen.get(name, {}).get(key, {}).items()
            if detail["config"]["num_replicas"] > 1 and detail["cluster"].get("leader") != name
        ]
        await asyncio.gather(*(step_down(stream) for stream in elsewhere))
        return f"{name} does not lead {elsewhere}" if elsewhere else None

    async def step_down(stream: str) -> None:
        try:
            body = {"placement": {"preferred": name}}
            await buckets.request(client, f"STREAM.LEADER.STEPDOWN.{stream}", body, within=3)
        except LabError:
            return  # asked again until it leads

    async with lab.system_client() as system, lab.client(account) as client:
        await control.until(complaint, within=_WITHIN, poll=0.2)
