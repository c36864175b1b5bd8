"""Gathers the evidence of a run: of bundles, of the cluster itself, or of both."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.collect import collect
from symphony_doctor.sources.node_hosts import NodeHosts, node_hosts
from symphony_doctor.sources.observation import ServerAnswers
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Sample, Snapshot


async def gather(request: Request, known: Secrets, hosts: NodeHosts | None = None) -> Snapshot:
    """Return all that was seen and what was asked for, of bundles, of the cluster itself, or of both.

    ``hosts`` are where the nodes' files are, where these were read before.
    """
    if hosts is None:
        async with node_hosts(request.directories, request.environment) as own:
            return await gather(request, known, own)
    before = None
    if request.bundles:
        from symphony_doctor.sources.bundle import merged, read_bundle

        before = merged(map(read_bundle, request.bundles))
        if not request.is_live:
            return before
    earlier = await _earlier(request, known, hosts)
    observations = await collect(request, known.fingerprint, hosts)
    now = Snapshot(
        observed_at=time.time(),
        network=request.network,
        credentials=request.credentials is not None,
        files=bool(request.directories),
        observations=tuple(observations),
        earlier=earlier,
    )
    if before is None:
        return now
    return replace(
        now,
        network=now.network or before.network,
        credentials=now.credentials or before.credentials,
        files=now.files or before.files,
        observations=(*before.observations, *now.observations),
    )


async def _earlier(request: Request, known: Secrets, hosts: NodeHosts) -> Sample | None:
    """Ask the servers before the look that counts, as often as was asked for; return what they said first."""
    first = None
    # logs and load balancers say the same some seconds later
    again = replace(request, logs=(), load_balancers=(), record=None, keep_log=None)
    for _ in range(request.samples - 1 if request.network else 0):
        at = time.time()
        seen = await collect(again, known.fingerprint, hosts)
        first = first or Sample(at, tuple(each for each in seen if isinstance(each, ServerAnswers)))
        await asyncio.sleep(request.interval)
    return first
