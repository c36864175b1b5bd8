"""The report as one HTML file that needs nothing else: no network, no other file, no script to be read."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report
from symphony_doctor.redaction import printable
from symphony_doctor.reports._page_findings import findings_of
from symphony_doctor.reports._page_matrix import matrix_of
from symphony_doctor.reports._page_timeline import timeline_of
from symphony_doctor.reports._page_topology import topology_of
from symphony_doctor.reports._summary import Verdict, footer, heading, made_by, verdict

MARKS: Final = {
    Severity.CRITICAL: "✖",
    Severity.ERROR: "✖",
    Severity.WARNING: "▲",
    Severity.INFO: "•",
}


def to_html(report: Report) -> str:
    """Render a report as a page. The same report gives the same bytes: its times are the report's own."""
    judged = verdict(report)
    lines = footer(report, verbose=False)
    style, script = _asset("page.css"), _asset("page.js")
    page = _environment().get_template("page.html.j2")
    return page.render(
        report=report,
        heading=heading(report),
        made_by=made_by(report),
        verdict=judged,
        verdict_class=_verdict_class(judged),
        verdict_mark=_verdict_mark(judged),
        doubts=[line for line in lines if line.loud],
        lines=lines,
        findings=findings_of(report),
        topology=topology_of(report.overview),
        matrix=matrix_of(report.overview),
        timeline=timeline_of(report),
        policy=(
            f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
    )


@cache
def _environment() -> Environment:
    """Return the templates: every value in them is made harmless and escaped, wherever it stands."""
    environment = Environment(
        loader=PackageLoader("symphony_doctor", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["marks"] = MARKS
    return environment


def _harmless(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _asset(name: str) -> Markup:
    """Return a file of this package, which is trusted: nothing of a report is in it."""
    return Markup((resources.files(__package__) / name).read_text("utf-8"))  # noqa: S704 - the package's own


def _digest(text: str) -> str:
    """Return the source by which a Content-Security-Policy lets in this text and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _verdict_class(judged: Verdict) -> str:
    if judged.proven:
        return "healthy"
    return "unproven" if judged.severity in {None, Severity.INFO} else judged.severity.word


def _verdict_mark(judged: Verdict) -> str:
    if judged.proven:
        return "✔"
    return "?" if judged.severity in {None, Severity.INFO} else MARKS[judged.severity]
