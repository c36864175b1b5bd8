"""How a cluster is judged besides by the rules as they are: thresholds of its own, and findings that are muted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from symphony_doctor.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Threshold:
    """Another value of a rule's parameter; ``where`` it was given."""

    code: str
    name: str
    value: float
    where: str


@dataclass(frozen=True, slots=True)
class Mute:
    """A finding that is known: of ``code`` on ``object`` (``*`` and ``?`` work), to the end of the day ``until``, UTC.

    Over where the finding is worse than ``severity``, or than the rule's own where that is ``None``. ``account`` is
    the public key of the account that the object is of, where that matters.
    """

    code: str
    object: str
    reason: str
    until: date
    severity: Severity | None
    account: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Judging:
    """How a cluster is judged; of thresholds given twice the last counts."""

    thresholds: tuple[Threshold, ...] = ()
    mutes: tuple[Mute, ...] = ()

    @property
    def parameters(self) -> dict[str, dict[str, float]]:
        """Return the thresholds by code and name."""
        found: dict[str, dict[str, float]] = {}
        for each in self.thresholds:
            found.setdefault(each.code, {})[each.name] = each.value
        return found


USUAL = Judging()
"""The rules as they are."""
