"""One look at a cluster: gathered, ended early by Ctrl-C where that is wanted, and joined."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.commands._gather import gather
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.attendance import Attendance
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Snapshot


async def observe(request: Request, known: Secrets) -> Cluster:
    """Gather everything once."""
    return cluster_of(await gather(request, known))


async def observe_or_stop(request: Request, known: Secrets) -> tuple[Cluster, bool]:
    """Gather everything once, or what is there at the first Ctrl-C; tell whether there was one.

    The second one is as if this had never been: it ends the doctor.
    """
    with _stop() as stop:
        seen = await gather(replace(request, attendance=Attendance(stop=stop)), known)
    return cluster_of(seen), stop.is_set()


async def pause_or_stop(seconds: float) -> bool:
    """Wait so long, or until the first Ctrl-C; tell whether there was one."""
    with _stop() as stop:
        return await Attendance(stop=stop).pause(seconds)


def cluster_of(seen: Snapshot) -> Cluster:
    """Join what was seen to the cluster that rules look at."""
    cluster = assemble(seen.observations, seen.observed_at, Scope(seen.network, seen.credentials, seen.files))
    if seen.earlier is None:
        return cluster
    before = assemble(
        seen.earlier.observations, seen.earlier.observed_at, Scope(seen.network, seen.credentials, files=False)
    )
    return replace(cluster, earlier=Seen(before, "the servers' answers of an earlier sample"))


@contextmanager
def _stop() -> Iterator[asyncio.Event]:
    """Give what the first Ctrl-C sets. What it did before, it does again from then on, and at the end."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    before = signal.getsignal(signal.SIGINT)

    def restore() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)

    def first() -> None:
        restore()
        stop.set()

    # what runs in the background, or in a thread, is not interrupted by Ctrl-C
    if before in {signal.SIG_IGN, None} or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield stop
    finally:
        if not stop.is_set():
            restore()
