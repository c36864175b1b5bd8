"""One connection to a host by the system's OpenSSH client, in which questions are asked in rounds."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import secrets
import shutil
import signal
import zlib
from collections.abc import Mapping
from typing import Final, Protocol

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources import ssh_words
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import UnreachedError
from symphony_doctor.sources.ssh_host import SshHost
from symphony_doctor.sources.ssh_script import GREETING, script

LIMIT: Final = 256 * 1024 * 1024
"""Bytes that one host may send in all, packed or unpacked."""

_MOST_SAID: Final = 16 * 1024
_LAST_WORDS: Final = 1.0
"""Seconds that ssh's last words, and its end, are waited for once it sends no more."""

_OUTPUT, _ERRORS = 1, 2

# never ask, run nothing else than asked for, forward nothing, leave no connection behind; all else is the user's
_OPTIONS: Final = (
    "-T", "-a", "-x",
    *("-o", "BatchMode=yes"), *("-o", "ControlMaster=no"), *("-o", "ClearAllForwardings=yes"),
    *("-o", "PermitLocalCommand=no"), *("-o", "RemoteCommand=none"), *("-o", "EscapeChar=none"),
    *("-o", "LogLevel=ERROR"), *("-o", "ServerAliveInterval=15"),
)  # fmt: skip


class Answering(Protocol):
    """What answers rounds of questions; tests put bytes in its place."""

    @property
    def seen_as(self) -> str | None:
        """Return the host's own address, once it is known."""

    async def ask(self, data: bytes, deadline: Deadline) -> bytes:
        """Send a round and return its answer, unpacked. Raises ``UnreachedError``."""

    async def close(self) -> None:
        """End it, and leave no process behind."""


class _Ends(asyncio.SubprocessProtocol):
    """Collects what the process writes, and tells when a round is complete or the process is gone."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.output = bytearray()
        self.errors = bytearray()
        self.received = 0
        self.changed = asyncio.Event()
        self.ended = asyncio.Event()
        self.said_all = asyncio.Event()
        self.at_end = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == _ERRORS:
            self.errors += data
            del self.errors[:-_MOST_SAID]
            return
        self.received += len(data)
        if self.received <= LIMIT:
            self.output += data
        self.changed.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if fd == _OUTPUT:
            self.at_end = True
            self.changed.set()
        elif fd == _ERRORS:
            self.said_all.set()

    def process_exited(self) -> None:
        self.ended.set()
        self.changed.set()

    @property
    def is_complete(self) -> bool:
        return self.received > LIMIT or self.at_end or self.output.endswith(self.mark)


class SshSession:
    """Connects at the first question; ``seen_as`` is then the host's own address, as its sshd sees it."""

    def __init__(self, host: SshHost, where: str, environment: Mapping[str, str]) -> None:
        self.host = host
        self.where = where
        self.environment = environment
        self.seen_as: str | None = None
        self._mark = f"END{secrets.token_hex(16)}"
        self._transport: asyncio.SubprocessTransport | None = None
        self._ends = _Ends(self._mark.encode())
        self._spent = 0

    async def ask(self, data: bytes, deadline: Deadline) -> bytes:
        """Send a round of questions and return the answer, unpacked. Raises ``UnreachedError``."""
        try:
            if self._transport is None:
                await self._connect(deadline)
            self._send(data)
            packed = await self._answer(deadline)
        except TimeoutError:
            raise UnreachedError(self._late()) from None
        return self._unpacked(packed)

    async def close(self) -> None:
        """Kill ssh with all that it started, and wait until it is gone."""
        transport = self._transport
        if transport is None:
            return
        if not self._ends.ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(transport.get_pid(), signal.SIGKILL)
            await self._ends.ended.wait()
        transport.close()

    async def _connect(self, deadline: Deadline) -> None:
        program = shutil.which("ssh", path=self.environment.get("PATH"))
        if program is None:
            why = "there is no ssh program here: install OpenSSH's client, or give a copy of the directory to --node"
            raise UnreachedError(Missing(State.UNREACHABLE, f"{self.where}: {why}", self.where))
        program_there = script(self._mark)
        seconds = max(1, math.ceil(deadline.remaining))
        port = ("-p", str(self.host.port)) if self.host.port else ()
        try:
            await self._start(
                program,
                *(*_OPTIONS, "-o", f"ConnectTimeout={seconds}", *port, "--", self.host.destination),
                _command(len(program_there), sudo=self.host.sudo),
            )
        except OSError as error:
            why = f"ssh cannot be run: {(error.strerror or 'unknown reason').lower()}"
            raise UnreachedError(Missing(State.UNREACHABLE, f"{self.where}: {why}", self.where)) from None
        self._send(program_there)
        greeting = await self._answer(deadline)
        # whatever a shell's start file prints comes before it
        lines = greeting.partition(GREETING + b"\n")[2].decode("utf-8", "replace").split("\n")
        if len(lines) < 3:  # noqa: PLR2004 - as the script prints it
            raise UnreachedError(self._unclear())
        if lines[1]:
            why = f"its shell does not find {ssh_words.neutral(lines[1])}: the doctor needs it there"
            raise UnreachedError(Missing(State.UNREACHABLE, f"{self.where}: {why}", self.where))
        connection = lines[0].split(" ")
        self.seen_as = connection[2] if len(connection) == 4 else None  # noqa: PLR2004 - client, port, server, port

    async def _start(self, *arguments: str) -> None:
        """Start ssh in a process group of its own. Raises ``OSError``."""
        starting = asyncio.ensure_future(
            asyncio.get_running_loop().subprocess_exec(
                lambda: self._ends,
                *arguments,
                start_new_session=True,
                env={**self.environment, "SSH_ASKPASS_REQUIRE": "never"},
            )
        )
        try:
            await asyncio.shield(starting)
        finally:
            # asyncio waits for ever where it is interrupted between the start and the pipes: it takes no time
            await asyncio.wait([starting])
            if starting.exception() is None:
                self._transport = starting.result()[0]

    def _send(self, data: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(data)

    async def _answer(self, deadline: Deadline) -> bytes:
        """Return what stands before the mark. Raises ``TimeoutError`` or ``UnreachedError``."""
        ends = self._ends
        async with asyncio.timeout(deadline.remaining):
            while not ends.is_complete:
                ends.changed.clear()
                await ends.changed.wait()
            if ends.received > LIMIT:
                raise UnreachedError(self._too_large())
            if not ends.output.endswith(ends.mark):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ends.ended.wait(), _LAST_WORDS)
                with contextlib.suppress(TimeoutError):
                    # its last words may come after its end, or never where another process holds the pipe
                    await asyncio.wait_for(ends.said_all.wait(), _LAST_WORDS)
                status = self._transport.get_returncode() if self._transport is not None else None
                raise UnreachedError(ssh_words.failed(self.host, self.where, bytes(ends.errors), status))
        answer = bytes(ends.output[: -len(ends.mark)])
        ends.output.clear()
        return answer

    def _unpacked(self, answer: bytes) -> bytes:
        data = answer[1:]
        if answer[:1] == b"z":
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            try:
                data = unpacker.decompress(data, LIMIT - self._spent + 1)
            except zlib.error:
                raise UnreachedError(self._unclear()) from None
        self._spent += len(data)
        if self._spent > LIMIT:
            raise UnreachedError(self._too_large())
        return data

    def _unclear(self) -> Missing:
        why = f"it answers with something else than was asked for: try `{self.host.command} true`"
        return Missing(State.UNREACHABLE, f"{self.where}: {why}", self.where)

    def _too_large(self) -> Missing:
        why = f"it sent more than {LIMIT:,} bytes: run the doctor on that host, or give it a bundle of it"
        return Missing(State.UNREACHABLE, f"{self.where}: {why}", self.where)

    def _late(self) -> Missing:
        words = ssh_words.neutral(self._ends.errors.decode("utf-8", "replace"))
        said = f" (it said: {words})" if words else ""
        why = f"it does not answer in time{said}: try `{self.host.command} true`, or give it longer with --timeout"
        return Missing(State.TIMED_OUT, f"{self.where}: {why}", self.where)


def _command(size: int, *, sudo: bool) -> str:
    """Return what the user's shell there, whichever it is, is to run: sh reads the script of that size and does it."""
    read = f"""exec {"sudo -n -- " if sudo else ""}sh -c 'eval "$(dd bs=1 count={size} 2>/dev/null)"'"""
    return f'{read} symphony-doctor "$SSH_CONNECTION"'
