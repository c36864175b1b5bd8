"""What the reports for people say of the run itself: the verdict, what was looked at and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import CheckResult, Report, Status
from symphony_doctor.reports._muted import mute_lines, muted_words, threshold_words
from symphony_doctor.reports._problems import Problem, problems_of
from symphony_doctor.reports._words import by_severity, listing, one_line, plural

_SOURCES: Final = {"files": "files", "nats": "NATS", "info": "INFO"}
"""The sources that every node can be looked at by, and what they are called."""

_LABELS: Final = {**_SOURCES, "http": "HTTP"}
"""The UI ports are named where they answered; that they did not is said by the rule about them."""

_OUTCOMES: Final = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "undecided": Status.SKIPPED,
    "CRASHED": Status.CRASHED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line under a label; ``loud`` is one that takes something from the verdict's worth."""

    label: str
    text: str
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence; ``severity`` of the worst finding, ``proven`` where all is well and all was looked at."""

    text: str
    severity: Severity | None
    proven: bool


def heading(report: Report) -> str:
    """Name the cluster and its nodes."""
    name = one_line(report.cluster_name)
    cluster = f"Cluster {name}" if name else "Cluster without a name"
    nodes = [node.name for node in report.nodes]
    return f"{cluster}, {plural(len(nodes), 'node')}: {listing(nodes)}" if nodes else f"{cluster}, no node known"


def made_by(report: Report) -> str:
    """Say which doctor looked, and when."""
    at = datetime.fromtimestamp(report.generated_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"symphony-doctor {one_line(report.doctor_version)}, {at}"


def verdict(report: Report) -> Verdict:
    """Judge the run: never healthier than what was proven."""
    problems = [item for item in problems_of(report, verbose=True) if not item.is_note]
    severity = max((item.severity for item in report.findings), default=None)
    doubts = _doubts(report)
    if problems:
        found = f"{_problem_words(problems)}{_new(report)}{muted_words(report)}"
        return Verdict("; ".join(filter(None, [found, ", ".join(doubts)])), severity, proven=False)
    passed = len(report.results_of(Status.PASSED))
    if not report.nodes or not report.results:
        lack = "no node is known" if not report.nodes else "no rule ran"
        return Verdict("; ".join([f"Nothing is proven: {lack}", *doubts]), severity, proven=False)
    left = [item for item in report.since.still if item.severity > Severity.INFO] if report.since else []
    if left:
        still = f"No new problem{_since(report)}, {plural(len(left), 'older one')} still there{muted_words(report)}"
        worst = max(item.severity for item in left)
        return Verdict("; ".join(filter(None, [still, ", ".join(doubts)])), worst, proven=False)
    notes = f"{passed} of {plural(len(report.results), 'rule')} passed"
    if doubts:
        return Verdict(f"No problem found, {notes}{muted_words(report)}; {', '.join(doubts)}", severity, proven=False)
    idle = len(_not_given(report))
    rest = f", {plural(idle, 'rule')} had nothing to look at" if idle else ""
    rest += muted_words(report)
    if not report.findings:
        return Verdict(f"Healthy: {plural(passed, 'rule')} passed{rest}", None, proven=True)
    return Verdict(f"Healthy: {notes}{rest}, {plural(len(report.findings), 'note')} below", severity, proven=True)


def one_line_verdict(report: Report) -> str:
    """Return the whole report as one line: the cluster, the verdict, the first problem."""
    judged = verdict(report)
    name = one_line(report.cluster_name) or "cluster without a name"
    first = next((item for item in problems_of(report, verbose=True) if not item.is_note), None)
    about = f" - {first.code} {first.title}" if first else ""
    return f"{name} ({plural(len(report.nodes), 'node')}): {judged.text}{about}"


def footer(report: Report, *, verbose: bool) -> tuple[Line, ...]:
    """Return what was looked at, what was not and why, and what failed by itself."""
    crashed = [
        Line("CRASHED", f"{_rule(result)}: {one_line(result.reason)}", loud=True)
        for result in report.results_of(Status.CRASHED)
    ]
    broken = [Line("Unusable", one_line(problem), loud=True) for problem in report.problems]
    skipped = tuple(result for result in report.results_of(Status.SKIPPED) if result not in _not_given(report))
    partly = tuple(result for result in report.results_of(Status.FAILED) if result.reason)
    return (
        *crashed,
        *_interrupted(report),
        *broken,
        *_became(report),
        *(Line(each.label, each.text, each.loud) for each in mute_lines(report)),
        *(Line("Threshold", text) for text in threshold_words(report)),
        Line("Looked at", _looked_at(report)),
        *_not_looked_at(report),
        *(Line("Not had", one_line(why), loud=True) for why in report.unseen),
        *_by_reason("Undecided", skipped),
        *_by_reason("In part", partly),
        *_by_reason("Not given", _not_given(report)),
        *_missing(report, "" if verbose else "\n".join(result.reason for result in (*skipped, *partly))),
    )


def _interrupted(report: Report) -> Iterator[Line]:
    if report.is_interrupted:
        yield Line("Cut short", "interrupted while it looked: what was not there by then was not seen", loud=True)


def _since(report: Report) -> str:
    return f" since {one_line(report.since.at)}" if report.since else ""


def _new(report: Report) -> str:
    """Say that what is shown is what is new, and how much is not shown."""
    if report.since is None:
        return ""
    still = len(report.since.still)
    besides = f", besides {plural(still, 'older finding')}" if still else ""
    return f", new{_since(report)}{besides}"


def _became(report: Report) -> Iterator[Line]:
    """Tell what became of the findings of the report that this one was narrowed by."""
    if report.since is None:
        return
    for label, items in (
        ("Gone", report.since.gone),
        ("Still there", report.since.still),
        ("Not known", report.since.unknown),
    ):
        for item in items:
            yield Line(label, f"{item.severity.word.upper()} {one_line(item.code)} {one_line(item.title)}")
    if not (report.since.gone or report.since.still or report.since.unknown):
        yield Line("Baseline", f"no finding{_since(report)} was there before")


def _not_given(report: Report) -> tuple[CheckResult, ...]:
    """Return the rules about what nobody gave, such as a load balancer, where all nodes were looked at in every way."""
    if any(not {"files", "nats"} <= set(node.sources) for node in report.nodes):
        return ()
    return tuple(result for result in report.results_of(Status.SKIPPED) if not result.unproven)


def _problem_words(problems: list[Problem]) -> str:
    explained = [item.severity for problem in problems for item in problem.explained]
    single = len(problems) == 1
    kinds = problems[0].severity.word if single else by_severity(problem.severity for problem in problems)
    text = f"{plural(len(problems), 'problem')} ({kinds})"
    if explained:
        more = plural(len(explained), "more finding") if single else plural(len(explained), "further finding")
        text += f", which {'explains' if single else 'explain'} {more}"
        if max(explained) > max(problem.severity for problem in problems):
            text += f" ({by_severity(explained)})"
    return text


def _doubts(report: Report) -> list[str]:
    crashed = len(report.results_of(Status.CRASHED))
    skipped = len(report.results_of(Status.SKIPPED)) - len(_not_given(report))
    doubts = ["INTERRUPTED, so not complete"] if report.is_interrupted else []
    if crashed:
        doubts.append(f"{plural(crashed, 'rule')} CRASHED")
    if skipped:
        doubts.append(f"{plural(skipped, 'rule')} could not decide")
    lacking = sum(bool(node.missing or not node.sources) for node in report.nodes)
    if lacking and not skipped:
        doubts.append(f"{plural(lacking, 'node')} could not be looked at in full")
    if report.unseen:
        doubts.append(
            f"{len(report.unseen)} of the addresses given {'does' if len(report.unseen) == 1 else 'do'} not answer"
        )
    if report.problems:
        doubts.append(f"{plural(len(report.problems), 'thing')} could not be used")
    return doubts


def _looked_at(report: Report) -> str:
    others = dict.fromkeys(source for node in report.nodes for source in node.sources if source not in _SOURCES)
    outcomes = ", ".join(
        f"{count} {word}" for word, status in _OUTCOMES.items() if (count := len(report.results_of(status)))
    )
    rules = plural(len(report.results), "rule")
    looked = _sources(report, (*_SOURCES, *others), given=True)
    return f"{looked or 'nothing'}; {rules}{f': {outcomes}' if outcomes else ''}"


def _not_looked_at(report: Report) -> list[Line]:
    lacking = _sources(report, tuple(_SOURCES), given=False)
    return [Line("Not seen", lacking)] if lacking else []


def _sources(report: Report, sources: Iterable[str], *, given: bool) -> str:
    """Say which sources gave which nodes, or did not: ``files and NATS of all 3 nodes, INFO of node1``."""
    by_nodes: dict[tuple[str, ...], list[str]] = {}
    for source in sources:
        nodes = tuple(node.name for node in report.nodes if (source in node.sources) is given)
        if nodes:
            by_nodes.setdefault(nodes, []).append(_LABELS.get(source) or one_line(source))
    every = [node.name for node in report.nodes]
    return "; ".join(f"{_and(names)} of {_of(list(nodes), every)}" for nodes, names in by_nodes.items())


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _of(nodes: list[str], every: list[str]) -> str:
    return f"all {len(every)} nodes" if len(nodes) == len(every) > 1 else listing(nodes)


def _rule(result: CheckResult) -> str:
    origin = one_line(result.origin)
    return f"{one_line(result.code)} {one_line(result.name)}{f' ({origin})' if origin else ''}"


def _by_reason(label: str, results: Iterable[CheckResult]) -> list[Line]:
    codes: dict[tuple[bool, str], list[str]] = {}
    for result in results:
        reason = one_line(result.reason) or "no reason given"
        codes.setdefault((result.unproven, reason), []).append(one_line(result.code))
    return [Line(label, f"{' '.join(found)}: {reason}", loud) for (loud, reason), found in codes.items()]


def _missing(report: Report, said: str) -> list[Line]:
    """Return what could not be had of nodes, but for what the reasons of rules already say."""
    nodes: dict[str, list[str]] = {}
    for node in report.nodes:
        for missing in node.missing:
            why = missing.partition(": ")[2] or missing
            if not any(node.name in line and why in line for line in said.split("\n")):
                nodes.setdefault(one_line(missing), []).append(node.name)
    return [Line("Missing", f"{listing(names)}: {why}", loud=True) for why, names in nodes.items()]
