"""Repairs as data: an action, a step that it would take, and the hands that it is given for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.finding import Risk


class RepairRefused(Exception):  # noqa: N818 - named by what it is
    """What the step rests on does not hold (any more): nothing was changed."""


class RepairFailed(Exception):  # noqa: N818 - named by what it is
    """The change was not made: a server or the file system said no, in its own words."""


class RepairUncertain(Exception):  # noqa: N818 - named by what it is
    """The change was sent and no answer came: only another look can tell whether it was made."""


@dataclass(frozen=True, slots=True)
class Access:
    """Whose user a step needs: the account's public key, and all subjects that it publishes to."""

    account: str
    publish: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One change, ready to be made: all that is shown before anybody agrees to it.

    ``where`` is a file or an account, ``changes`` say what it will look like, secrets by fingerprint;
    ``confirm`` is what must be typed for a destructive one. ``afterwards`` are commands that are left to
    people; with ``waits`` the change takes effect only after them.
    """

    action: str
    parameters: tuple[tuple[str, str], ...]
    title: str
    where: str
    changes: tuple[str, ...]
    risk: Risk
    access: Access | None = None
    confirm: str = ""
    afterwards: tuple[str, ...] = ()
    waits: bool = False

    def __getitem__(self, name: str) -> str:
        """Return one parameter; raise ``KeyError`` where it is not given."""
        return dict(self.parameters)[name]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an action takes no step, in a sentence that says what would help."""

    reason: str


class Hands(Protocol):
    """All that an action can touch. What changes something is refused until ``began`` was called."""

    @property
    def now(self) -> float:
        """Return the time in Unix seconds."""

    async def ask(self, subject: str, body: object = None) -> dict[str, Any]:
        """Ask as the step's account and return the answer; raise ``RepairFailed`` or ``RepairUncertain``."""

    async def ask_all(self, subject: str, body: bytes, expect: int) -> tuple[bytes, ...]:
        """Ask every server; return the answers as soon as ``expect`` are there, or after a time."""

    async def change(self, subject: str, body: object) -> dict[str, Any]:
        """Send a request that changes something, after ``began``."""

    async def change_all(self, subject: str, body: bytes, expect: int) -> tuple[bytes, ...]:
        """Send a change to every server, after ``began``."""

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Ask again and again until the condition holds or time is over; tell which."""

    def read(self, path: str) -> bytes | None:
        """Read a file of a node's directory; ``None`` where there is none."""

    def keep(self, content: bytes) -> str:
        """Put a copy beside the journal and return its path."""

    def began(self, before: Mapping[str, object]) -> None:
        """Write to the journal what is going to be replaced; a change that is not in it is not made."""

    def kept_name(self, path: str) -> str:
        """Return the name that ``replace`` gives to the old file."""

    def replace(self, path: str, expected: bytes | None, content: bytes | None, *, keep: bool = True) -> None:
        """Replace a file in one step, if it still is ``expected``; ``None`` stands for no file."""


PlanFunction: TypeAlias = Callable[[Mapping[str, str], Cluster], tuple[Step, ...] | Refusal]
ApplyFunction: TypeAlias = Callable[[Step, Hands], Awaitable[str]]
UndoFunction: TypeAlias = Callable[[Step, Mapping[str, Any], Hands], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of repair, apart from the rules that propose it.

    ``plan`` is pure: parameters and snapshot to steps, or why not. ``apply`` makes one step and says in
    a sentence what it did; ``undo`` is given what the journal has of it, and is ``None`` where
    ``why_no_undo`` says why. ``needs_quorum``: it changes replicas or peers, and is refused while the
    quorum is lost or at risk.
    """

    name: str
    title: str
    plan: PlanFunction
    apply: ApplyFunction
    undo: UndoFunction | None = None
    why_no_undo: str = ""
    needs_quorum: bool = True
    origin: str = ""
