"""The helper programs of a lab: started and stopped by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nats.errors

from symphony_doctor.lab import control, processes, starting
from symphony_doctor.lab.service import SUBJECT

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab

_ANSWERS_WITHIN = 20.0


async def start_service(lab: Lab) -> None:
    """Start the cluster information service, and wait until it answers."""
    lab.state.helpers.append(starting.start_helper(lab.root, lab.state, "service", str(lab.root)))
    lab.save()

    async def complaint() -> str | None:
        try:
            await client.request(SUBJECT, b"", timeout=1)
        except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
            return f"{SUBJECT} is not answered"
        return None

    async with lab.client("symphony") as client:
        await control.until(complaint, within=_ANSWERS_WITHIN)


async def stop_ui(lab: Lab) -> None:
    """Stop what answers on the UI ports, of all nodes."""
    mine = starting.uis(lab.state)
    await processes.stop(mine)
    lab.state.helpers = [helper for helper in lab.state.helpers if helper not in mine]
    lab.save()
