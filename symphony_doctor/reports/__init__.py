"""Reports: a ``Report`` in, a text out; no input or output, and one module for each format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from symphony_doctor.model.report import Report

WIDTH: Final = 80
"""Columns of a terminal that does not tell its width."""


class Renderer(Protocol):
    """Turns a report into a document; what a format has no use for it ignores.

    ``verbosity`` is -1 for one line, 0, or 1 and more for every rule; ``terminal`` tells whether a
    person looks at it right away, and not a pipe or a file.
    """

    def __call__(
        self,
        report: Report,
        *,
        verbosity: int = 0,
        width: int = WIDTH,
        color: bool = False,
        terminal: bool = False,
    ) -> str:
        """Return the document, with a line feed at its end."""


def _terminal(
    report: Report, *, verbosity: int = 0, width: int = WIDTH, color: bool = False, terminal: bool = False
) -> str:
    if terminal or color:
        from symphony_doctor.reports.terminal import to_terminal  # noqa: PLC0415 - only the format that is wanted

        return to_terminal(report, width=width, color=color, verbosity=verbosity)
    from symphony_doctor.reports.plain import to_plain  # noqa: PLC0415 - only the format that is wanted

    return to_plain(report, width=width, verbosity=verbosity)


def _json(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.json_v1 import to_json  # noqa: PLC0415 - only the format that is wanted

    return to_json(report)


def _html(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.html_page import to_html  # noqa: PLC0415

    return to_html(report)


def _junit(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.junit import to_junit  # noqa: PLC0415

    return to_junit(report)


def _sarif(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.sarif import to_sarif  # noqa: PLC0415

    return to_sarif(report)


def _prometheus(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.prometheus import to_prometheus  # noqa: PLC0415

    return to_prometheus(report)


def _nagios(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.nagios import to_nagios  # noqa: PLC0415

    return to_nagios(report)


def _markdown(report: Report, *, verbosity: int = 0, **_options: object) -> str:
    from symphony_doctor.reports.markdown import to_markdown  # noqa: PLC0415

    return to_markdown(report, verbosity=verbosity)


def _paste(report: Report, **_options: object) -> str:
    from symphony_doctor.reports.markdown import to_paste  # noqa: PLC0415

    return to_paste(report)


FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        "terminal": _terminal,
        "json": _json,
        "html": _html,
        "junit": _junit,
        "sarif": _sarif,
        "prometheus": _prometheus,
        "nagios": _nagios,
        "markdown": _markdown,
        "paste": _paste,
    }
)
"""The formats by the name that ``--format`` takes; each imports its module when it is used."""
