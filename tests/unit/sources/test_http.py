"""The UI ports, asked over real sockets: whatever answers there, it is bounded and no traceback."""

from __future__ import annotations

import asyncio
import socket

import pytest

from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.services import Ui
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.http import MOST, ask
from symphony_doctor.sources.observation import Address


def fingerprint(_secret: str) -> str:
    return "secret:00000000"


async def _asked(reply: bytes | None, seconds: float) -> Ui:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if reply is None:
                await asyncio.sleep(30)
            else:
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the probe that only looks whether somebody listens
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        found = await ask(Address("127.0.0.1", port, "d"), fingerprint, Deadline.after(seconds))
    finally:
        server.close()
    assert isinstance(found, Seen)
    return found.value


def asked(reply: bytes | None, seconds: float = 5.0) -> Ui:
    return asyncio.run(_asked(reply, seconds))


def answer(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers))
    return head.encode() + b"\r\n\r\n" + body


def test_a_healthy_instance() -> None:
    ui = asked(answer("200 OK", b'{"message": "pong"}'))
    assert [each.status for each in ui.answers] == [200, 200, 200]
    assert all(each.ok for each in ui.answers)


def test_a_degraded_instance() -> None:
    ui = asked(answer("503 Service Unavailable", b'{"components": {"nats": "down"}}'))
    assert {(each.status, each.words) for each in ui.answers} == {(503, ("components.nats: down",))}


def test_a_redirect_is_not_followed() -> None:
    ui = asked(answer("302 Found", b"", "Location: http://127.0.0.1:1/"))
    assert [each.status for each in ui.answers] == [302, 302, 302]


def test_chunks_are_read() -> None:
    body = b'11\r\n{"nats": "down"}\n\r\n0\r\n\r\n'
    ui = asked(b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert {each.words for each in ui.answers} == {("nats: down",)}


@pytest.mark.parametrize("reply", [b"INFO {}\r\n", b"", b"\x16\x03\x01", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100_000])
def test_what_is_no_http_is_no_answer(reply: bytes) -> None:
    ui = asked(reply)
    assert {each.status for each in ui.answers} == {None}
    assert all(each.words for each in ui.answers)


def test_a_port_that_hangs_costs_its_deadline_and_no_more() -> None:
    ui = asked(None, seconds=0.3)
    assert {each.words for each in ui.answers} == {("accepts the connection and does not answer",)}


def test_an_endless_body_is_cut_off() -> None:
    ui = asked(answer("503 No", b'"' + b"x" * (4 * MOST)))
    assert {(each.status, each.words) for each in ui.answers} == {(503, ())}


def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert all(each.ok for each in asked(answer("200 OK", b"{}")).answers)


def test_nothing_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", held.getsockname()[1], "d")
        found = asyncio.run(ask(address, fingerprint, Deadline.after(5)))
    assert isinstance(found, Seen)
    assert found.value.refused
