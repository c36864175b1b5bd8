"""Mutes in the JSON report, version 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symphony_doctor.model.report import Muting
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
