"""Faults of single servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, control
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from nats.aio.client import Client

    from symphony_doctor.lab.cluster import Lab

_SUBJECT = "lab.flood"
_CHUNK = bytes(512 * 1024)
_BATCH = 32
_MOST_BATCHES = 12
"""192 MB: a server gives up on a client for which it holds max_pending, 64 MB; sockets hold a few more."""


async def slow_consumers(lab: Lab, node: str | None = None, *, count: str = "3") -> Broken:
    """Let clients subscribe on one node and never read, and flood them until it disconnects them."""
    name = breaking.victim(lab, node)
    async with lab.system_client(name) as system:
        for number in range(1, int(count) + 1):
            await _flood(lab, name, system, number)
    return Broken("slow-consumers", f"{count} clients of {name} were too slow", nodes=(name,))


async def _flood(lab: Lab, name: str, system: Client, wanted: int) -> None:
    account = lab.keys.users[0].name
    async with lab.client(account, name) as deaf, lab.client(account, name) as publisher:
        await deaf.subscribe(_SUBJECT)
        await deaf.flush()
        reading = deaf._transport._io_writer.transport  # type: ignore[union-attr]  # noqa: SLF001 - no other way to go deaf
        reading.pause_reading()
        for _ in range(_MOST_BATCHES):
            for _ in range(_BATCH):
                await publisher.publish(_SUBJECT, _CHUNK)
            await publisher.flush()
            if await _counted(system, name) >= wanted:
                return
    raise LabError(f"{name} did not give up on a client that does not read")


async def _counted(system: Client, name: str) -> int:
    answers = await control.ping(system, "VARZ", {"server_name": name, "exact_match": True}, expect=1)
    return int(answers.get(name, {}).get("slow_consumers", 0))
