"""Mutes and thresholds in the JSON report, version 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symphony_doctor.model.report import Judged, Muting
from symphony_doctor.reports._json_words import SEVERITIES, SeverityV1, writable, writable_all, writable_or_none


@dataclass(frozen=True, slots=True)
class MuteV1:
    """A mute and what became of it: the ids of what it mutes, and of what it would mute if it were not over."""

    code: str
    object: str
    account: str | None
    reason: str
    until: str
    severity: SeverityV1
    where: str
    state: Literal["active", "worse", "expired", "unused", "undecided"]
    findings: list[str]
    over: list[str]


def mute_v1(muting: Muting) -> MuteV1:
    """Convert a mute and what became of it."""
    mute = muting.mute
    return MuteV1(
        code=writable(mute.code),
        object=writable(mute.object),
        account=writable_or_none(mute.account),
        reason=writable(mute.reason),
        until=mute.until.isoformat(),
        severity=SEVERITIES[muting.limit],
        where=writable(mute.where),
        state=muting.state.value,
        findings=writable_all(muting.findings),
        over=writable_all(muting.over),
    )


@dataclass(frozen=True, slots=True)
class ThresholdV1:
    """A threshold that is not the usual one."""

    code: str
    name: str
    value: float
    usual: float


def threshold_v1(judged: Judged) -> ThresholdV1:
    """Convert a threshold."""
    return ThresholdV1(writable(judged.code), writable(judged.name), judged.value, judged.usual)
