"""The journal: what was going to be done, what it replaced, and what became of it; one JSON object a line.

It is only ever added to, and each line is on the disk before the next thing happens. No secret gets in:
every line is searched for all secrets that this run has read.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from symphony_doctor.errors import InputError, JournalError, LeakError, UsageError
from symphony_doctor.model.evidence import Missing
from symphony_doctor.remedies.files import synchronise, write_all
from symphony_doctor.sources.files import read_file

NAME = "journal.jsonl"
KEPT = "kept"
PLANNED, BEGAN, DONE, FAILED, REFUSED, UNDONE = "planned", "began", "done", "failed", "refused", "undone"
_MOST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``at`` is RFC 3339; ``before`` is what a step replaces, ``verdict`` what it came to."""

    at: str
    step: str
    phase: str
    action: str
    title: str
    where: str
    finding: str
    parameters: Mapping[str, str]
    access: Mapping[str, Any] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


def default_directory(environment: Mapping[str, str]) -> Path:
    """Return ``$XDG_STATE_HOME/symphony-doctor``."""
    base = environment.get("XDG_STATE_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "symphony-doctor"
    return Path(environment.get("HOME", "/")) / ".local" / "state" / "symphony-doctor"


def now() -> str:
    """Return the time as the journal writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Journal:
    """The journal in one directory. ``leaks`` finds secrets in a text."""

    def __init__(self, directory: Path, leaks: Callable[[str], tuple[object, ...]]) -> None:
        self.directory = directory
        self._leaks = leaks

    @property
    def path(self) -> Path:
        """Return where it is."""
        return self.directory / NAME

    def prepare(self) -> None:
        """Make its directory, which only the owner reads; raise ``UsageError`` where that cannot be."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--journal: {self.directory}: {(error.strerror or 'cannot be made').lower()}") from None

    def append(self, entry: Entry) -> None:
        """Add a line and wait until it is on the disk; raise ``JournalError``, or ``LeakError`` for a secret."""
        line = json.dumps(asdict(entry), separators=(",", ":"))
        leaks = self._leaks(line)
        if leaks:
            raise LeakError(f"a line of the journal held a secret and was not written ({leaks[0]})")
        try:
            self._append(line)
        except OSError as error:
            raise _unwritten(self.path, error) from None

    def _append(self, line: str) -> None:
        fresh = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            # a doctor that was killed while it wrote has left half a line
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            write_all(handle, f"{chr(10) if torn else ''}{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        if fresh:
            synchronise(self.directory)

    def entries(self) -> tuple[Entry, ...]:
        """Read all lines that are whole, oldest first; raise ``InputError`` where it cannot be read."""
        found = read_file(self.path, _MOST)
        if isinstance(found, Missing):
            if found.is_absence:
                return ()
            raise InputError(f"the journal: {found.why}")
        entries = []
        for line in found.value.splitlines():
            try:
                entries.append(Entry(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return tuple(entries)

    def keep(self, content: bytes) -> Path:
        """Keep a copy of a file that is no secret, by its digest, and return its path."""
        if self._leaks(content.decode("utf-8", "replace")):
            raise LeakError("a file to be kept held a secret and was not copied")
        folder = self.directory / KEPT
        path = folder / hashlib.sha256(content).hexdigest()
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if not path.exists():
                _write(path, content)
        except OSError as error:
            raise _unwritten(path, error) from None
        return path


def last_of_each(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """Return the last line of each step, in the order in which the steps began."""
    last: dict[str, Entry] = {}
    for entry in entries:
        last[entry.step] = entry
    return last


def before_of(entries: tuple[Entry, ...], step: str) -> Entry | None:
    """Return the line in which a step says what it replaces."""
    return next((entry for entry in reversed(entries) if entry.step == step and entry.phase == BEGAN), None)


def _unwritten(path: Path, error: OSError) -> JournalError:
    return JournalError(f"the journal, {path}: {(error.strerror or 'cannot be written').lower()}")


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)
    synchronise(path.parent)
