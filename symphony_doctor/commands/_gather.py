"""Gathers the evidence of a run: of bundles, of the cluster itself, or of both."""

from __future__ import annotations

import time
from dataclasses import replace

from symphony_doctor.commands._progress import progress_shown
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.collect import collect
from symphony_doctor.sources.node_hosts import NodeHosts, node_hosts
from symphony_doctor.sources.observation import Observation, ServerAnswers
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Sample, Snapshot


async def gather(request: Request, known: Secrets, hosts: NodeHosts | None = None) -> Snapshot:
    """Return all that was seen and what was asked for, of bundles, of the cluster itself, or of both.

    What it waits for is shown on standard error, where somebody looks. ``hosts`` are where the
    nodes' files are, where these were read before.
    """
    if hosts is None:
        async with node_hosts(request.directories, request.environment) as own:
            return await gather(request, known, own)
    async with progress_shown(request) as attended:
        return await _gather(attended, known, hosts)


async def _gather(request: Request, known: Secrets, hosts: NodeHosts) -> Snapshot:
    before = None
    if request.bundles:
        from symphony_doctor.sources.bundle import merged, read_bundle

        before = merged(map(read_bundle, request.bundles))
        if not request.is_live:
            return before
    earlier, observations = await _earlier(request, known, hosts)
    if observations is None:
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


async def _earlier(
    request: Request, known: Secrets, hosts: NodeHosts
) -> tuple[Sample | None, list[Observation] | None]:
    """Ask the servers before the look that counts, as often as was asked for; return what they said first.

    Where it was interrupted, the last of these looks is the one that counts, and is returned too.
    """
    first = None
    # logs and load balancers say the same some seconds later
    again = replace(request, logs=(), load_balancers=(), record=None, keep_log=None)
    for _ in range(request.samples - 1 if request.network else 0):
        at = time.time()
        seen = await collect(again, known.fingerprint, hosts)
        if request.attendance.is_over:
            return first, seen
        first = first or Sample(at, tuple(each for each in seen if isinstance(each, ServerAnswers)))
        with request.attendance.telling("servers", "asked again after a pause", request.interval):
            over = await request.attendance.pause(request.interval)
        if over:
            return None, seen
    return first, None
