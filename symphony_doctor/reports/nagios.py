"""One line for Nagios, Icinga and their kin, with performance data and the exit status that they know."""

from __future__ import annotations

from enum import IntEnum

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Status
from symphony_doctor.reports._summary import verdict
from symphony_doctor.reports._words import ascii_only, one_line

_SERVICE = "SYMPHONY"


class PluginStatus(IntEnum):
    """The exit status of a plugin (Monitoring Plugins Development Guidelines)."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def status_of(report: Report) -> PluginStatus:
    """Return the status: what was found counts more than what could not be looked at."""
    worst = max((found.severity for found in report.findings), default=Severity.INFO)
    if worst >= Severity.ERROR:
        return PluginStatus.CRITICAL
    if worst is Severity.WARNING:
        return PluginStatus.WARNING
    doubtful = report.is_unproven or report.problems or report.results_of(Status.CRASHED) or not report.nodes
    return PluginStatus.UNKNOWN if doubtful else PluginStatus.OK


def to_nagios(report: Report) -> str:
    """Render a report as ``SYMPHONY CRITICAL - text | critical=0 error=1 ...``, then a line for each root cause."""
    root = next(iter(report.roots), None)
    about = f": {root.code} {root.finding.title}" if root is not None and root.severity > Severity.INFO else ""
    text = _safe(f"{report.cluster_name or 'cluster without a name'}: {verdict(report).text}{about}")
    counts = {severity.word: report.count(severity) for severity in reversed(Severity)}
    counts |= {status.value: len(report.results_of(status)) for status in Status} | {"nodes": len(report.nodes)}
    counts |= {"muted": len(report.muted)} if report.mutes else {}
    data = " ".join(f"{name}={count}" for name, count in counts.items())
    lines = [f"{_SERVICE} {status_of(report).name} - {text} | {data}"]
    lines += [
        _safe(f"{found.severity.word.upper()} {found.code} {found.finding.title}")
        for found in report.roots
        if found.severity > Severity.INFO
    ]
    return "\n".join(lines) + "\n"


def unknown(reason: str) -> str:
    """Return the line of a run that could not be made."""
    return f"{_SERVICE} {PluginStatus.UNKNOWN.name} - {_safe(reason)}\n"


def _safe(text: str) -> str:
    """Keep a text from ending the part that it stands in: performance data begins with a bar."""
    return ascii_only(one_line(text)).replace("|", "/")
