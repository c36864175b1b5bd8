"""The users' memory-backed views of the Symphony buckets, and how they get their origin back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from symphony_doctor.lab import buckets, control
from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from nats.aio.client import Client

    from symphony_doctor.lab.cluster import Lab

_GRACE = 1.0
_PATIENCE = 12.0
_ATTEMPTS = 3
_RECONNECTED_WITHIN = 60.0


async def wait_connected(lab: Lab, *names: str, within: float) -> None:
    """Wait until every mirror is in touch with its origin and has what is there; asked at the named nodes."""

    async def complaint() -> str | None:
        idle = await _idle(lab, system)
        return f"mirrors without their origin: {idle}" if idle else None

    async with lab.system_client(*names) as system:
        await control.until(complaint, within=within)


async def reconnect(lab: Lab, *names: str, grace: float = _GRACE) -> None:
    """Source idle mirrors anew, as Symphony does on a cold start: left alone they take up to 40 s.

    Where that does not help they are made again: a new mirror may be placed on another server.
    """
    within = grace
    for _ in range(_ATTEMPTS):
        try:
            await wait_connected(lab, *names, within=within)
        except LabError:
            await _renew(lab, *names)
            within = _PATIENCE
        else:
            return
    await wait_connected(lab, *names, within=_RECONNECTED_WITHIN)


async def _renew(lab: Lab, *names: str) -> None:
    async with lab.system_client(*names) as system:
        idle = await _idle(lab, system)
    for account in lab.keys.users:
        if streams := [stream for key, stream in idle if key == account.key]:
            async with lab.client(account.name, *names) as client:
                await asyncio.gather(*(_recreate(client, stream) for stream in streams))


async def _recreate(client: Client, stream: str) -> None:
    answer = await buckets.request(client, f"STREAM.INFO.{stream}")
    await buckets.request(client, f"STREAM.DELETE.{stream}", attempt=5)
    await buckets.create_streams(client, [answer["config"]])


async def _idle(lab: Lab, system: Client) -> list[tuple[str, str]]:
    seen = await control.streams(system, expect=len(lab.urls()))
    return sorted(
        (account, name)
        for server, accounts in seen.items()
        for account, details in accounts.items()
        for name, detail in details.items()
        if detail["cluster"].get("leader") in (None, server) and _is_idle(detail)
    )


def _is_idle(detail: dict[str, Any]) -> bool:
    if "mirror" not in detail["config"]:
        return False
    mirror = detail.get("mirror") or {}
    never = mirror.get("active", -1) < 0
    return bool(never or mirror.get("error") or mirror.get("lag")) or not detail["state"]["messages"]
