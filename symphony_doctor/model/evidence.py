"""Evidence that was seen, and evidence that is missing with its reason: absence as a type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Never, TypeAlias, TypeVar

T_co = TypeVar("T_co", covariant=True)


class State(StrEnum):
    """Why a piece of evidence is missing.

    ``ABSENT`` is evidence in itself (the file is not there, the key is not set);
    the others are lack of evidence, and nothing may be concluded from them.
    """

    ABSENT = "absent"
    NOT_ASKED = "not asked"
    DENIED = "denied"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    INTERRUPTED = "interrupted"


class EvidenceMissing(Exception):  # noqa: N818 - it is a signal to the engine, not a fault
    """Raised by ``Missing.get``; only the engine catches it, and skips the rule with the reason."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.why)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """A value that was really looked at.

    ``where`` names the file or the endpoint that it is from.
    """

    value: T_co
    where: str

    def get(self) -> T_co:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that could not be looked at: in which way, why in a sentence, and where it was looked for."""

    state: State
    why: str
    where: str = ""

    def get(self) -> Never:
        """Raise ``EvidenceMissing``: a rule about one thing needs no code for skipping."""
        raise EvidenceMissing(self)

    @property
    def is_absence(self) -> bool:
        """Tell whether this is the knowledge that the thing does not exist."""
        return self.state is State.ABSENT


Evidence: TypeAlias = Seen[T_co] | Missing

NOT_ASKED = Missing(State.NOT_ASKED, "not asked for")
