"""``run --baseline``: only what is new since a report, and what is gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from symphony_doctor.model.report import Report
    from symphony_doctor.reports.json_v1 import ReportV1


class _ReportFile(click.ParamType["ReportV1"]):
    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ReportV1:  # noqa: ARG002
        # read before anything is looked at: a wrong file costs no run
        from symphony_doctor.commands.compare import read_report

        return read_report(Path(str(value)))


BASELINE = click.option(
    "--baseline",
    type=_ReportFile(),
    metavar="REPORT",
    help="Show only what is new since that report of --format json, and what is gone.",
)


def narrow(report: Report, baseline: ReportV1 | None) -> Report:
    """Leave in a report what is new since the baseline, if there is one."""
    if baseline is None:
        return report
    from symphony_doctor.reports.baseline import narrowed

    return narrowed(report, baseline)
