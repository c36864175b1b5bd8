"""Faults of instances that stay up: a degraded one, a reloaded one."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, control, helping
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab

_WITHIN = 10.0


async def ui_degraded(lab: Lab, node: str | None = None) -> Broken:
    """Let one instance say that its messaging is not healthy, while its server is."""
    name = breaking.victim(lab, node)
    lab.node_state(name).degraded = True
    lab.save()

    async def complaint() -> str | None:
        status = await control.http_status(lab.node(name).ui_port, "/api/v1/health")
        return None if status == 503 else f"{name} answers {status}"  # noqa: PLR2004 - HTTP's own number

    await control.until(complaint, within=_WITHIN)
    return Broken("ui-degraded", f"{name} is degraded", nodes=(name,))


async def cluster_info(lab: Lab, node: str | None = None) -> Broken:
    """Let the cluster information service tell extensions a wrong replica count."""
    breaking.victim(lab, node)
    lab.state.told_replicas = lab.replicas % 5 + 2
    lab.save()
    await helping.start_service(lab)
    return Broken(
        "cluster-info",
        f"extensions are told {lab.state.told_replicas} replicas",
        nodes=breaking.names(lab),
        key="cirata.services.cluster.info",
    )


async def reloaded(lab: Lab, node: str | None = None) -> Broken:
    """Reload one server's configuration, as SIGHUP does."""
    name = breaking.victim(lab, node)
    process = lab.node_state(name).process

    async def complaint() -> str | None:
        answers = await control.ping(system, "VARZ", {"server_name": name, "exact_match": True}, expect=1)
        varz = answers.get(name, {})
        return None if varz.get("start") != varz.get("config_load_time") else f"{name} is not reloaded"

    if process is None or not process.send(signal.SIGHUP):
        raise LabError(f"{name} is not running")
    async with lab.system_client() as system:
        await control.until(complaint, within=_WITHIN)
    return Broken("reloaded", f"{name} was reloaded", nodes=(name,))
