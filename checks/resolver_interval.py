"""The interval at which resolvers compare what they hold."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    NatsConfig,
    Remedy,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    groups,
    known,
)

from ._commands import configure
from ._words import differing, listing

_DEFAULT_INTERVAL = 60.0
"""Seconds that the server takes where none is set (dirstore.go)."""


@check(
    "CF005",
    name="resolver-interval",
    severity=Severity.INFO,
    needs=(Kind.NATS_CONFIG,),
    explained_by=(Because("CF001", Same.NODES), Because("CF004", Same.NODES), Because("CF006", Same.NODES)),
)
def resolver_interval(cluster: Cluster, *, most_seconds: float = 120.0) -> Iterator[Finding | Gap]:
    """The resolver's interval is above 2 minutes, or not the same on all nodes.

    What it means: a new account can be used by way of every node only after this time ('Stale data after
    failover', specification, Troubleshooting).

    How it is seen: interval in the resolver block of nats.config; where it is not set the server takes 1
    minute.

    What else it could be: a longer interval that was chosen on purpose for a large number of accounts.

    By hand: set interval: "2m" or less, in quotes, on all nodes. A reload does not take it over: restart,
    one node at a time.

    Verify: `symphony-doctor run` with all nodes' directories shows no CF005.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    intervals = {
        node: Seen(_interval(seen.value), seen.value.resolver.where)
        for node, seen in configs.items()
        if seen.value.resolver is not None and seen.value.resolver.kind == "full"
    }
    long = tuple(sorted(node for node, seen in intervals.items() if seen.value > most_seconds))
    odd = differing(grouped) if len(grouped := groups(intervals, float)) > 1 else ()
    nodes = tuple(sorted({*long, *odd}))
    if not nodes:
        return
    others = {seen.value for node, seen in intervals.items() if node not in nodes}
    what = f"is above {_words(most_seconds)}" if long else "is not that of the other nodes"
    yield Finding(
        title=f"The resolver's interval on {listing(long or odd)} {what}",
        detail="For that long a new account may be known to the node where it was made and to no other.",
        subject=Subject("setting", "nats.config/resolver.interval"),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, seen.where, f"one for all, at most {_words(most_seconds)}", _words(seen.value))
            for node, seen in sorted(intervals.items())
        ),
        remedies=(_set_interval(nodes, others, most_seconds),),
    )


def _set_interval(nodes: tuple[str, ...], others: set[float], most_seconds: float) -> Remedy:
    """Give these nodes the interval of the others, or the longest that is right where all are concerned."""
    value = _words(others.pop() if len(others) == 1 else most_seconds)
    change = f'set interval: "{value}" in the resolver block'
    return configure("nats.config", nodes, change, key="resolver.interval", operation="set", value=value)


def _interval(config: NatsConfig) -> float:
    resolver = config.resolver
    return _DEFAULT_INTERVAL if resolver is None or not resolver.interval else resolver.interval


def _words(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds % 60 == 0 else f"{seconds:g}s"
