"""From a snapshot and rules to a report: the whole of the engine in one call."""

from __future__ import annotations

from collections.abc import Iterable

from symphony_doctor import __version__
from symphony_doctor.engine.explain import explain
from symphony_doctor.engine.mute import mute
from symphony_doctor.engine.overview import overview_of
from symphony_doctor.engine.run import DEADLINE, run
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster, Kind, Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.judging import USUAL, Judging
from symphony_doctor.model.report import Judged, NodeCoverage, Report

_SOURCES: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("files", (Kind.SYMPHONY_CONFIG, Kind.NATS_CONFIG, Kind.ACCOUNT_FILES, Kind.STREAM_DIRECTORIES, Kind.STORE)),
    (
        "nats",
        (Kind.SERVER, Kind.ROUTES, Kind.JETSTREAM, Kind.META_GROUP, Kind.HEALTH, Kind.RESOLVER_ACCOUNTS),
    ),
    ("info", (Kind.GREETING,)),
    ("logs", (Kind.LOG,)),
    ("http", (Kind.UI,)),
)


def diagnose(
    checks: Iterable[Check],
    cluster: Cluster,
    *,
    problems: Iterable[str] = (),
    deadline: float = DEADLINE,
    judging: Judging = USUAL,
) -> Report:
    """Run ``checks`` over ``cluster`` and return the report, root causes first, and without what is muted."""
    rules = tuple(checks)
    outcomes = run(rules, cluster, deadline=deadline, parameters=judging.parameters)
    report = Report(
        doctor_version=__version__,
        generated_at=cluster.observed_at,
        cluster_name=cluster.name,
        nodes=tuple(_coverage(node) for node in cluster.nodes),
        results=tuple(outcome.result for outcome in outcomes),
        findings=explain(outcomes),
        problems=tuple(problems),
        unseen=cluster.unseen,
        overview=overview_of(cluster),
        thresholds=_thresholds(rules, judging),
    )
    return mute(report, rules, judging.mutes)


def _thresholds(rules: Iterable[Check], judging: Judging) -> tuple[Judged, ...]:
    """Return what was judged by other than the usual thresholds."""
    usual = {(rule.code, each.name): each.default for rule in rules for each in rule.parameters}
    return tuple(
        Judged(code, name, value, usual[code, name])
        for code, named in judging.parameters.items()
        for name, value in named.items()
        if (code, name) in usual and value != usual[code, name]
    )


def _coverage(node: Node) -> NodeCoverage:
    sources, missing = [], []
    for name, kinds in _SOURCES:
        evidence = [getattr(node, kind) for kind in kinds]
        if any(isinstance(each, Seen) for each in evidence):
            sources.append(name)
        for each in evidence:
            if isinstance(each, Missing) and each.state not in {State.NOT_ASKED, State.ABSENT}:
                line = f"{name}: {each.why}"
                if line not in missing:
                    missing.append(line)
    return NodeCoverage(node.name, tuple(sources), tuple(missing))
