"""INFO, the greeting of NATS ports: evidence that needs no credentials.

A client port says INFO at once and then speaks TLS where it says so; one with ``handshake_first``, and any
route port with TLS, says nothing before the handshake. So a port that is silent for a moment is greeted
with a handshake on a second connection, while the first one goes on listening.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import msgspec

from symphony_doctor.model.certificate import Certificate
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import Greeting, RouteGreeting
from symphony_doctor.sources import tls
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.reasons import at, reason

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

MOST = 64 * 1024
"""Bytes of a greeting that are read; a server's own is below 4 KB plus its connect_urls."""

PATIENCE = 0.5
"""Seconds of silence after which a port is tried with TLS."""

_NO_TLS = "no TLS there"


class Info(msgspec.Struct, frozen=True):
    """INFO as the server writes it; the ports differ in which fields they set."""

    server_id: str
    server_name: str = ""
    version: str = ""
    cluster: str = ""
    domain: str = ""
    jetstream: bool = False
    auth_required: bool = False
    tls_required: bool = False
    tls_available: bool = False
    client_id: int | None = None
    connect_urls: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Greeted(Generic[T_co]):
    """What a port said of itself, and the certificate that it showed: absent where it has no TLS."""

    greeting: Evidence[T_co]
    certificate: Evidence[Certificate]


Understand: TypeAlias = Callable[[Info | None, bool], T | str]
"""INFO, ``None`` where it stays unsaid to who has no certificate, and whether TLS came first -> the greeting."""


async def greet(
    host: str, port: int, deadline: Deadline, own: tuple[Path, Path | None] | None = None
) -> Greeted[Greeting]:
    """Read the greeting of a client port and see its certificate. Nothing else is sent.

    ``own`` are a certificate and its key: a server may say nothing to who has none.
    """

    def understand(info: Info | None, tls_first: bool) -> Greeting | str:  # noqa: FBT001
        if info is None:
            return "it speaks TLS alone, and not to a client without a certificate of its own"
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
            tls_first=tls_first,
        )

    return await _read(host, port, deadline, understand, own)


async def greet_route(host: str, port: int, deadline: Deadline) -> Greeted[RouteGreeting]:
    """Read the greeting of a route port: it names the server behind the address.

    One with TLS shows its certificate, and its name only to a server that the cluster trusts.
    """

    def understand(info: Info | None, tls_first: bool) -> RouteGreeting | str:  # noqa: FBT001
        if info is None:
            return RouteGreeting("", "", "", tls=True)
        if info.client_id is not None:
            return "a NATS client port answered, expected a route port"
        return RouteGreeting(info.server_name, info.server_id, info.cluster, tls=tls_first)

    return await _read(host, port, deadline, understand)


async def _read(
    host: str,
    port: int,
    deadline: Deadline,
    understand: Understand[T],
    own: tuple[Path, Path | None] | None = None,
) -> Greeted[T]:
    plain = asyncio.create_task(_plain(host, port, deadline, understand))
    hidden = asyncio.create_task(_tls_first(host, port, deadline, understand, plain, own))
    try:
        await asyncio.wait({plain, hidden}, return_when=asyncio.FIRST_COMPLETED)
        if plain.done() and isinstance(plain.result().greeting, Seen):
            return plain.result()
        found = await hidden
        return found if found is not None else await plain
    finally:
        for task in (plain, hidden):
            task.cancel()
        await asyncio.gather(plain, hidden, return_exceptions=True)


async def _plain(host: str, port: int, deadline: Deadline, understand: Understand[T]) -> Greeted[T]:
    """Wait for the line that a port says by itself."""
    where = at(host, port)
    try:
        async with asyncio.timeout(deadline.remaining):
            reader, writer = await asyncio.open_connection(host, port, limit=MOST)
    except TimeoutError:
        return _silent(
            Missing(State.TIMED_OUT, f"{where} does not answer a connection: down, or a firewall drops it", where)
        )
    except (OSError, UnicodeError, OverflowError) as error:
        return _silent(Missing(State.UNREACHABLE, f"{where} {reason(error)}", where))
    try:
        async with asyncio.timeout(deadline.remaining):
            line = await reader.readline()
        greeting, info = _parse(line, where, lambda info: understand(info, False))  # noqa: FBT003
        if info is None or not (info.tls_required or info.tls_available):
            return Greeted(greeting, Missing(State.ABSENT, _NO_TLS, where))
        return Greeted(greeting, await _certificate(tls.TlsStream(reader, writer, host), where, deadline))
    except TimeoutError:
        return _silent(Missing(State.TIMED_OUT, f"{where} accepts connections and says nothing", where))
    except ValueError:
        return _silent(_garbage(where))
    except OSError as error:
        return _silent(Missing(State.UNREACHABLE, f"{where} {reason(error)}", where))
    finally:
        writer.transport.abort()


async def _certificate(stream: tls.TlsStream, where: str, deadline: Deadline) -> Evidence[Certificate]:
    try:
        async with asyncio.timeout(deadline.remaining):
            return tls.understand(await stream.handshake(), where)
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"{where} does not finish the TLS handshake", where)
    except OSError as error:
        return tls.failed(error, where)


async def _tls_first(
    host: str,
    port: int,
    deadline: Deadline,
    understand: Understand[T],
    plain: asyncio.Task[Greeted[T]],
    own: tuple[Path, Path | None] | None,
) -> Greeted[T] | None:
    """Say TLS hello to a port that is silent; ``None`` where the other connection was answered or TLS is not."""
    await asyncio.wait({plain}, timeout=min(PATIENCE, deadline.remaining / 2))
    if plain.done():
        return None
    where = at(host, port)
    try:
        async with asyncio.timeout(deadline.remaining):
            reader, writer = await asyncio.open_connection(host, port, limit=MOST)
    except (OSError, ValueError):
        return None
    try:
        return await _inside(tls.TlsStream(reader, writer, host, own), where, deadline, understand)
    finally:
        writer.transport.abort()


async def _inside(
    stream: tls.TlsStream, where: str, deadline: Deadline, understand: Understand[T]
) -> Greeted[T] | None:
    """Shake hands and read what is said then; ``None`` where the other side does not speak TLS."""
    try:
        async with asyncio.timeout(deadline.remaining):
            certificate = tls.understand(await stream.handshake(), where)
    except OSError:
        return None
    try:
        # a server that wants a certificate of ours ends the connection now, without INFO
        async with asyncio.timeout(deadline.remaining / 2):
            line = await stream.readline(MOST)
    except TimeoutError:
        missing = Missing(State.UNREADABLE, f"{where} speaks TLS, but not NATS: expected a line INFO {{...}}", where)
        return Greeted(missing, certificate)
    except OSError:
        line = b""
    if line:
        return Greeted(_parse(line, where, lambda info: understand(info, True))[0], certificate)  # noqa: FBT003
    return Greeted(_understood(understand(None, True), where), certificate)  # noqa: FBT003


def _silent(missing: Missing) -> Greeted[T]:
    return Greeted(missing, missing)


def _parse(line: bytes, where: str, understand: Callable[[Info], T | str]) -> tuple[Evidence[T], Info | None]:
    if not line:
        return Missing(State.UNREADABLE, f"{where} closes connections without a word", where), None
    if not line.startswith(b"INFO "):
        return _garbage(where), None
    try:
        info = msgspec.json.decode(line[5:], type=Info)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _garbage(where), None
    return _understood(understand(info), where), info


def _understood(understood: T | str, where: str) -> Evidence[T]:
    if isinstance(understood, str):
        return Missing(State.UNREADABLE, f"{where}: {understood}", where)
    return Seen(understood, where)


def _garbage(where: str) -> Missing:
    return Missing(State.UNREADABLE, f"{where} does not speak NATS: expected a line INFO {{...}}", where)
