"""One family of errors, caught once in ``commands/_main.py``.

DoctorError
├── UsageError          the command line, an inventory or an input cannot be used: exit 2
│   └── UnknownCode     a code that no rule has
├── InputError          a file or address that was asked for cannot be used: exit 2
├── JournalError        the journal of repairs cannot be written, so nothing is changed: exit 2
├── LockedError         another doctor is repairing: exit 2
└── LeakError           a document would have held a secret; it was not written: exit 4
"""

from __future__ import annotations


class DoctorError(Exception):
    """Anything the doctor tells its user in one sentence, never as a traceback."""

    exit_code = 4


class UsageError(DoctorError):
    """The command line or an inventory is wrong; the message says what was expected."""

    exit_code = 2


class UnknownCode(UsageError):  # noqa: N818 - named by what it is
    """A code or prefix that no loaded rule has."""


class InputError(DoctorError):
    """Something that the user named cannot be used; the message names it and what to do."""

    exit_code = 2


class JournalError(DoctorError):
    """The journal cannot be written; the message names it. What is not in it is not done."""

    exit_code = 2


class LockedError(DoctorError):
    """Another doctor holds the lock; the message says which. Nothing was changed."""

    exit_code = 2


class LeakError(DoctorError):
    """A document held a secret that this run has read, so nothing of it was written."""
