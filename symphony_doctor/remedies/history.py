"""What the journal says of past steps, with a look at the files that an interrupted one was about to replace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from symphony_doctor.errors import UsageError
from symphony_doctor.model.action import RepairRefused
from symphony_doctor.remedies import journal as journals
from symphony_doctor.remedies.files import digest, read
from symphony_doctor.remedies.journal import Entry, before_of, last_of_each


@dataclass(frozen=True, slots=True)
class Past:
    """A step of the past: its last line, what it replaced, and its state in words."""

    last: Entry
    before: Entry | None
    state: str

    @property
    def can_be_undone(self) -> bool:
        """Tell whether it changed something that is not put back yet."""
        return self.before is not None and self.last.phase in {journals.DONE, journals.FAILED, journals.BEGAN}


def history(entries: tuple[Entry, ...]) -> tuple[Past, ...]:
    """Return every step that was planned, oldest first; undoing is part of the step that it undoes."""
    return tuple(
        Past(last, before, _state(last, before))
        for step, last in last_of_each(entries).items()
        if not is_undo(step)
        for before in [before_of(entries, step)]
    )


def is_undo(step: str) -> bool:
    """Tell the name of an undoing from that of a step."""
    return step.startswith("undo-")


def to_undo(past: Iterable[Past], wanted: str | None, final: frozenset[str]) -> Past:
    """Choose the step that was named, else the last one that can be undone; raise ``UsageError``.

    ``final`` are the actions that have nothing to put back.
    """
    every = list(past)
    if wanted is None:
        found = next((each for each in reversed(every) if each.can_be_undone and each.last.action not in final), None)
        if found is None:
            raise UsageError("the journal holds no step that could be undone; see `symphony-doctor fix log`")
        return found
    found = next((each for each in every if each.last.step == wanted), None)
    if found is None:
        raise UsageError(f"the journal holds no step {wanted!r}; see `symphony-doctor fix log`")
    if not found.can_be_undone:
        raise UsageError(f"{wanted} cannot be undone: {found.state}")
    return found


def folders_of(before: Entry) -> tuple[Path, ...]:
    """Return the directories of the files that a step replaced."""
    files = before.before.get("files")
    paths = [before.before.get("file"), *(files if isinstance(files, dict) else ())]
    return tuple(dict.fromkeys(Path(path).parent for path in paths if isinstance(path, str)))


def _state(last: Entry, before: Entry | None) -> str:
    if last.phase != journals.BEGAN:
        return last.phase
    return f"interrupted: {_file_now(before)}" if before is not None and before.before.get("file") else "interrupted"


def _file_now(before: Entry) -> str:
    path, old, new = (str(before.before.get(key)) for key in ("file", "digest", "new_digest"))
    try:
        now = digest(read(Path(path)))
    except RepairRefused as refused:
        return str(refused)
    which = {old: "the old one, whole", new: "the new one, whole"}.get(str(now), "neither the old nor the new one")
    return f"{path} is {which}"
