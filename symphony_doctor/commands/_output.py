"""Where a document goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from symphony_doctor.errors import DoctorError, LeakError, UsageError
from symphony_doctor.redaction import Secrets


def is_screen(stream: IO[str]) -> bool:
    """Tell whether somebody looks at a stream on a terminal that knows escape codes."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def is_colored(color: bool) -> bool:
    """Tell whether standard output gets colours."""
    return color and not os.environ.get("NO_COLOR") and is_screen(sys.stdout)


def check_writable(path: Path) -> None:
    """Find out before anything is diagnosed that a file cannot be written; raise ``UsageError``."""
    parent = path.parent
    if not parent.is_dir():
        raise UsageError(f"--output: {path}: no such file or directory")
    if not os.access(parent, os.W_OK | os.X_OK) and not _is_written_in_place(path):
        raise UsageError(f"--output: {path}: permission denied")


def write_checked(document: str, known: Secrets, output: Path | None = None) -> None:
    """Write to standard output or to a file, unless it holds a secret that this run has read: raises ``LeakError``."""
    leaks = known.leaks(document)
    if leaks:
        raise LeakError(f"the report held a secret and was not written ({leaks[0]}): this is a fault of the doctor")
    if output is None:
        print_document(document)
    else:
        write_file(output, document)


def print_document(document: str) -> None:
    """Write to standard output. That its reader has gone, as ``| head`` does, is no failure.

    A pipe gets the bytes that a file would get: a page says of itself that it is UTF-8.
    """
    try:
        click.echo(document if sys.stdout.isatty() else document.encode(), nl=False)
    except OSError as error:
        # what is left in the buffer must not fail again when the process ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise DoctorError(f"standard output cannot be written: {words(error)}") from None


def write_file(path: Path, document: str) -> None:
    """Write a file so that its readers see the old content or the new, never a part; raise ``UsageError``."""
    try:
        if _is_written_in_place(path):
            path.write_text(document, encoding="utf-8")
        else:
            _replace(path.resolve(), document)
    except OSError as error:
        raise UsageError(f"--output: {path}: {words(error)}") from None


def _is_written_in_place(path: Path) -> bool:
    """Tell whether it is a pipe, a terminal or a device, which nothing can take the place of."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _replace(path: Path, document: str) -> None:
    with replacement(path, 0o666) as file:
        file.write(document.encode())
        if path.exists():
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))


@contextmanager
def replacement(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of ``path`` at the end, or is gone where anything was raised."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def words(error: OSError) -> str:
    """Say why something could not be written, as the system does."""
    return (error.strerror or "cannot be written").lower()
