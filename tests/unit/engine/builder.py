"""Rules and findings made by hand, from as few words as a test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from symphony_doctor.model.check import Because, Check, Parameter
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.model.finding import EvidenceEntry, Finding, Gap, Remedy, Severity, Subject

CLUSTER = Cluster(0.0, "c", (Node("node1"),))
TIMED_OUT = Missing(State.TIMED_OUT, "no answer within 5 s")
NOT_ASKED = Missing(State.NOT_ASKED, "no credentials")


def check(
    code: str = "XY001",
    function: Callable[..., Iterable[Finding | Gap]] = lambda _cluster: (),
    *,
    name: str = "",
    severity: Severity = Severity.ERROR,
    explained_by: Iterable[Because] = (),
    parameters: Iterable[Parameter] = (),
) -> Check:
    return Check(
        code=code,
        name=name or f"rule-{code.lower()}",
        severity=severity,
        needs=(),
        explained_by=tuple(explained_by),
        function=function,
        title="A rule",
        explanation="A rule.",
        parameters=tuple(parameters),
        origin="a test",
    )


def saying(*said: object) -> Callable[[Cluster], Iterator[Any]]:
    def rule(_cluster: Cluster) -> Iterator[Any]:
        yield from said

    return rule


def finding(
    subject: Subject | str = "cluster",
    *nodes: str,
    severity: Severity | None = None,
    title: str = "Something is wrong",
    evidence: tuple[EvidenceEntry, ...] = (),
) -> Finding:
    return Finding(
        title=title,
        detail="It matters.",
        subject=Subject("setting", subject) if isinstance(subject, str) else subject,
        nodes=nodes,
        evidence=evidence,
        remedies=(Remedy("Repair it", ("true",)),),
        severity=severity,
    )
