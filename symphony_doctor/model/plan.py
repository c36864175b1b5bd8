"""What is going to be repaired, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from symphony_doctor.model.action import Step


@dataclass(frozen=True, slots=True)
class Planned:
    """A step with the finding that it is for; ``cause`` is the finding that is repaired before it, if any."""

    id: str
    finding: str
    code: str
    problem: str
    step: Step
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A finding that an action could repair, and why it is not done."""

    finding: str
    code: str
    problem: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in their order: root causes first, and of equal ones the harmless first."""

    id: str
    steps: tuple[Planned, ...]
    declined: tuple[Declined, ...]


class Verdict(StrEnum):
    """What the second look says of a step."""

    FIXED = "fixed"
    WRITTEN = "written, waits for the restart"
    NOT_FIXED = "not fixed"
    WORSE = "made worse"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_NEEDED = "not needed any more"
    LEFT_OUT = "left out"

    @property
    def is_made(self) -> bool:
        """Tell whether the step changed something that is still changed."""
        return self in {Verdict.FIXED, Verdict.WRITTEN, Verdict.NOT_FIXED, Verdict.WORSE}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step, its verdict, and a sentence on it."""

    planned: Planned
    verdict: Verdict
    words: str
