"""What an earlier sample of the same servers tells: whether what is behind comes nearer or falls further back."""

from __future__ import annotations

from symphony_doctor.api import Cluster, Replica, Seen, Stream, StreamState, UpstreamState


def seconds_between(cluster: Cluster) -> float:
    """Return the seconds between the two samples; 0 where there is one alone."""
    earlier = cluster.earlier
    return cluster.observed_at - earlier.value.observed_at if isinstance(earlier, Seen) else 0.0


def state_before(cluster: Cluster, stream: Stream) -> StreamState | None:
    """Return what the stream's leader said of it in the earlier sample; ``None`` where none did."""
    for before in cluster.earlier.value.streams if isinstance(cluster.earlier, Seen) else ():
        if (before.account, before.name) == (stream.account, stream.name):
            return before.state if before.by_leader else None
    return None


def replica_before(state: StreamState | None, replica: Replica) -> Replica | None:
    """Return the same replica as the leader of then saw it, where it was one and had been heard."""
    every = state.replicas if state is not None else ()
    return next((each for each in every if each.label == replica.label and each.active > 0), None)


def upstream_before(state: StreamState | None, upstream: UpstreamState) -> UpstreamState | None:
    """Return the same mirror or source as it was then, where it had been heard."""
    every = state.upstreams if state is not None else ()
    return next((each for each in every if each.name == upstream.name and each.active >= 0), None)


def trend(before: int | None, now: int, seconds: float) -> str:
    """Say how a lag has changed, to be appended to it; nothing where it was not known before."""
    if before is None:
        return ""
    if now == before:
        return f", as {seconds:.0f} s before"
    way = "catching up" if now < before else "falling behind"
    return f", {way} ({seconds:.0f} s before: {before:,})"


def is_catching_up(before: int | None, now: int) -> bool:
    """Tell whether a lag has become less."""
    return before is not None and now < before
