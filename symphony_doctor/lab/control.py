"""Questions to the servers of a lab, over a connection of the system account."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import time
from typing import TYPE_CHECKING, Any

import nats
import nats.errors

from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.ports import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from nats.aio.client import Client

# nats-py starts TLS with a protocol that asyncio warns of at each end of a connection; it does no harm
logging.getLogger("asyncio").addFilter(lambda record: "eof_received" not in record.getMessage())

_POLL = 0.05
Replies = dict[str, Any]


@contextlib.asynccontextmanager
async def connected(
    urls: Sequence[str] | str, credentials: Path, authority: Path | None = None
) -> AsyncIterator[Client]:
    """Connect to the first server that lets us in; quiet about what fails on the way."""
    client = await nats.connect(
        servers=urls if isinstance(urls, str) else list(urls),
        user_credentials=str(credentials),
        tls=ssl.create_default_context(cafile=str(authority)) if authority is not None else None,
        allow_reconnect=False,
        dont_randomize=True,
        connect_timeout=2,
        error_cb=_ignore,
        inbox_prefix="_INBOX",
    )
    try:
        yield client
    finally:
        with contextlib.suppress(nats.errors.Error, OSError):
            await client.close()


async def ask_servers(
    client: Client, subject: str, payload: bytes = b"", *, expect: int, window: float = 2.0
) -> Replies:
    """Ask every server; answers by server name, as soon as `expect` came or the window is over."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    replies: Replies = {}
    deadline = time.monotonic() + window
    try:
        await client.publish(subject, payload, reply=inbox)
        while len(replies) < expect and (left := deadline - time.monotonic()) > 0:
            try:
                message = await subscription.next_msg(timeout=left)
            except nats.errors.TimeoutError:
                break
            if message.headers:
                break
            answer = json.loads(message.data)
            replies[answer["server"]["name"]] = answer.get("data", answer.get("error"))
    finally:
        with contextlib.suppress(nats.errors.Error):
            await subscription.unsubscribe()
    return replies


async def ping(
    client: Client,
    endpoint: str,
    options: dict[str, Any] | None = None,
    *,
    expect: int,
    window: float = 2.0,
) -> Replies:
    """Ask all servers for one of their monitoring answers."""
    payload = json.dumps(options or {}).encode()
    return await ask_servers(client, f"$SYS.REQ.SERVER.PING.{endpoint}", payload, expect=expect, window=window)


async def streams(client: Client, *, expect: int, window: float = 2.0) -> Replies:
    """All streams as each server has them: {server: {account: {stream: detail}}}."""
    options = {"accounts": True, "streams": True, "config": True, "limit": 1024}
    answers = await ping(client, "JSZ", options, expect=expect, window=window)
    return {
        server: {
            account["id"]: {detail["name"]: detail for detail in account.get("stream_detail") or ()}
            for account in answer.get("account_details") or ()
        }
        for server, answer in answers.items()
    }


async def claims(client: Client, *, expect: int, window: float = 2.0) -> dict[str, frozenset[str]]:
    """Tell the accounts that each server's resolver holds."""
    answers = await ask_servers(client, "$SYS.REQ.CLAIMS.LIST", expect=expect, window=window)
    return {server: frozenset(keys or ()) for server, keys in answers.items()}


async def push_account(client: Client, jwt: str, *, expect: int) -> None:
    """Give an account JWT to every resolver, and make sure that each took it."""
    answers = await ask_servers(client, "$SYS.REQ.CLAIMS.UPDATE", jwt.encode(), expect=expect)
    refused = {name: answer for name, answer in answers.items() if answer.get("code") != 200}  # noqa: PLR2004
    if refused or len(answers) < expect:
        raise LabError(f"account JWT taken by {len(answers)} of {expect} servers, refused: {refused}")


async def http_status(port: int, path: str, host: str = HOST) -> int | None:
    """Ask a UI port of the lab; None where nothing answers."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return None
    words = line.split()
    return int(words[1]) if len(words) > 1 else None


async def until(condition: Callable[[], Awaitable[str | None]], *, within: float, poll: float = _POLL) -> None:
    """Wait until the condition has nothing left to complain about; its last words are in the error."""
    deadline = time.monotonic() + within
    while (complaint := await condition()) is not None:
        if time.monotonic() > deadline:
            raise LabError(f"not within {within:g} s: {complaint}")
        await asyncio.sleep(poll)


async def _ignore(_: Exception) -> None:
    """Say nothing: nats-py would log it, and the caller sees it as an exception anyway."""
