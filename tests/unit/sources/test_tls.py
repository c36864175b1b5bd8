"""Greetings and certificates of real sockets that are no nats-server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from symphony_doctor.model.certificate import Certificate, Port
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources import info, ports, tls
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import PortProbe

HOST = "127.0.0.1"
INFO = b'INFO {"server_id":"N1","server_name":"n1","version":"2.15.1","client_id":1,"tls_required":true}\r\n'
ROUTE = b'INFO {"server_id":"N1","server_name":"n1","cluster":"c"}\r\n'

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, *, mutual: bool = False, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("node1", HOST, not_after=datetime.now(UTC) - timedelta(days=1)).configure_cert(made)
    if mutual:
        authority.configure_trust(made)
        made.verify_mode = ssl.CERT_REQUIRED
    if newest is not None:
        made.maximum_version = newest
    return made


def asked(serve: Serve, ask: Callable[[int], Awaitable[object]], secure: ssl.SSLContext | None = None) -> object:
    """Ask a server that lives as long as the question; every connection is closed at its end."""
    handlers: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def both() -> object:
        async with await asyncio.start_server(tracked, HOST, 0, ssl=secure) as server:
            result = await ask(server.sockets[0].getsockname()[1])
            # whoever asked has hung up: every handler comes to its end
            await asyncio.gather(*handlers, return_exceptions=True)
            return result

    return asyncio.run(both())


def say(line: bytes, *, stay: bool = True) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await writer.drain()
        if stay:
            await reader.read()

    return serve


def greet(seconds: float = 3) -> Callable[[int], Awaitable[object]]:
    return lambda port: info.greet(HOST, port, Deadline.after(seconds))


def greet_route(seconds: float = 3) -> Callable[[int], Awaitable[object]]:
    return lambda port: info.greet_route(HOST, port, Deadline.after(seconds))


def why(evidence: Evidence[object]) -> str:
    assert isinstance(evidence, Missing)
    return evidence.why


def test_a_client_port_that_speaks_tls_first(authority: trustme.CA) -> None:
    found = asked(say(INFO), greet(), context(authority))
    assert isinstance(found, info.Greeted)
    assert isinstance(found.greeting, Seen)
    assert found.greeting.value.tls_first
    assert isinstance(found.certificate, Seen)
    assert found.certificate.value.names == ("node1", HOST)


def test_a_route_port_that_wants_a_certificate(authority: trustme.CA) -> None:
    """It is a route port, its certificate is seen, and its name is not."""
    found = asked(say(ROUTE), greet_route(), context(authority, mutual=True))
    assert isinstance(found, info.Greeted)
    assert isinstance(found.greeting, Seen)
    assert (found.greeting.value.tls, found.greeting.value.server_name) == (True, "")
    assert isinstance(found.certificate, Seen)
    assert found.certificate.value.not_after < datetime.now(UTC).timestamp()


def test_a_route_port_in_plain() -> None:
    found = asked(say(ROUTE), greet_route())
    assert isinstance(found, info.Greeted)
    assert isinstance(found.greeting, Seen)
    assert (found.greeting.value.tls, found.greeting.value.server_name) == (False, "n1")
    assert isinstance(found.certificate, Missing)
    assert found.certificate.state is State.ABSENT


def test_a_port_that_speaks_tls_but_not_nats(authority: trustme.CA) -> None:
    found = asked(say(b""), greet_route(1.5), context(authority))
    assert isinstance(found, info.Greeted)
    assert "speaks TLS, but not NATS" in why(found.greeting)
    assert isinstance(found.certificate, Seen)


def test_a_port_that_says_nothing_at_all() -> None:
    found = asked(say(b""), greet(1.2))
    assert isinstance(found, info.Greeted)
    assert "accepts connections and says nothing" in why(found.greeting)


def test_a_slow_greeting_is_waited_for() -> None:
    """A server that takes longer than the patience before TLS is tried is still greeted."""

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(info.PATIENCE * 2):
                await reader.readuntil(b"never")
        except TimeoutError:
            writer.write(ROUTE)
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass

    found = asked(late, greet_route())
    assert isinstance(found, info.Greeted)
    assert isinstance(found.greeting, Seen)


def test_an_old_handshake_that_shows_nothing_is_a_reason(authority: trustme.CA) -> None:
    """TLS 1.2 ends without a certificate of ours before what it showed can be read."""
    found = asked(
        say(b""),
        lambda port: tls.certificate_at(HOST, port, Deadline.after(2)),
        context(authority, mutual=True, newest=ssl.TLSVersion.TLSv1_2),
    )
    assert isinstance(found, Missing)
    assert found.state in {State.UNREADABLE, State.UNREACHABLE}


def interface(port: int) -> Awaitable[object]:
    return ports.certificate_of(ports.Asked(HOST, port, Port.UI, "dir"), Deadline.after(2))


def certificate_of(probe: object) -> Evidence[Certificate]:
    assert isinstance(probe, PortProbe)
    assert probe.found.port is Port.UI
    return probe.found.certificate


def test_a_ui_port_in_plain_http_has_no_certificate() -> None:
    """Its health is not what is asked here: 503 is plain HTTP too."""
    found = certificate_of(asked(say(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", stay=False), interface))
    assert isinstance(found, Missing)
    assert found.state is State.ABSENT


def test_a_ui_port_with_tls_shows_its_certificate(authority: trustme.CA) -> None:
    found = certificate_of(asked(say(b"", stay=True), interface, context(authority)))
    assert isinstance(found, Seen)
    assert found.value.names == ("node1", HOST)


def test_a_port_nobody_listens_on() -> None:
    async def ask() -> Evidence[Certificate]:
        async with await asyncio.start_server(say(b""), HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
        return await tls.certificate_at(HOST, port, Deadline.after(2))

    assert "refuses connections" in why(asyncio.run(ask()))
