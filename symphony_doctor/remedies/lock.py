"""One doctor at a time: a lock that the kernel gives up with the process that holds it, and that says who."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from symphony_doctor.errors import LockedError, UsageError

NAME = ".symphony-doctor.lock"
_TRIES = 50
_MOST = 4096


@contextlib.contextmanager
def locked(folders: Iterable[Path]) -> Iterator[None]:
    """Hold the lock of each folder: of the journal's, and of every node's whose files may be changed.

    Raises ``LockedError`` with who holds it. Doctors on two machines that share no folder do not see each
    other's lock: what each step rests on is looked at again right before it all the same.
    """
    with contextlib.ExitStack() as stack:
        # in one order, so that two doctors never wait for each other's
        for folder in sorted({Path(os.path.realpath(folder)) for folder in folders}):
            stack.enter_context(_held(folder / NAME))
        yield


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    handle = _acquire(path)
    try:
        # on a full disk it cannot say who holds it, and is held all the same
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(_myself()).encode(), 0)
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def _acquire(path: Path) -> int:
    for _ in range(_TRIES):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {(error.strerror or 'cannot be made').lower()}: nothing was changed") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, _MOST, 0)
            os.close(handle)
            raise LockedError(f"another doctor is at work, {_words(holder)} ({path}): nothing was changed") from None
        if _is_still(handle, path):
            return handle
        # the one before removed it between our opening and our locking
        os.close(handle)
    raise LockedError(f"{path} changes hands again and again: nothing was changed")


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _myself() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {"pid": os.getpid(), "host": socket.gethostname(), "user": user, "since": int(time.time())}


def _words(holder: bytes) -> str:
    try:
        found = json.loads(holder)
        since = time.strftime("%H:%M:%S", time.localtime(int(found["since"])))
        return f"process {int(found['pid'])} of {found['user']} on {found['host']} since {since}"
    except (ValueError, KeyError, TypeError):
        return "which has not said who it is"
