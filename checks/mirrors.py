"""Mirrors and sources: whether they hear their origin, and keep up with it."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Same,
    Server,
    Severity,
    Stream,
    StreamState,
    Subject,
    UpstreamState,
    check,
    known,
)

from ._samples import is_catching_up, seconds_between, state_before, trend, upstream_before
from ._words import DIVIDED, LESS_REDUNDANT, account_words, by_server_name, plural


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with one mirror or source."""

    text: str
    catching_up: bool = False


@check(
    "JS008",
    name="mirror-unhealthy",
    severity=Severity.WARNING,
    transient=True,
    needs=(Kind.JETSTREAM, Kind.SERVER),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        *LESS_REDUNDANT,
        Because("JS006", Same.CLUSTER),
        Because("JS004", Same.CLUSTER),
        Because("JS005", Same.CLUSTER),
        Because("RT006", Same.CLUSTER),
        Because("RT001", Same.CLUSTER),
        Because("RT004", Same.CLUSTER),
        Because("CF002", Same.CLUSTER),
        Because("CF003", Same.NODES),
        Because("CF004", Same.NODES),
        Because("AC001", Same.NODES | Same.ACCOUNT),
        Because("AC003", Same.NODES | Same.ACCOUNT),
        Because("JS007", Same.CLUSTER),
        # a clock that is set forward makes every silence as long
        Because("SV002", Same.NODES),
    ),
)
def mirror_unhealthy(
    cluster: Cluster, *, most_lag: int = 1000, most_silent_seconds: float = 60.0, young_seconds: float = 45.0
) -> Iterator[Finding | Gap]:
    """A mirror or a stream with sources does not hear its origin, reports an error, or lags.

    What it means: what is read there is old or not there at all. A user's view of the roles and shares is
    such a mirror of the Symphony account's buckets.

    How it is seen: by the stream's leader alone (JSZ): an error; an origin that was never heard though the
    stream, its leadership and its server are older than young_seconds, or not for most_silent_seconds; more
    than most_lag messages behind. An origin that does not exist gives no error, only silence.

    What else it could be: a mirror that has just been created, or whose server or origin has just restarted:
    it takes up to 40 s to find its origin again. With --samples 2, one that is behind and catching up is info.

    By hand: see whether the origin exists and has a leader, and whether the account still imports it. Then
    the mirror comes back by itself; a mirror in memory can be deleted, and Symphony makes it anew.

    Verify: `nats stream info STREAM` as that user shows the mirror's lag and when it was last seen.
    """
    _, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    servers, gaps = known(cluster, lambda node: node.server)
    yield from gaps
    nodes = by_server_name(cluster)
    for stream in cluster.streams:
        state = stream.state
        # the leader alone follows the origin: of what the others say nothing is true
        if state is None or not stream.by_leader or state.leader not in nodes:
            continue
        node = nodes[state.leader].name
        started = servers[node].value if node in servers else None
        young = cluster.observed_at - _since(started, state) < young_seconds
        then = state_before(cluster, stream)
        faults: dict[str, _Fault] = {}
        for upstream in state.upstreams:
            fault = _fault(upstream, most_silent_seconds, young=young)
            if fault is None and upstream.lag > most_lag and not young:
                fault = _lagging(upstream, upstream_before(then, upstream), seconds_between(cluster))
            if fault is not None:
                faults[upstream.name] = fault
        if faults:
            yield _finding(cluster, stream, node, faults)


def _since(server: Server | None, state: StreamState) -> float:
    """Return when the mirror began to look for its origin: each new leader does so anew."""
    return max(state.created_at, state.led_since, server.started_at if server is not None else 0.0)


def _fault(upstream: UpstreamState, most_silent: float, *, young: bool) -> _Fault | None:
    if upstream.error:
        return _Fault(f"error: {upstream.error}")
    if upstream.active < 0:
        return None if young else _Fault("never heard")
    return _Fault(f"not heard for {upstream.active:.0f} s") if upstream.active > most_silent else None


def _lagging(upstream: UpstreamState, before: UpstreamState | None, seconds: float) -> _Fault | None:
    if upstream.active < 0:
        return None
    lag = before.lag if before is not None else None
    text = f"{plural(upstream.lag, 'message')} behind{trend(lag, upstream.lag, seconds)}"
    return _Fault(text, catching_up=is_catching_up(lag, upstream.lag))


def _finding(cluster: Cluster, stream: Stream, node: str, faults: dict[str, _Fault]) -> Finding:
    kind = "mirror" if stream.config.mirror is not None else "source"
    first = next(iter(faults))
    return Finding(
        title=f"{stream.name} of {account_words(cluster, stream.account)}: its {kind} {first}: {faults[first].text}",
        detail="What is read from it is old, or not there at all.",
        subject=Subject("stream", stream.name, stream.account),
        nodes=(node,),
        evidence=tuple(
            EvidenceEntry(node, f"JSZ, {kind} {name}", "heard, no error, no lag", fault.text)
            for name, fault in sorted(faults.items())
        ),
        remedies=(
            Remedy(
                f"See its state and that of its origin, with credentials of account "
                f"{account_words(cluster, stream.account)} and of the origin's",
                (f"nats stream info {stream.name}", f"nats stream info {first}"),
            ),
        ),
        severity=Severity.INFO if all(fault.catching_up for fault in faults.values()) else None,
    )
