"""Servers: what they say of their own health."""

from __future__ import annotations

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
    Severity,
    Subject,
    check,
    known,
)

from ._words import DIVIDED


@check(
    "SV004",
    name="server-unhealthy",
    severity=Severity.ERROR,
    needs=(Kind.HEALTH,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        Because("RT001", Same.NODES),
        Because("RT004", Same.NODES),
        Because("CF002", Same.NODES),
        Because("RT006", Same.NODES),
        Because("JS006", Same.CLUSTER),
        Because("JS004", Same.NODES),
        Because("AC001", Same.NODES),
        Because("AC003", Same.NODES),
        Because("JS002", Same.NODES),
        Because("JS003", Same.NODES),
        Because("QU002", Same.CLUSTER),
    ),
)
def server_unhealthy(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A server says of itself that it is not healthy.

    What it means: the server is not current with the meta leader, or a stream or consumer on it is not
    where it should be.

    How it is seen: HEALTHZ, in the server's own words. It speaks of this server alone: it is 'ok' while a
    replica elsewhere is missing.

    What else it could be: a server that has just started and is catching up; --wait tells.

    By hand: read the words; they name the account, the stream and the consumer.

    Verify: `nats server request jetstream-health` answers ok.
    """
    values, gaps = known(cluster, lambda node: node.health)
    yield from gaps
    for node, seen in sorted(values.items()):
        if seen.value.ok:
            continue
        problems = seen.value.problems or ("no reason given",)
        yield Finding(
            title=f"The server of {node} is not healthy: {problems[0]}",
            detail="These are the server's own words.",
            subject=Subject("node", node),
            nodes=(node,),
            evidence=tuple(EvidenceEntry(node, "HEALTHZ", "ok", problem) for problem in problems[:10]),
            remedies=(Remedy("Read its log from when this began", ("sudo journalctl -u symphony -n 200 --no-pager",)),),
        )
