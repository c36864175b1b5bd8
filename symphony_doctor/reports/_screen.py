"""Draws a report with rich. Everything from a cluster is ``Text``, so nothing in it is markup."""

from __future__ import annotations

from io import StringIO
from typing import Final

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.style import Style
from rich.table import Table
from rich.text import Text

from symphony_doctor.model.finding import EvidenceEntry, Severity
from symphony_doctor.model.report import Report, Reported, Status
from symphony_doctor.reports._drawing import draw
from symphony_doctor.reports._picture import picture_of
from symphony_doctor.reports._problems import Problem, Repair, explained_words, place_of, problems_of
from symphony_doctor.reports._summary import Line, Verdict, footer, heading, made_by, one_line_verdict, verdict
from symphony_doctor.reports._words import one_line, paragraphs, plural, shorten_path

_MARKS: Final = {
    Severity.CRITICAL: ("✖", "bold white on red"),
    Severity.ERROR: ("✖", "bold red"),
    Severity.WARNING: ("▲", "bold yellow"),
    Severity.INFO: ("•", "bold blue"),
}
_STATUS_STYLES: Final = {
    Status.PASSED: "green",
    Status.FAILED: "red",
    Status.SKIPPED: "yellow",
    Status.CRASHED: "bold white on red",
}
_NARROWEST: Final = 20
_INDENT: Final = 2
_GAP: Final = 2
_SHORTEST_PLACE: Final = 14
"""Columns that the place of an evidence needs at the least to be told from another one."""


class Screen:
    """One rendering: draws piece by piece, and returns the text."""

    def __init__(self, *, width: int, color: bool) -> None:
        self._width = max(width, _NARROWEST)
        # everything is given, so that nothing is asked of the environment or of a terminal
        self._console = Console(
            file=StringIO(),
            width=self._width,
            height=24,
            force_terminal=color,
            force_jupyter=False,
            color_system="standard" if color else None,
            no_color=not color,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self._parts: list[str] = []

    def render(self, report: Report, verbosity: int) -> str:
        """Return the whole screen."""
        if verbosity < 0:
            self._verbatim(one_line_verdict(report), _verdict_style(verdict(report)))
            return "".join(self._parts)
        verbose = verbosity > 0
        self._draw(Text(heading(report), style="bold"))
        if verbose:
            self._draw(Text(made_by(report), style="dim"))
        judged = verdict(report)
        self._draw(Text(f"{_verdict_mark(judged)} {judged.text}", style=_verdict_style(judged)))
        if report.overview.nodes:
            self._blank()
            self._draw(draw(picture_of(report.overview, report.generated_at, verbose=verbose), self._width))
        problems = problems_of(report, verbose=verbose)
        nodes = tuple(node.name for node in report.nodes)
        for problem in problems:
            if not problem.is_note:
                self._blank()
                self._problem(problem, nodes, verbose=verbose)
        notes = [problem for problem in problems if problem.is_note]
        if notes:
            self._blank()
        for note in notes:
            self._note(note)
        if verbose and report.results:
            self._blank()
            self._checks(report)
        self._blank()
        self._footer(footer(report, verbose=verbose), problems)
        return "".join(self._parts)

    def _problem(self, problem: Problem, nodes: tuple[str, ...], *, verbose: bool) -> None:
        mark, style = _MARKS[problem.severity]
        self._draw(_title(problem.severity, f"{mark} {problem.severity.word.upper()}", problem, style))
        self._cases(problem)
        if problem.place:
            self._draw(Text(problem.place, style="dim"), _INDENT)
        for detail in problem.details:
            self._draw(Text(detail), _INDENT)
        if problem.evidence:
            self._evidence(problem.evidence, verbose=verbose)
        if problem.left_out:
            self._draw(Text(f"and {plural(problem.left_out, 'more line')} of evidence; -v shows all"), _INDENT)
        if problem.explained:
            self._explained(problem.explained, nodes, verbose=verbose)
        for repair in problem.repairs:
            self._repair(repair, _INDENT)

    def _note(self, note: Problem) -> None:
        mark, style = _MARKS[note.severity]
        self._draw(_title(note.severity, f"{mark} {note.severity.word.upper()}", note, style, note.place))
        self._cases(note)
        if note.explained:
            self._draw(Text(f"explains {len(note.explained)} more: {explained_words(note.explained)}"), _INDENT)
        for repair in note.repairs:
            self._repair(repair, _INDENT)

    def _cases(self, problem: Problem) -> None:
        for case in problem.cases:
            self._draw(Text(f"- {case}"), _INDENT)
        if problem.more_cases:
            self._draw(Text(f"and {problem.more_cases} more; -v lists them all"), _INDENT)

    def _explained(self, explained: tuple[Reported, ...], nodes: tuple[str, ...], *, verbose: bool) -> None:
        if not verbose:
            self._draw(Text(f"explains {len(explained)} more: {explained_words(explained)}"), _INDENT)
            return
        self._draw(Text(f"explains {len(explained)} more:"), _INDENT)
        for item in explained:
            mark, style = _MARKS[item.severity]
            line = Text.assemble(
                (f"{mark} {item.severity.word} {one_line(item.code)}", style), f" {one_line(item.finding.title)}"
            )
            self._draw(line, 2 * _INDENT)
            place = place_of(item.finding.nodes, (item.finding.subject,), nodes, full=True)
            for text in filter(None, (place, *paragraphs(item.finding.detail))):
                self._draw(Text(text, style="dim"), 3 * _INDENT)

    def _repair(self, repair: Repair, indent: int) -> None:
        caution = (f" [{repair.caution}]", "bold yellow") if repair.caution else ""
        self._draw(Text.assemble(("Repair: ", "bold green"), repair.title, caution), indent)
        for command in repair.commands:
            style = "dim" if command.startswith("#") else "cyan"
            self._verbatim(" " * 2 * indent, "", command, style)

    def _evidence(self, evidence: tuple[EvidenceEntry, ...], *, verbose: bool) -> None:
        room = self._width - _INDENT
        place = max((cell_len(entry.where) for entry in evidence), default=0)
        for columns in (("source", "expected", "actual"), ("source", "actual")):
            uniform = len({entry.expected for entry in evidence}) == 1
            if "expected" not in columns and not uniform:
                break
            taken = sum(
                max(len(name), *(cell_len(getattr(entry, name)) for entry in evidence)) + _GAP for name in columns
            )
            left = room - taken
            if left >= (place if verbose else min(place, _SHORTEST_PLACE)):
                if "expected" not in columns:
                    self._draw(Text.assemble(("expected  ", "dim"), evidence[0].expected), _INDENT)
                self._evidence_table(evidence, columns, left)
                return
        self._evidence_stack(evidence)

    def _evidence_table(self, evidence: tuple[EvidenceEntry, ...], columns: tuple[str, ...], left: int) -> None:
        table = _table()
        shown = (*columns, "where") if any(entry.where for entry in evidence) else columns
        for name in shown:
            table.add_column(Text(name, style="dim"), no_wrap=True)
        for entry in evidence:
            cells = [Text(getattr(entry, name)) for name in columns]
            if len(shown) > len(columns):
                cells.append(Text(shorten_path(entry.where, left), style="dim"))
            table.add_row(*cells)
        self._draw(table, _INDENT)

    def _evidence_stack(self, evidence: tuple[EvidenceEntry, ...]) -> None:
        """Draw long values above each other, where they are compared by eye."""
        for entry in evidence:
            grid = _grid()
            where = (f"  {entry.where}", "dim") if entry.where else ""
            self._draw(Text.assemble((entry.source, "bold"), where, overflow="fold"), _INDENT)
            for label, value in (("expected", entry.expected), ("actual", entry.actual)):
                grid.add_row(Text(label, style="dim"), Text(value, overflow="fold"))
            self._draw(grid, 2 * _INDENT)

    def _checks(self, report: Report) -> None:
        table = _table()
        for name in ("code", "name", "outcome"):
            table.add_column(Text(name, style="dim"))
        table.add_column(Text("ms", style="dim"), justify="right")
        for result in report.results:
            table.add_row(
                Text(one_line(result.code)),
                Text(one_line(result.name)),
                Text(str(result.status), style=_STATUS_STYLES[result.status]),
                Text(f"{result.duration_ms:.1f}"),
            )
        self._draw(table)

    def _footer(self, lines: tuple[Line, ...], problems: tuple[Problem, ...]) -> None:
        grid = _grid()
        for line in lines:
            alarm = line.label.isupper()
            style = "bold white on red" if alarm else "bold yellow" if line.loud else "dim"
            grid.add_row(Text(line.label, style=style), Text(line.text, overflow="fold"))
        if problems:
            grid.add_row(Text("More", style="dim"), Text(f"symphony-doctor checks explain {problems[0].code}"))
        self._draw(grid)

    def _draw(self, what: RenderableType, indent: int = 0) -> None:
        with self._console.capture() as capture:
            self._console.print(Padding(what, (0, 0, 0, indent)) if indent else what)
        self._parts.extend(f"{line.rstrip(' ')}\n" for line in capture.get().removesuffix("\n").split("\n"))

    def _verbatim(self, *pieces: str) -> None:
        """Draw text and style in turns on one line, as they are and however long."""
        segments = [Segment(text, Style.parse(style)) for text, style in zip(pieces[::2], pieces[1::2], strict=True)]
        with self._console.capture() as capture:
            self._console.print(Segments([*segments, Segment.line()]), soft_wrap=True, end="")
        self._parts.append(capture.get())

    def _blank(self) -> None:
        self._parts.append("\n")


def _title(severity: Severity, mark: str, problem: Problem, style: str, place: str = "") -> Text:
    title = "bold" if severity > Severity.INFO else ""
    where = (f" ({place})", "dim") if place else ""
    return Text.assemble((mark, style), " ", (problem.code, "bold"), " ", (problem.title, title), where)


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")


def _grid() -> Table:
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _verdict_mark(judged: Verdict) -> str:
    if judged.proven:
        return "✔"
    return "?" if judged.severity in {None, Severity.INFO} else _MARKS[judged.severity][0]


def _verdict_style(judged: Verdict) -> str:
    if judged.proven:
        return "bold green"
    severity = Severity.WARNING if judged.severity in {None, Severity.INFO} else judged.severity
    return "bold red" if severity > Severity.WARNING else "bold yellow"
