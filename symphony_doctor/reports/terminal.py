"""The report for a person at a terminal: root cause first, one screen for one problem."""

from __future__ import annotations

from symphony_doctor.model.report import Report


def to_terminal(report: Report, *, width: int, color: bool, verbosity: int = 0) -> str:
    """Render a report for a screen of ``width`` columns.

    Without ``color`` there is no escape code in it. ``verbosity`` -1 is one line, 1 adds every rule
    with its outcome and time. Commands are never wrapped.
    """
    from symphony_doctor.reports._screen import Screen  # noqa: PLC0415 - rich is imported only where it draws

    return Screen(width=width, color=color).render(report, verbosity)
