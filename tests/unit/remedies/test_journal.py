"""The journal: readable after any accident, private, and free of secrets."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from symphony_doctor.errors import JournalError, LeakError, UsageError
from symphony_doctor.formats.nkey import Kind, create_seed
from symphony_doctor.redaction import Secrets
from symphony_doctor.remedies import journal as journals
from symphony_doctor.remedies.history import history, to_undo
from symphony_doctor.remedies.journal import Entry, Journal, default_directory


def entry(step: str, phase: str, **more: object) -> Entry:
    return Entry(journals.now(), step, phase, "config.set", "a title", "a file", "CF008-1", {"key": "a"}, **more)  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "state" / "symphony-doctor", Secrets(os.urandom(32)).leaks)
    made.prepare()
    return made


def test_only_its_owner_reads_it(journal: Journal) -> None:
    journal.append(entry("p-1", journals.PLANNED))
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.directory.stat().st_mode & 0o777 == 0o700


def test_half_a_line_costs_that_line_alone(journal: Journal) -> None:
    journal.append(entry("p-1", journals.PLANNED))
    whole = journal.path.read_bytes()
    for cut in (1, 20, len(whole) - 1):
        journal.path.write_bytes(whole + whole[:cut])
        journal.append(entry("p-1", journals.BEGAN))
        assert [each.phase for each in journal.entries()][::2][:1] == [journals.PLANNED]
        assert journal.entries()[-1].phase == journals.BEGAN
        json.loads(journal.path.read_text().splitlines()[-1])


def test_a_secret_never_gets_in(tmp_path: Path) -> None:
    known = Secrets(os.urandom(32))
    seed = create_seed(Kind.ACCOUNT)
    known.fingerprint(seed)
    journal = Journal(tmp_path, known.leaks)
    with pytest.raises(LeakError):
        journal.append(entry("p-1", journals.BEGAN, before={"value": seed}))
    with pytest.raises(LeakError):
        journal.keep(f"x {seed}".encode())
    assert not journal.path.exists()


def test_a_journal_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        Journal(tmp_path / "file" / "journal", lambda _: ()).prepare()
    with pytest.raises(JournalError, match=r"not/there/journal\.jsonl: no such file"):
        Journal(tmp_path / "not" / "there", lambda _: ()).append(entry("p-1", journals.BEGAN))


def test_the_state_directory_is_the_users() -> None:
    assert default_directory({"XDG_STATE_HOME": "/x"}) == Path("/x/symphony-doctor")
    assert default_directory({"HOME": "/h"}) == Path("/h/.local/state/symphony-doctor")
    assert default_directory({"HOME": "/h", "XDG_STATE_HOME": "relative"}) == Path("/h/.local/state/symphony-doctor")


def test_history_says_what_was_interrupted_and_what_can_be_undone(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "nats.config"
    path.write_text("new")
    digests = {"file": str(path), "digest": "1" * 64, "new_digest": hashlib.sha256(b"new").hexdigest()}
    for step, phases in {
        "p-1": [journals.PLANNED, journals.BEGAN, journals.DONE],
        "p-2": [journals.PLANNED, journals.BEGAN],
        "p-3": [journals.PLANNED, journals.REFUSED],
        "p-4": [journals.PLANNED, journals.BEGAN, journals.DONE, journals.UNDONE],
    }.items():
        for phase in phases:
            journal.append(entry(step, phase, before=digests if phase == journals.BEGAN else {}))
    past = history(journal.entries())
    assert [each.state for each in past] == [
        "done", f"interrupted: {path} is the new one, whole", "refused", "undone",
    ]  # fmt: skip
    assert to_undo(past, None, frozenset()).last.step == "p-2"
    assert to_undo(past, "p-1", frozenset()).last.step == "p-1"
    for wrong in ("p-3", "p-4", "p-9"):
        with pytest.raises(UsageError):
            to_undo(past, wrong, frozenset())
    with pytest.raises(UsageError):
        to_undo(past, None, frozenset({"config.set"}))
