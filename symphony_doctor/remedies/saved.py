"""A saved report: which of its findings are still there, and unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from symphony_doctor.errors import InputError
from symphony_doctor.model.evidence import Missing
from symphony_doctor.model.plan import Declined
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.sources.files import read_file

_SCHEMA = "symphony-doctor/report/v1"
_LIMIT = 256 * 1024 * 1024


class _Remedy(msgspec.Struct):
    action: str | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class _Finding(msgspec.Struct):
    id: str
    code: str
    title: str
    remedies: tuple[_Remedy, ...] = ()


class Saved(msgspec.Struct):
    """What is used of a saved report."""

    schema: str
    generated_at: str
    findings: tuple[_Finding, ...]


def read_saved(path: Path) -> Saved:
    """Read a report that ``run --format json`` wrote; raise ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"--report: {found.why}")
    try:
        saved = msgspec.json.decode(found.value, type=Saved)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise InputError(f"--report: {path} is no report of this doctor: {error}") from None
    if saved.schema != _SCHEMA:
        raise InputError(f"--report: {path} is of schema {saved.schema!r}, expected {_SCHEMA!r}")
    return saved


def limited(report: Report, saved: Saved) -> tuple[Report, tuple[Declined, ...]]:
    """Keep of a fresh report what the saved one has too; say of the rest of that one why it is not repaired."""
    fresh = {found.id: found for found in report.findings}
    kept: list[Reported] = []
    declined: list[Declined] = []
    for finding in saved.findings:
        proposed = next((each for each in finding.remedies if each.action is not None), None)
        now = fresh.get(finding.id)
        if now is not None and (proposed is None or _proposes(now, proposed.action, proposed.parameters)):
            kept.append(now)
        elif proposed is not None and proposed.action is not None:
            reason = (
                "a fresh look does not find it any more"
                if now is None
                else f"the cluster changed since the report of {saved.generated_at}: another repair is right now"
            )
            declined.append(Declined(finding.id, finding.code, finding.title, proposed.action, reason))
    ids = {found.id for found in kept}
    return replace(report, findings=tuple(found for found in report.findings if found.id in ids)), tuple(declined)


def _proposes(found: Reported, action: str | None, parameters: Mapping[str, Any]) -> bool:
    return any(each.action == action and dict(each.parameters) == dict(parameters) for each in found.finding.remedies)
