"""All that a rule may import: the snapshot, the decorator, and the words for findings.

A rule is a generator function of the snapshot that yields findings and gaps::

    @check("ID001", name="operator-mismatch", severity=Severity.CRITICAL, needs=(Kind.OPERATOR,))
    def operator_mismatch(cluster: Cluster) -> Iterator[Finding | Gap]:
        \"\"\"Operators differ between nodes: split brain.\"\"\"

Keyword-only arguments with a number as default are thresholds that an inventory can set.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from symphony_doctor.compare import Difference, differences
from symphony_doctor.model.accounts import Account, AccountFile
from symphony_doctor.model.action import (
    Access,
    Action,
    Hands,
    Refusal,
    RepairFailed,
    RepairRefused,
    RepairUncertain,
    Step,
)
from symphony_doctor.model.certificate import Certificate, CertificateFile, Port, PortCertificate
from symphony_doctor.model.check import Because, Check, Parameter, RuleFunction, Same
from symphony_doctor.model.cluster import Cluster, ConfiguredRoute, HeldStream, Kind, Node
from symphony_doctor.model.configuration import (
    ConfigPitfall,
    ConfigProblem,
    NatsConfig,
    RouteAddress,
    Setting,
    SymphonyConfig,
)
from symphony_doctor.model.evidence import NOT_ASKED, Evidence, EvidenceMissing, Missing, Seen, State
from symphony_doctor.model.finding import (
    EvidenceEntry,
    Finding,
    Gap,
    Remedy,
    Risk,
    Severity,
    Subject,
)
from symphony_doctor.model.identity import Flaw, Located, OperatorIdentity, Preloaded, SeedReference, Token
from symphony_doctor.model.jetstream import (
    Disk,
    JetStream,
    MetaGroup,
    MetaPeer,
    MetaView,
    Replica,
    Store,
    Stream,
    StreamConfig,
    StreamDirectory,
    StreamState,
    UpstreamState,
)
from symphony_doctor.model.listeners import Listeners
from symphony_doctor.model.load_balancer import (
    Balancing,
    Forwarding,
    Layer,
    LoadBalancer,
    Obstacle,
    Pool,
    PoolServer,
    Service,
)
from symphony_doctor.model.log import Log, LogEvent, LogKind
from symphony_doctor.model.policy import SYSTEM_BUCKETS, replicas_wanted
from symphony_doctor.model.raft import peer_id
from symphony_doctor.model.server import Greeting, Health, Listener, Route, RouteGreeting, Running, Server
from symphony_doctor.model.services import ClusterInfo, Ui, UiAnswer

VERSION = 1
"""Raised with each addition that a rule may rely on; what an older version had stays. See docs/writing-a-check.md."""

T = TypeVar("T")


def check(
    code: str,
    *,
    name: str,
    severity: Severity,
    needs: Iterable[Kind],
    explained_by: Iterable[Because] = (),
    transient: bool = False,
) -> Callable[[RuleFunction], Check]:
    """Make a rule of a function; nothing is registered, the loader collects what a module holds.

    ``transient`` says that a cluster that starts may show it for some minutes, and that it passes by itself.
    Raises ``ValueError`` where the metadata cannot be right: it is reported as a broken plugin.
    """

    def decorate(function: RuleFunction) -> Check:
        text = inspect.getdoc(function) or ""
        parameters = tuple(
            Parameter(parameter.name, parameter.default)
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        )
        return Check(
            code=code,
            name=name,
            severity=severity,
            needs=tuple(needs),
            explained_by=tuple(explained_by),
            function=function,
            title=text.partition("\n")[0].rstrip("."),
            explanation=text,
            parameters=parameters,
            transient=transient,
        )

    return decorate


def known(cluster: Cluster, read: Callable[[Node], Evidence[T]]) -> tuple[dict[str, Seen[T]], tuple[Gap, ...]]:
    """Read one kind of evidence of every node: values by node, and a gap for each that is lacking.

    A node where the thing is known to be absent is in neither: absence is evidence, and the rule
    that is about absence reads it by itself.
    """
    values: dict[str, Seen[T]] = {}
    gaps: list[Gap] = []
    for node in cluster.nodes:
        evidence = read(node)
        if isinstance(evidence, Seen):
            values[node.name] = evidence
        elif not evidence.is_absence:
            gaps.append(Gap(node.name, evidence))
    return values, tuple(gaps)


def groups(values: dict[str, Seen[T]], key: Callable[[T], object]) -> list[tuple[str, ...]]:
    """Group nodes by equal value, the largest group first, then by the first node's name."""
    by_value: dict[object, list[str]] = {}
    for node, seen in values.items():
        by_value.setdefault(key(seen.value), []).append(node)
    return sorted((tuple(nodes) for nodes in by_value.values()), key=lambda nodes: (-len(nodes), nodes))


__all__ = [
    "NOT_ASKED",
    "SYSTEM_BUCKETS",
    "VERSION",
    "Access",
    "Account",
    "AccountFile",
    "Action",
    "Balancing",
    "Because",
    "Certificate",
    "CertificateFile",
    "Check",
    "Cluster",
    "ClusterInfo",
    "ConfigPitfall",
    "ConfigProblem",
    "ConfiguredRoute",
    "Difference",
    "Disk",
    "Evidence",
    "EvidenceEntry",
    "EvidenceMissing",
    "Finding",
    "Flaw",
    "Forwarding",
    "Gap",
    "Greeting",
    "Hands",
    "Health",
    "HeldStream",
    "Iterable",
    "Iterator",
    "JetStream",
    "Kind",
    "Layer",
    "Listener",
    "Listeners",
    "LoadBalancer",
    "Located",
    "Log",
    "LogEvent",
    "LogKind",
    "Mapping",
    "MetaGroup",
    "MetaPeer",
    "MetaView",
    "Missing",
    "NatsConfig",
    "Node",
    "Obstacle",
    "OperatorIdentity",
    "Pool",
    "PoolServer",
    "Port",
    "PortCertificate",
    "Preloaded",
    "Refusal",
    "Remedy",
    "RepairFailed",
    "RepairRefused",
    "RepairUncertain",
    "Replica",
    "Risk",
    "Route",
    "RouteAddress",
    "RouteGreeting",
    "Running",
    "Same",
    "SeedReference",
    "Seen",
    "Server",
    "Service",
    "Setting",
    "Severity",
    "State",
    "Step",
    "Store",
    "Stream",
    "StreamConfig",
    "StreamDirectory",
    "StreamState",
    "Subject",
    "SymphonyConfig",
    "Token",
    "Ui",
    "UiAnswer",
    "UpstreamState",
    "check",
    "differences",
    "groups",
    "known",
    "peer_id",
    "replicas_wanted",
]
