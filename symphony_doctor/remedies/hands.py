"""The hands of a step: the only place of a repair that does input and output.

A step gets them for itself alone, with one login and the directories of the nodes on this machine.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client

from symphony_doctor.formats import nkey
from symphony_doctor.model.action import RepairFailed, RepairRefused, RepairUncertain
from symphony_doctor.remedies import files
from symphony_doctor.remedies.access import Login
from symphony_doctor.sources.reasons import reason

WINDOW = 3.0
"""Seconds in which every server must have answered a question to all."""

_POLL = 0.25

logging.getLogger("nats").addHandler(logging.NullHandler())
logging.getLogger("nats").propagate = False


@dataclass(frozen=True, slots=True)
class Door:
    """A server to connect to: ``host:port``; where it asks for TLS, how it is verified and whether TLS comes first."""

    address: str
    tls: ssl.SSLContext | None = None
    tls_first: bool = False


class StepHands:
    """The hands of one step (see ``model.action.Hands``).

    ``record`` writes to the journal what is replaced; ``copy`` keeps a file beside the journal;
    ``folders`` are the only ones in which files are changed; ``mark`` ends the names of kept files.
    """

    def __init__(
        self,
        client: Client | None,
        *,
        record: Callable[[Mapping[str, object]], None],
        copy: Callable[[bytes], Path],
        folders: Iterable[Path],
        mark: str,
        seconds: float,
    ) -> None:
        self._client = client
        self._record = record
        self._copy = copy
        self._folders = tuple(Path(os.path.realpath(folder)) for folder in folders)
        self._mark = mark
        self._seconds = seconds
        self._begun = False

    @property
    def now(self) -> float:
        """Return the time in Unix seconds."""
        return time.time()

    async def ask(self, subject: str, body: object = None) -> dict[str, Any]:
        """Ask, and return the JSON object that is answered."""
        payload = b"" if body is None else json.dumps(body).encode()
        client = self._connected()
        try:
            reply = await client.request(subject, payload, timeout=self._seconds)
            answer = json.loads(reply.data)
        except nats.errors.NoRespondersError:
            raise RepairFailed(f"{subject}: no server answers to it for this user") from None
        except (TimeoutError, nats.errors.Error, OSError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _asked_to_stop():
                raise
            raise RepairUncertain(f"{subject} was not answered within {self._seconds:g} s") from None
        except (ValueError, RecursionError):
            raise RepairUncertain(f"{subject} was answered with something else than JSON") from None
        if not isinstance(answer, dict):
            raise RepairUncertain(f"{subject} was answered with something else than an object")
        return answer

    async def ask_all(self, subject: str, body: bytes, expect: int) -> tuple[bytes, ...]:
        """Ask every server."""
        client = self._connected()
        answers: list[bytes] = []
        try:
            inbox = client.new_inbox()
            subscription = await client.subscribe(inbox)
            await client.publish(subject, body, reply=inbox)
            async with asyncio.timeout(min(WINDOW, self._seconds)):
                while len(answers) < expect:
                    message = await subscription.next_msg(timeout=self._seconds)
                    if message.headers and message.headers.get("Status") == "503":
                        raise RepairFailed(f"{subject}: no server answers to it for this user")
                    answers.append(message.data)
        except (TimeoutError, nats.errors.Error, OSError):
            pass  # who has not answered shows in the number of answers
        return tuple(answers)

    async def change(self, subject: str, body: object) -> dict[str, Any]:
        """Send a change."""
        self._must_have_begun()
        return await self.ask(subject, body)

    async def change_all(self, subject: str, body: bytes, expect: int) -> tuple[bytes, ...]:
        """Send a change to every server."""
        self._must_have_begun()
        return await self.ask_all(subject, body, expect)

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Wait for a condition; a question that is not answered is asked again."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(RepairUncertain):
                if await condition():
                    return True
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(_POLL)

    def read(self, path: str) -> bytes | None:
        """Read a file of a node on this machine."""
        return files.read(self._own(path))

    def keep(self, content: bytes) -> str:
        """Keep a copy beside the journal."""
        return str(self._copy(content))

    def began(self, before: Mapping[str, object]) -> None:
        """Write what is replaced to the journal."""
        self._record(before)
        self._begun = True

    def replace(self, path: str, expected: bytes | None, content: bytes | None, *, keep: bool = True) -> None:
        """Replace a file; with ``keep`` the old one stays beside it."""
        self._must_have_begun()
        files.replace(self._own(path), expected, content, Path(self.kept_name(path)) if keep else None)

    def kept_name(self, path: str) -> str:
        """Return the name that the old file gets."""
        return f"{os.path.realpath(path)}.before-{self._mark}"

    def _own(self, path: str) -> Path:
        real = Path(os.path.realpath(path))
        # a file that is reached by a link out of the directory given is still that node's
        given = Path(os.path.realpath(Path(path).parent))
        if not any(given.is_relative_to(folder) or real.is_relative_to(folder) for folder in self._folders):
            raise RepairRefused(f"{path} is in no directory that was given as a node's on this machine")
        return Path(path)

    def _must_have_begun(self) -> None:
        if not self._begun:
            raise RepairRefused("a change that is not in the journal is not made: this is a fault of the action")

    def _connected(self) -> Client:
        if self._client is None:
            raise RepairRefused("this step has asked for no access to a server")
        return self._client


def _asked_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@contextlib.asynccontextmanager
async def connected(doors: Iterable[Door], login: Login, seconds: float) -> AsyncIterator[Client]:
    """Connect to the first server that lets us in. Raises ``RepairRefused`` where none does."""
    tried: list[str] = []
    for door in doors:
        client = Client()
        try:
            async with asyncio.timeout(seconds):
                await client.connect(**_options(door, login, seconds))
                await _check_account(client, login)
        except (TimeoutError, OSError, ssl.SSLError, nats.errors.Error, ValueError) as error:
            tried.append(f"{door.address}: {_words(error)}")
            await _close(client)
            continue
        try:
            yield client
        finally:
            await _close(client)
        return
    raise RepairRefused(f"no server lets it in: {'; '.join(tried) or 'no address of one is known'}")


def _options(door: Door, login: Login, seconds: float) -> dict[str, Any]:
    options: dict[str, Any] = {
        "servers": [f"{'tls' if door.tls else 'nats'}://{door.address}"],
        "name": "symphony-doctor repair",
        "allow_reconnect": False,
        "max_reconnect_attempts": 0,
        "connect_timeout": max(1, int(seconds)),
        "inbox_prefix": login.inbox.encode(),
        "error_cb": _ignore,
    }
    if door.tls is not None:
        options["tls"] = door.tls
        options["tls_handshake_first"] = door.tls_first
    if login.credentials is not None:
        options["user_credentials"] = str(login.credentials.creds_file)
    else:
        jwt, seed = login.jwt, login.seed
        options["user_jwt_cb"] = lambda: bytearray(jwt.encode())
        options["signature_cb"] = lambda nonce: base64.b64encode(nkey.sign(seed, nonce.encode()))
    return options


async def _check_account(client: Client, login: Login) -> None:
    """See that the credentials given are of the account that their file says; a made user may not ask."""
    if login.credentials is None:
        return
    reply = await client.request("$SYS.REQ.USER.INFO", b"", timeout=60)
    account = (json.loads(reply.data).get("data") or {}).get("account")
    if account != login.account:
        raise ValueError("the server takes these credentials for another account's")


async def _close(client: Client) -> None:
    with contextlib.suppress(TimeoutError, OSError, nats.errors.Error):
        async with asyncio.timeout(0.5):
            await client.close()


def _words(error: BaseException) -> str:
    text = str(error).lower()
    if "authorization" in text or "authentication" in text:
        return "does not accept the credentials"
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return reason(error)
    return "did not answer in time" if isinstance(error, TimeoutError) else type(error).__name__


async def _ignore(_error: Exception) -> None:
    """Errors of a connection show where its answers are awaited."""
