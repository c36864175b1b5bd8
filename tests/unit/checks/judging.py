"""What the tests of rules ask of a rule: that it is silent, or what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Evidence, Seen
from symphony_doctor.model.finding import Finding
from symphony_doctor.model.jetstream import JetStream, StreamState
from symphony_doctor.model.report import Status
from symphony_doctor.testing import changed, judge, rebuilt


def silent(code: str, cluster: Cluster) -> bool:
    """Tell whether the rule looked at everything and found nothing; what it said instead is in the failure."""
    outcome = judge(code, cluster)
    said = [(finding.title, finding.evidence) for finding in outcome.findings]
    assert outcome.result.status is Status.PASSED, (outcome.result.status, outcome.result.reason, said)
    return True


def found(code: str, cluster: Cluster) -> tuple[Finding, ...]:
    """Return the rule's findings, of which there must be some."""
    outcome = judge(code, cluster)
    assert outcome.result.status is Status.FAILED, (outcome.result.status, outcome.result.reason)
    return outcome.findings


def only(code: str, cluster: Cluster) -> Finding:
    """Return the one finding of the rule."""
    (finding,) = found(code, cluster)
    return finding


def skipped(code: str, cluster: Cluster) -> str:
    """Return the reason for which the rule decided nothing."""
    outcome = judge(code, cluster)
    assert outcome.result.status is Status.SKIPPED, (outcome.result.status, outcome.findings)
    return outcome.result.reason


def value_of(evidence: Evidence[object]) -> object:
    """Return what was seen."""
    assert isinstance(evidence, Seen)
    return evidence.value


def jetstream_of(cluster: Cluster, node: str) -> JetStream:
    """Return what a node's server says of its JetStream."""
    there = cluster.node(node)
    assert there is not None
    evidence = there.jetstream
    assert isinstance(evidence, Seen)
    return evidence.value


def with_streams(cluster: Cluster, change: Callable[[str, StreamState], StreamState | None]) -> Cluster:
    """Change the streams in each server's answer; ``change`` gets the node's name, ``None`` takes the stream away."""
    from symphony_doctor.model.cluster import HeldStream

    nodes: list[Node] = []
    for node in cluster.nodes:
        told = jetstream_of(cluster, node.name)
        streams = tuple(new for old in told.streams if (new := change(node.name, old)) is not None)
        nodes.append(
            replace(
                node,
                jetstream=Seen(replace(told, streams=streams), "JSZ"),
                streams=Seen(tuple(HeldStream(each.account, each.config, each) for each in streams), "JSZ"),
            )
        )
    return rebuilt(cluster, nodes)


def from_files(cluster: Cluster) -> Cluster:
    """Return the snapshot as a run with --offline has it: what only servers tell is not asked for."""
    from symphony_doctor.model.cluster import HeldStream, Kind
    from symphony_doctor.model.evidence import Missing, State

    offline = Missing(State.NOT_ASKED, "no network (--offline)")
    live = (
        Kind.GREETING, Kind.SERVER, Kind.ROUTES, Kind.JETSTREAM, Kind.META_GROUP, Kind.HEALTH, Kind.RESOLVER_ACCOUNTS,
        Kind.RUNNING,
    )  # fmt: skip
    for node in cluster.nodes:
        directories = node.stream_directories
        assert isinstance(directories, Seen)
        held = tuple(HeldStream(each.account, each.config, None) for each in directories.value if each.config)
        evidence: dict[str, Evidence[object]] = {kind.value: offline for kind in live}
        cluster = changed(cluster, node.name, **evidence, streams=Seen(held, directories.where))
    return cluster
