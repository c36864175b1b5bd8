"""SARIF 2.1.0, as code hosts and editors read it: each finding with the lines of the files that prove it."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from symphony_doctor.model.finding import EvidenceEntry, Severity, Subject
from symphony_doctor.model.report import CheckResult, Report, Reported, Status
from symphony_doctor.redaction import printable
from symphony_doctor.reports._muted import muted_by
from symphony_doctor.reports._words import lines_of, one_line

VERSION: Final = "2.1.0"
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "symphonyDoctorFinding/v1"

_PLACE: Final = re.compile(r"(?P<path>/.*?)(?::(?P<line>[1-9]\d{0,8})(?::(?P<column>[1-9]\d{0,8}))?)?", re.DOTALL)
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}

_Object: TypeAlias = dict[str, Any]


def to_sarif(report: Report) -> str:
    """Render a report as one run: rules, results with places, and what was not had as notifications."""
    rules = _rules(report)
    numbers = {code: number for number, code in enumerate(rules)}
    every = (*report.findings, *report.muted)
    bases = _bases(entry for found in every for entry in found.finding.evidence)
    reasons = {found.id: {"justification": one_line(by.mute.reason)} for found, by, _ in muted_by(report)}
    run: _Object = {
        "tool": {
            "driver": {
                "name": "symphony-doctor",
                "semanticVersion": one_line(report.doctor_version),
                "rules": list(rules.values()),
            }
        },
        "automationDetails": {"id": f"symphony-doctor/{one_line(report.cluster_name)}/"},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {one_line(source): {"uri": _directory(path)} for source, path in bases.items()},
        "columnKind": "utf16CodeUnits",
        "results": [
            *(_result(found, numbers[found.code], bases, new=report.since is not None) for found in report.findings),
            *(
                _result(found, numbers[found.code], bases, new=False)
                | {"suppressions": [{"kind": "external", **reasons.get(found.id, {})}]}
                for found in report.muted
            ),
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2, allow_nan=False) + "\n"


def _rules(report: Report) -> dict[str, _Object]:
    rules = {result.code: _rule(result) for result in report.results}
    for found in (*report.findings, *report.muted):
        rules.setdefault(found.code, {"id": one_line(found.code), "name": one_line(found.name)})
    return rules


def _rule(result: CheckResult) -> _Object:
    rule: _Object = {"id": one_line(result.code), "name": one_line(result.name)}
    if result.explanation:
        title, _, _rest = result.explanation.strip().partition("\n")
        rule["shortDescription"] = {"text": one_line(title)}
        rule["fullDescription"] = {"text": one_line(title)}
        rule["help"] = {"text": printable(result.explanation).strip()}
    if result.severity is not None:
        rule["defaultConfiguration"] = {"level": _LEVELS[result.severity]}
        rule["properties"] = {"severity": result.severity.word}
    return rule


def _invocation(report: Report) -> _Object:
    at = datetime.fromtimestamp(report.generated_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    notes = [_notification("error", text) for text in report.problems]
    notes += [_notification("warning", text) for text in report.unseen]
    for result in report.results:
        if result.status is Status.CRASHED:
            notes.append(_notification("error", f"crashed: {result.reason}", result.code))
        elif result.status is Status.SKIPPED:
            notes.append(_notification("warning" if result.unproven else "note", result.reason, result.code))
    failed = bool(report.problems or report.results_of(Status.CRASHED))
    return {"executionSuccessful": not failed, "endTimeUtc": at, "toolExecutionNotifications": notes}


def _notification(level: str, text: str, code: str | None = None) -> _Object:
    about = {"associatedRule": {"id": one_line(code)}} if code else {}
    return {"level": level, "message": {"text": one_line(text)}, **about}


def _result(found: Reported, number: int, bases: Mapping[str, str], *, new: bool) -> _Object:
    finding = found.finding
    lines = [finding.title, *([finding.detail] if finding.detail else [])]
    lines += [
        f"{each.source}, {each.where}: expected {each.expected}, found {each.actual}" for each in finding.evidence
    ]
    places = list(dict.fromkeys((each.source, _exact(each)) for each in finding.evidence))
    locations = [place for source, where in places if (place := _location(source, where, bases))]
    logical = [_logical(finding.subject)]
    for location in locations or [{}]:
        location["logicalLocations"] = logical
    result: _Object = {
        "ruleId": one_line(found.code),
        "ruleIndex": number,
        "level": _LEVELS[found.severity],
        "message": {"text": "\n".join(map(one_line, lines))},
        "locations": locations or [{"logicalLocations": logical}],
        "partialFingerprints": {FINGERPRINT: one_line(found.id)},
        "properties": {
            "severity": found.severity.word,
            "nodes": list(map(one_line, finding.nodes)),
            "cause": one_line(found.cause) if found.cause else None,
            "remedies": [
                {
                    "title": one_line(remedy.title),
                    "risk": remedy.risk.value,
                    "commands": ["\n".join(lines_of(command)) for command in remedy.commands],
                }
                for remedy in finding.remedies
            ],
        },
    }
    return result | ({"baselineState": "new"} if new else {})


def _logical(subject: Subject) -> _Object:
    name = one_line(subject.name)
    account = f"{one_line(subject.account)}/" if subject.account else ""
    return {"name": name, "kind": one_line(subject.kind), "fullyQualifiedName": f"{account}{name}"}


def _exact(entry: EvidenceEntry) -> str:
    """Return where it stands; the words of a parser begin with the line and the column in that file."""
    found = re.match(rf"{re.escape(entry.where)}:\d+(?::\d+)?(?=: )", entry.actual)
    return found[0] if found else entry.where


def _location(source: str, where: str, bases: Mapping[str, str]) -> _Object | None:
    """Return the place in a file; what is an endpoint and no file has none."""
    place = _PLACE.fullmatch(where)
    if place is None:
        return None
    relative = posixpath.relpath(_normal(place["path"]), bases[source])
    physical: _Object = {"artifactLocation": {"uri": _quoted(relative), "uriBaseId": one_line(source)}}
    if place["line"]:
        physical["region"] = {"startLine": int(place["line"])}
        if place["column"]:
            physical["region"]["startColumn"] = int(place["column"])
    return {"physicalLocation": physical}


def _bases(evidence: Iterable[EvidenceEntry]) -> dict[str, str]:
    """Return for each source the directory that all its files are in: a viewer may set another in its place."""
    directories: dict[str, list[str]] = {}
    for entry in evidence:
        place = _PLACE.fullmatch(entry.where)
        if place is not None:
            directories.setdefault(entry.source, []).append(posixpath.dirname(_normal(place["path"])))
    return {source: posixpath.commonpath(paths) for source, paths in directories.items()}


def _normal(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


def _directory(path: str) -> str:
    return f"file://{_quoted(path).rstrip('/')}/"


def _quoted(path: str) -> str:
    return quote(path, safe="/", errors="backslashreplace")
