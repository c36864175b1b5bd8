"""Replacing a file in one step: afterwards there is the old one or the new one, whole, whatever happens.

The new content is written beside the file, with owner, mode, attributes and times of the old one, and
synchronised; the old one gets a second name; the new one is renamed over it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from pathlib import Path

from symphony_doctor.model.action import RepairFailed, RepairRefused
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.files import read_file

LIMIT = 8 * 1024 * 1024
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP})


def digest(content: bytes | None) -> str | None:
    """Return the SHA-256 of a file's content; ``None`` stands for no file."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def read(path: Path) -> bytes | None:
    """Read a file, ``None`` where there is none. Raises ``RepairRefused`` where it cannot be read."""
    found = read_file(path, LIMIT)
    if not isinstance(found, Missing):
        return found.value
    if found.is_absence:
        return None
    raise RepairRefused(found.why)


def replace(path: Path, expected: bytes | None, content: bytes | None, kept: Path | None) -> None:
    """Replace a file that still has the ``expected`` content; ``None`` stands for no file.

    ``kept`` is the second name of the old file, in the same directory. Raises ``RepairRefused`` where the
    file is another one by now, ``RepairFailed`` where the file system says no: then it is as it was.
    """
    real = Path(os.path.realpath(path))
    if read(real) != expected:
        raise RepairRefused(f"{path} changed since it was read")
    temporary = real.with_name(f".{real.name}.symphony-doctor")
    try:
        if content is not None:
            _write_beside(temporary, real, content)
        # somebody may have saved the file while the new one was written
        if read(real) != expected:
            raise RepairRefused(f"{path} changed while its new content was written")
        if kept is not None and expected is not None:
            _keep(real, kept)
        if content is None:
            real.unlink(missing_ok=True)
        else:
            temporary.replace(real)
        synchronise(real.parent)
    except OSError as error:
        raise RepairFailed(f"{path}: {(error.strerror or 'cannot be written').lower()}; it is as it was") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write_beside(temporary: Path, real: Path, content: bytes) -> None:
    # left behind by a doctor that was killed: nobody else uses it, as the lock is held
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(handle, content)
        _take_after(handle, temporary, real)
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_after(handle: int, temporary: Path, real: Path) -> None:
    """Give the new file what the old one has beside its content; a new one what its directory has."""
    try:
        old = real.stat()
    except FileNotFoundError:
        folder = real.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
        return
    os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, stat.S_IMODE(old.st_mode))
    for name in os.listxattr(real):
        os.setxattr(handle, name, os.getxattr(real, name))
    os.utime(temporary, ns=(old.st_atime_ns, old.st_mtime_ns))


def _keep(real: Path, kept: Path) -> None:
    """Give the old file a second name: the very same file, so it costs no space and keeps its times."""
    kept.unlink(missing_ok=True)
    try:
        os.link(real, kept)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        old = read(real)
        if old is not None:
            _write_beside(kept, real, old)


def write_all(handle: int, content: bytes) -> None:
    """Write all of it, however little the system takes at once."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def synchronise(folder: Path) -> None:
    """Put the names in a folder on the disk: those of files are there only then."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
