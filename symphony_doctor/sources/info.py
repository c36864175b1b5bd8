"""INFO, the greeting of NATS ports: evidence that needs no credentials."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import TypeVar

import msgspec

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import Greeting, RouteGreeting
from symphony_doctor.sources.deadline import Deadline

T = TypeVar("T")

MOST = 64 * 1024
"""Bytes of a greeting that are read; a server's own is below 4 KB plus its connect_urls."""


class _Info(msgspec.Struct, frozen=True):
    """INFO as the server writes it; the ports differ in which fields they set."""

    server_id: str
    server_name: str = ""
    version: str = ""
    cluster: str = ""
    domain: str = ""
    jetstream: bool = False
    auth_required: bool = False
    tls_required: bool = False
    client_id: int | None = None
    connect_urls: tuple[str, ...] | None = None


async def greet(host: str, port: int, deadline: Deadline) -> Evidence[Greeting]:
    """Read the greeting of a client port. Nothing is sent."""

    def understand(info: _Info) -> Greeting | str:
        if info.client_id is None:
            return "another kind of NATS port answered, expected the client port"
        return Greeting(
            server_name=info.server_name,
            server_id=info.server_id,
            version=info.version,
            cluster=info.cluster,
            jetstream=info.jetstream,
            auth_required=info.auth_required,
            tls_required=info.tls_required,
            connect_urls=info.connect_urls or (),
        )

    return await _read(host, port, deadline, understand)


async def greet_route(host: str, port: int, deadline: Deadline) -> Evidence[RouteGreeting]:
    """Read the greeting of a route port: it names the server behind the address. Nothing is sent."""

    def understand(info: _Info) -> RouteGreeting | str:
        if info.client_id is not None:
            return "a NATS client port answered, expected a route port"
        return RouteGreeting(info.server_name, info.server_id, info.cluster)

    return await _read(host, port, deadline, understand)


async def _read(host: str, port: int, deadline: Deadline, understand: Callable[[_Info], T | str]) -> Evidence[T]:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        async with asyncio.timeout(deadline.remaining):
            reader, writer = await asyncio.open_connection(host, port, limit=MOST)
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"{where} does not answer a connection: down, or a firewall drops it", where)
    except (OSError, UnicodeError, OverflowError) as error:
        return Missing(State.UNREACHABLE, f"{where} {reason(error)}", where)
    try:
        async with asyncio.timeout(deadline.remaining):
            line = await reader.readline()
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"{where} accepts connections and says nothing", where)
    except ValueError:
        return _garbage(where)
    except OSError as error:
        return Missing(State.UNREACHABLE, f"{where} {reason(error)}", where)
    finally:
        writer.transport.abort()
    return _parse(line, where, understand)


def _parse(line: bytes, where: str, understand: Callable[[_Info], T | str]) -> Evidence[T]:
    if not line:
        return Missing(State.UNREADABLE, f"{where} closes connections without a word", where)
    if not line.startswith(b"INFO "):
        return _garbage(where)
    try:
        info = msgspec.json.decode(line[5:], type=_Info)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _garbage(where)
    understood = understand(info)
    if isinstance(understood, str):
        return Missing(State.UNREADABLE, f"{where}: {understood}", where)
    return Seen(understood, where)


def _garbage(where: str) -> Missing:
    return Missing(State.UNREADABLE, f"{where} does not speak NATS: expected a line INFO {{...}}", where)


def reason(error: BaseException) -> str:
    """Say in a few words why a connection failed."""
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    code = getattr(error, "errno", None)
    if code in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return "has no route to it"
    if code == errno.ECONNREFUSED or "refused" in str(error).lower():
        # several addresses of one name, each refused, come as one error without a number
        return "refuses connections"
    return f"cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}".lower()


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "does not resolve"),
    (UnicodeError, "is no host name"),
    (OverflowError, "is no port: expected 1 to 65535"),
    (ConnectionRefusedError, "refuses connections"),
    (ConnectionResetError, "resets connections"),
)
