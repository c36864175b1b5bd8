"""Processes of the lab: started so that they end with us, and killed only if they are still ours."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NAMESPACES = Path("/run/netns")
"""Where `ip netns` keeps network namespaces."""

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_POLL = 0.01
_STATE_FIELD, _START_FIELD = 0, 19  # of /proc/PID/stat, counted after the parenthesised name
# Kept so that our own children are reaped, also when another Lab object stops them.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """A process by more than its number, which the system gives away again."""

    pid: int
    started: int
    command: tuple[str, ...]

    def state(self) -> str | None:
        """Tell the kernel's letter for it (R, S, T ...), or None when it is gone or someone else's."""
        child = _CHILDREN.get(self.pid)
        if child is not None and child.poll() is not None:
            del _CHILDREN[self.pid]
        fields = _stat(self.pid)
        if fields is None or int(fields[_START_FIELD]) != self.started or fields[_STATE_FIELD] in "ZX":
            return None
        # the kernel shows no command line in the moment in which a program takes its process over
        return fields[_STATE_FIELD] if _command(self.pid) in {(), self.command} else None

    @property
    def alive(self) -> bool:
        """Whether this very process still exists."""
        return self.state() is not None

    def send(self, number: signal.Signals) -> bool:
        """Signal it if it is still the one that was started."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # Looked at after the descriptor is held: from here on the number cannot be reused.
            if not self.alive:
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True


def start(
    command: Sequence[str],
    *,
    directory: Path,
    output: Path,
    detached: bool,
    environment: Mapping[str, str] | None = None,
    namespace: str | None = None,
) -> Process:
    """Start a process in its own session; unless detached it is killed when this thread ends.

    ``namespace`` is a network namespace as `ip netns` names it.
    """
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            list(command),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_before_start(namespace, detached=detached),  # noqa: PLW1509 - a few system calls
        )
    finally:
        os.close(descriptor)
    _CHILDREN[child.pid] = child
    fields = _stat(child.pid)
    started = int(fields[_START_FIELD]) if fields is not None else 0
    return Process(child.pid, started, tuple(command))


async def stop(processes: Sequence[Process], grace: float = 5.0) -> None:
    """End processes politely and all at once, and kill those that do not go."""
    for process in processes:
        process.send(signal.SIGTERM)
        # A stopped process would never see the request.
        process.send(signal.SIGCONT)
    deadline = time.monotonic() + grace
    # No event tells when a process that is not our child is gone.
    while any(process.alive for process in processes) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_POLL)
    kill(processes)


def kill(processes: Sequence[Process]) -> None:
    """End processes at once and wait until they are gone."""
    for process in processes:
        process.send(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(process.alive for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL)


def _before_start(namespace: str | None, *, detached: bool) -> Callable[[], None] | None:
    if namespace is None and detached:
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        if namespace is not None:
            enter(namespace)
        if not detached:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def enter(namespace: str | Path) -> None:
    """Put the calling thread into a network namespace: one of `ip netns`, or a path of /proc."""
    descriptor = os.open(NAMESPACES / namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(namespace))
    finally:
        os.close(descriptor)


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name may hold blanks and parentheses: count from the last one.
    return text.rpartition(")")[2].split()


def _command(pid: int) -> tuple[str, ...]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(os.fsdecode(part) for part in raw.split(b"\0")[:-1])
