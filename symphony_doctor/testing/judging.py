"""One rule by its code on a snapshot; a snapshot changed, or with evidence taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from symphony_doctor.assemble import cluster_of
from symphony_doctor.engine.load import installed_providers, load
from symphony_doctor.engine.run import Outcome, run
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import CLUSTER_KINDS, Cluster, Kind, Node
from symphony_doctor.model.evidence import Evidence, Missing, State

TAKEN = Missing(State.TIMED_OUT, "taken away by a test")


@cache
def installed_checks() -> tuple[Check, ...]:
    """Return every rule that is installed, the built-in ones and those of other distributions."""
    return load(installed_providers()).checks


def judge(code: str, cluster: Cluster, checks: Iterable[Check] | None = None) -> Outcome:
    """Run the rule with that code over a snapshot and return its outcome. Raises ``LookupError``."""
    for rule in installed_checks() if checks is None else checks:
        if rule.code == code:
            return run([rule], cluster)[0]
    raise LookupError(f"no rule has the code {code}")


def changed(cluster: Cluster, node: str, **evidence: Evidence[object]) -> Cluster:
    """Return the snapshot with other evidence of one node; what follows from it is made anew."""
    return rebuilt(
        cluster,
        (replace(each, **evidence) if each.name == node else each for each in cluster.nodes),  # type: ignore[arg-type]
    )


def without(cluster: Cluster, kind: Kind, nodes: Iterable[str] | None = None, missing: Missing = TAKEN) -> Cluster:
    """Return the snapshot without one kind of evidence: on some nodes or on all, or of the cluster."""
    if kind in CLUSTER_KINDS:
        return replace(cluster, **{kind.value: missing})  # type: ignore[arg-type]
    for name in [node.name for node in cluster.nodes] if nodes is None else nodes:
        cluster = changed(cluster, name, **{kind.value: missing})
    return cluster


def rebuilt(cluster: Cluster, nodes: Iterable[Node]) -> Cluster:
    """Return a snapshot of other nodes, with everything that follows from them made anew."""
    made = cluster_of(nodes, cluster.observed_at)
    return replace(made, **{kind.value: getattr(cluster, kind) for kind in CLUSTER_KINDS})
