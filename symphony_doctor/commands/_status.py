"""The exit status of a run."""

from __future__ import annotations

from symphony_doctor.commands._failing import INTERRUPTED
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Status


def exit_status(report: Report, threshold: Severity, format_: str = "terminal") -> int:
    """Return the status of a run: the first of 130, 4 (crashed), 1, 3 (unproven) that holds, else 0.

    In the format ``nagios`` it is that of a plugin, whatever the threshold.
    """
    if format_ == "nagios":
        from symphony_doctor.reports.nagios import status_of

        return status_of(report).value
    if report.is_interrupted:
        return INTERRUPTED
    if report.results_of(Status.CRASHED) or report.problems:
        return 4
    if any(found.severity >= threshold for found in report.findings):
        return 1
    return 3 if report.is_unproven else 0
