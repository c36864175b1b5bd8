"""What rules say: findings, gaps, and the remedies that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from symphony_doctor.model.evidence import Missing


class Severity(IntEnum):
    """How bad a finding is; greater is worse.

    critical: data loss or split brain is possible now; error: redundancy or service is lost;
    warning: will become one; info: worth knowing.
    """

    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """Return the name as reports write it."""
        return self.name.lower()


class Risk(StrEnum):
    """What a remedy may cost: nothing, an interruption, or data."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"


@dataclass(frozen=True, slots=True)
class Subject:
    """The one thing a finding is about; with the code it makes the finding's identity.

    ``kind`` is one of cluster, node, account, stream, route, setting, file, certificate. ``account`` is the public
    key that a stream belongs to.
    """

    kind: str
    name: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """One line of proof: who says so (a node), where it stands, what was expected, what is there."""

    source: str
    where: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way to repair: commands that can be pasted, and the action by which the doctor could do it.

    ``parameters`` are what the action is to be given, by name; they hold no secret.
    """

    title: str
    commands: tuple[str, ...]
    risk: Risk = Risk.SAFE
    action: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that a rule saw. ``severity`` is the rule's own where it is ``None``."""

    title: str
    detail: str
    subject: Subject
    nodes: tuple[str, ...]
    evidence: tuple[EvidenceEntry, ...]
    remedies: tuple[Remedy, ...]
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Evidence that a rule needed and did not have: without a finding it makes the rule ``skipped``."""

    node: str | None
    missing: Missing
