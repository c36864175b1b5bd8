"""Prometheus text format, for the textfile collector of the node exporter. Names of metrics never change meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import MuteState, Report, Reported, Status
from symphony_doctor.reports._muted import muted_by
from symphony_doctor.reports._words import one_line

_FINDING: Final = ("code", "name", "severity", "kind", "subject")


def to_prometheus(report: Report) -> str:
    """Render a report as gauges; every series has the label ``cluster``.

    ``symphony_doctor_healthy`` is 1 where nothing above info was found and all that was asked for could be had.
    ``symphony_doctor_finding`` is 1 for each root cause, and gone when it is. What is muted is in none of these, but in
    ``symphony_doctor_muted_finding``; that and its kin are there where there are mutes.
    """
    registry = CollectorRegistry(auto_describe=False)
    cluster = one_line(report.cluster_name)

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"symphony_doctor_{name}", text, ("cluster", *labels), registry=registry)

    worst = max((found.severity for found in report.findings), default=Severity.INFO)
    well = worst is Severity.INFO and not report.is_unproven and bool(report.nodes) and not report.problems
    gauge("healthy", "1 where nothing above info was found and health is proven.").labels(cluster).set(well)
    gauge("unproven", "1 where evidence that was asked for could not be had.").labels(cluster).set(report.is_unproven)
    gauge("run_timestamp_seconds", "When the cluster was looked at.").labels(cluster).set(report.generated_at)
    gauge("nodes", "Nodes that are known.").labels(cluster).set(len(report.nodes))
    rules = gauge("rules", "Rules by what became of them.", "status")
    for status in Status:
        rules.labels(cluster, status.value).set(len(report.results_of(status)))
    findings = gauge("findings", "Findings by severity, explained ones included.", "severity")
    for severity in Severity:
        findings.labels(cluster, severity.word).set(report.count(severity))
    roots = gauge("finding", "A root cause.", *_FINDING)
    for found in report.roots:
        roots.labels(cluster, *_labels(found)).set(1)
    if report.mutes:
        gauge("muted_findings", "Findings that are muted, explained ones included.").labels(cluster).set(
            len(report.muted)
        )
        mutes = gauge("mutes", "Mutes by what became of them.", "state")
        for state in MuteState:
            mutes.labels(cluster, state.value).set(sum(each.state is state for each in report.mutes))
        muted = gauge("muted_finding", "A finding that is muted.", *_FINDING)
        for found, _, _ in muted_by(report):
            muted.labels(cluster, *_labels(found)).set(1)
    return generate_latest(registry).decode()


def _labels(found: Reported) -> Iterator[str]:
    subject = found.finding.subject
    return map(one_line, (found.code, found.name, found.severity.word, subject.kind, subject.name))
