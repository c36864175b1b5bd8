"""The system buckets, without which Symphony does not work."""

from __future__ import annotations

from symphony_doctor.api import (
    SYSTEM_BUCKETS,
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Mapping,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    Stream,
    Subject,
    check,
    known,
)

from ._words import account_words


@check(
    "JS005",
    name="system-bucket-missing",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.STREAMS,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        Because("ID004", Same.CLUSTER),
        Because("JS006", Same.CLUSTER),
        Because("CF002", Same.CLUSTER),
    ),
)
def system_bucket_missing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """One of the seven system buckets of Symphony does not exist.

    What it means: what is kept in it is lost or was never there: roles, role assignments, shares, licenses,
    usage, business units or enforcement state.

    How it is seen: the streams of the Symphony account, by every server or on every node's disk, lack
    KV_symphony_roles or one of the other six.

    What else it could be: a cluster whose Symphony has never been up with a quorum: it makes the buckets
    at its start.

    By hand: restart Symphony on one node while the quorum is there; it creates what is missing. Contents
    that were lost come back only from a backup.

    Verify: `nats kv ls` in the Symphony account lists all seven.
    """
    values, gaps = known(cluster, lambda node: node.streams)
    yield from gaps
    owned = {stream.name for stream in cluster.streams if stream.config.mirror is None and _is_system(cluster, stream)}
    missing = [bucket for bucket in SYSTEM_BUCKETS if bucket not in owned]
    # what a node that was not looked at may hold alone, as one of R=1, cannot be called missing
    if not missing or not values or gaps:
        return
    account = cluster.symphony_account
    if not owned:
        yield _buckets_missing(cluster, Subject("account", account or "symphony"), "The system buckets do not", values)
        return
    for bucket in missing:
        yield _buckets_missing(cluster, Subject("stream", bucket, account), f"{bucket} does not", values)


def _is_system(cluster: Cluster, stream: Stream) -> bool:
    return cluster.symphony_account is None or stream.account == cluster.symphony_account


def _buckets_missing(cluster: Cluster, subject: Subject, what: str, values: Mapping[str, Seen[object]]) -> Finding:
    nodes = tuple(sorted(values))
    account = account_words(cluster, cluster.symphony_account) if cluster.symphony_account else "the Symphony account"
    return Finding(
        title=f"{what} exist",
        detail=f"{account} needs all seven system buckets: {', '.join(SYSTEM_BUCKETS)}.",
        subject=subject,
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, values[node].where, subject.name, "not among its streams") for node in nodes
        ),
        remedies=(
            Remedy(
                "Restart Symphony on one node: it creates what is missing while the quorum is there",
                (
                    "# systemd",
                    "sudo systemctl restart symphony",
                    "# or Docker Compose",
                    "docker compose restart symphony",
                ),
                Risk.DISRUPTIVE,
            ),
        ),
    )
