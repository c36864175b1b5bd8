"""The report for a pipe or a file: ASCII, no box drawing, tables by tabulate.

Commands alone stay as they are, also where they are not ASCII: another one would not work.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from symphony_doctor.model.finding import EvidenceEntry
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.reports._picture import Picture, picture_of
from symphony_doctor.reports._problems import Problem, Repair, explained_words, place_of, problems_of
from symphony_doctor.reports._summary import Line, footer, heading, made_by, one_line_verdict, verdict
from symphony_doctor.reports._words import ascii_only, one_line, paragraphs, plural

_NARROWEST = 20


def to_plain(report: Report, *, width: int = 80, verbosity: int = 0) -> str:
    """Render a report as plain text; prose is wrapped to ``width``, tables and commands are not.

    ``verbosity`` -1 is one line, 1 adds every rule with its outcome and time.
    """
    if verbosity < 0:
        return ascii_only(one_line_verdict(report)) + "\n"
    verbose = verbosity > 0
    page = _Page(max(width, _NARROWEST))
    page.say(heading(report))
    page.say(made_by(report))
    page.say(verdict(report).text)
    if report.overview.nodes:
        page.blank()
        page.picture(picture_of(report.overview, report.generated_at, verbose=verbose))
    problems = problems_of(report, verbose=verbose)
    nodes = tuple(node.name for node in report.nodes)
    for problem in problems:
        if not problem.is_note:
            page.blank()
            page.problem(problem, nodes, verbose=verbose)
    notes = [problem for problem in problems if problem.is_note]
    if notes:
        page.blank()
    for note in notes:
        page.note(note)
    if verbose and report.results:
        page.blank()
        page.checks(report)
    page.blank()
    page.footer(footer(report, verbose=verbose), problems)
    return page.text()


class _Page:
    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[str] = []

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def blank(self) -> None:
        self._lines.append("")

    def say(self, text: str, indent: int = 0, hanging: int = 0) -> None:
        self._lines += textwrap.wrap(
            ascii_only(text),
            self._width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def picture(self, picture: Picture) -> None:
        several = len(picture.nodes) > 1
        headers = ("node", "state", *(["routes"] if several else []))
        rows = [[node.name, node.words, *([node.reached] if several else [])] for node in picture.nodes]
        if picture.has_streams:
            headers = (*headers, "leads", "holds", "lacks")
            for row, node in zip(rows, picture.nodes, strict=True):
                row += [node.leads, node.holds, node.lacks]
        self._table(rows, headers, 0)
        for note in picture.notes:
            self.say(note, hanging=2)

    def problem(self, problem: Problem, nodes: tuple[str, ...], *, verbose: bool) -> None:
        self.say(f"{problem.severity.word.upper()} {problem.code} {problem.title}")
        self.cases(problem)
        for text in (problem.place, *problem.details):
            self.say(text, 2)
        if problem.evidence:
            self.evidence(problem.evidence)
        if problem.left_out:
            self.say(f"and {plural(problem.left_out, 'more line')} of evidence; -v shows all", 2)
        if problem.explained:
            self.explained(problem.explained, nodes, verbose=verbose)
        for repair in problem.repairs:
            self.repair(repair)

    def note(self, note: Problem) -> None:
        self.say(f"INFO {note.code} {note.title}{f' ({note.place})' if note.place else ''}", hanging=2)
        self.cases(note)
        if note.explained:
            self.say(f"explains {len(note.explained)} more: {explained_words(note.explained)}", 2, 2)
        for repair in note.repairs:
            self.repair(repair)

    def cases(self, problem: Problem) -> None:
        for case in problem.cases:
            self.say(f"- {case}", 2, 2)
        if problem.more_cases:
            self.say(f"and {problem.more_cases} more; -v lists them all", 2)

    def explained(self, explained: tuple[Reported, ...], nodes: tuple[str, ...], *, verbose: bool) -> None:
        if not verbose:
            self.say(f"explains {len(explained)} more: {explained_words(explained)}", 2, 2)
            return
        self.say(f"explains {len(explained)} more:", 2)
        for item in explained:
            self.say(f"{item.severity.word} {one_line(item.code)} {one_line(item.finding.title)}", 4, 2)
            place = place_of(item.finding.nodes, (item.finding.subject,), nodes, full=True)
            for text in (place, *paragraphs(item.finding.detail)):
                self.say(text, 6)

    def evidence(self, evidence: tuple[EvidenceEntry, ...]) -> None:
        rows = [[entry.source, entry.expected, entry.actual, entry.where] for entry in evidence]
        self._table(rows, ("source", "expected", "actual", "where"), 2)

    def repair(self, repair: Repair) -> None:
        self.say(f"Repair: {repair.title}{f' [{repair.caution}]' if repair.caution else ''}", 2, 2)
        self._lines += [f"    {command}" for command in repair.commands]

    def checks(self, report: Report) -> None:
        rows = [
            [one_line(each.code), one_line(each.name), str(each.status), f"{each.duration_ms:.1f}"]
            for each in report.results
        ]
        self._table(rows, ("code", "name", "outcome", "ms"), 0)

    def footer(self, lines: Iterable[Line], problems: Sequence[Problem]) -> None:
        for line in lines:
            self.say(f"{line.label + ':':<10} {line.text}", hanging=11)
        if problems:
            self.say(f"{'More:':<10} symphony-doctor checks explain {problems[0].code}", hanging=11)

    def _table(self, rows: list[list[str]], headers: tuple[str, ...], indent: int) -> None:
        from tabulate import tabulate  # noqa: PLC0415 - it is imported only where a table is drawn

        cells = [[ascii_only(cell) for cell in row] for row in rows]
        table = tabulate(cells, headers, tablefmt="simple", disable_numparse=True)
        self._lines += [f"{' ' * indent}{line}".rstrip() for line in table.split("\n")]
