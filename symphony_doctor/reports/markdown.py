"""Markdown for tickets, and a plain block to paste anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import Report, Reported, Status
from symphony_doctor.reports._muted import mute_lines
from symphony_doctor.reports._problems import Problem, explained_words, problems_of
from symphony_doctor.reports._summary import footer, heading, made_by, one_line_verdict, verdict
from symphony_doctor.reports._words import lines_of, listing, one_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
_FIRST = re.compile(r"^([#+=-]|\d+(?=[.)]))")
"""What makes a heading, a list or a rule at the beginning of a line."""


def to_markdown(report: Report, *, verbosity: int = 0) -> str:
    """Render a report as Markdown (GitHub's): a section for each root cause, evidence as a table, commands as code."""
    verbose = verbosity > 0
    lines = [f"# {_plain(heading(report))}", "", f"**{_plain(verdict(report).text)}**", "", _plain(made_by(report))]
    for problem in problems_of(report, verbose=verbose):
        lines += ["", *_problem(problem)]
    lines += ["", "## What was looked at", ""]
    lines += [f"- {_plain(each.label)}: {_plain(each.text)}" for each in footer(report, verbose=verbose)]
    return "\n".join(lines) + "\n"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"## {problem.severity.word.upper()} {_plain(problem.code)} {_plain(problem.title)}"
    yield ""
    yield from (f"- {_plain(case)}" for case in problem.cases)
    yield from (_plain(each) + "  " for each in (problem.place, *problem.details) if each)
    if problem.evidence:
        yield from ("", "| source | expected | actual | where |", "|---|---|---|---|")
        for each in problem.evidence:
            yield f"| {' | '.join(map(_plain, (each.source, each.expected, each.actual, each.where)))} |"
    for repair in problem.repairs:
        caution = f" ({repair.caution})" if repair.caution else ""
        yield from ("", f"{_plain(repair.title)}{_plain(caution)}:", "", *_code(repair.commands))
    if problem.explained:
        yield from ("", f"Explains: {_plain(explained_words(problem.explained))}")


def _code(commands: tuple[str, ...]) -> Iterator[str]:
    # a fence is longer than any in what it holds
    longest = max((len(run) for line in commands for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}sh", *commands, fence)


def _plain(text: str) -> str:
    """Write a text so that Markdown shows it as it is."""
    return _FIRST.sub(_first, _SPECIAL.sub(r"\\\1", one_line(text)))


def _first(match: re.Match[str]) -> str:
    # a digit cannot be escaped, what stands behind it can: an empty comment parts them
    return f"{match[0]}<!-- -->" if match[0].isdigit() else f"\\{match[0]}"


def to_paste(report: Report) -> str:
    """Render a report as one block for a chat or a ticket: verdict, versions, coverage, root causes, commands."""
    lines = [one_line_verdict(report), made_by(report), *_servers(report), _coverage(report)]
    lines += [f"{each.label.lower()}: {each.text}" for each in mute_lines(report)]
    for found in report.roots:
        if found.severity > Severity.INFO:
            lines += ["", *_root(found)]
    return "\n".join(lines) + "\n"


def _servers(report: Report) -> Iterator[str]:
    versions: dict[str, list[str]] = {}
    for node in report.overview.nodes:
        versions.setdefault(node.version or "version unknown", []).append(node.name)
    if versions:
        yield f"nats-server {'; '.join(f'{one_line(each)} on {listing(names)}' for each, names in versions.items())}"


def _coverage(report: Report) -> str:
    by_sources: dict[str, list[str]] = {}
    for node in report.nodes:
        by_sources.setdefault(", ".join(node.sources) or "nothing", []).append(node.name)
    looked = "; ".join(f"{sources} of {listing(names)}" for sources, names in by_sources.items()) or "nothing"
    undecided = [result.code for result in report.results_of(Status.SKIPPED) if result.unproven]
    return f"looked at: {looked}" + (f"; undecided: {listing(undecided)}" if undecided else "")


def _root(found: Reported) -> Iterator[str]:
    finding = found.finding
    where = f" (on {listing(finding.nodes)})" if finding.nodes else ""
    yield f"{found.severity.word.upper()} {one_line(found.code)} {one_line(finding.title)}{where}"
    for remedy in finding.remedies[:1]:
        yield from (f"  {line}" for command in remedy.commands for line in lines_of(command))
