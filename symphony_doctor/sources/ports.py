"""Certificates of WebSocket and UI ports: only of those that have TLS, by configuration or by their own word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

from symphony_doctor.model.certificate import Port, PortCertificate
from symphony_doctor.model.evidence import NOT_ASKED, Missing, Seen, State
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import Address, NodeFiles, PortProbe, ServerAnswers
from symphony_doctor.sources.reasons import at, reason
from symphony_doctor.sources.tls import certificate_at

_ENOUGH = 1024
"""Bytes of an HTTP answer that are read: its status and, of an error, the words."""


async def probe_ports(
    files: Iterable[NodeFiles],
    answers: Iterable[ServerAnswers],
    addresses: Iterable[Address],
    seconds: float,
    outside: Outside,
) -> list[PortProbe]:
    """See the certificates of all WebSocket and UI ports at once, each within ``seconds``.

    ``addresses`` are the client addresses of the nodes: their other ports are on the same hosts.
    """
    hosts = {address.directory: address.host for address in addresses if address.directory is not None}
    deadline = Deadline.after(seconds)
    # the node's own directory goes first: it names the node even where its server is not recognised
    websockets: dict[tuple[str, int], PortProbe] = {}
    for (host, port), probe in (*_from_files(files, hosts, outside), *_from_answers(answers, outside)):
        websockets.setdefault((host, port), probe)
    interfaces = [
        (each.directory, outside.place(each.directory, hosts[each.directory], each.symphony_config.value.ui_port))
        for each in files
        if isinstance(each.symphony_config, Seen) and each.symphony_config.value.ui_port and each.directory in hosts
    ]
    return [
        *await asyncio.gather(
            *(_websocket(probe, host, port, deadline) for (host, port), probe in websockets.items()),
            *(_interface(directory, *place, deadline) for directory, place in interfaces if place is not None),
        )
    ]


def _from_files(
    files: Iterable[NodeFiles], hosts: dict[str, str], outside: Outside
) -> Iterator[tuple[tuple[str, int], PortProbe]]:
    for each in files:
        config = each.nats_config.value if isinstance(each.nats_config, Seen) else None
        if config is None or config.websocket is None or not config.has_websocket_tls:
            continue
        host = config.websocket.host or hosts.get(each.directory)
        place = outside.place(each.directory, host, config.websocket.port)
        if place is not None:
            yield place, PortProbe(_unseen(), each.directory)


def _from_answers(answers: Iterable[ServerAnswers], outside: Outside) -> Iterator[tuple[tuple[str, int], PortProbe]]:
    for each in answers:
        server = each.server.value if isinstance(each.server, Seen) else None
        listener = server.listener(Port.WEBSOCKET) if server else None
        if server is None or listener is None or not listener.tls:
            continue
        anywhere = listener.host in {"", "0.0.0.0", "::"}  # noqa: S104 - what a server reports
        host = each.address.rpartition(":")[0].strip("[]") if anywhere else listener.host
        place = outside.place(each.directory, host or None, listener.number)
        if place is not None:
            yield place, PortProbe(_unseen(), server_id=server.server_id)


def _unseen() -> PortCertificate:
    return PortCertificate(Port.WEBSOCKET, "", NOT_ASKED)


async def _websocket(probe: PortProbe, host: str, port: int, deadline: Deadline) -> PortProbe:
    found = await certificate_at(host, port, deadline)
    return replace(probe, found=PortCertificate(Port.WEBSOCKET, at(host, port), found))


async def _interface(directory: str, host: str, port: int, deadline: Deadline) -> PortProbe:
    where = at(host, port)
    plain = await _plain_http(host, port, deadline)
    certificate = plain if isinstance(plain, Missing) else await certificate_at(host, port, deadline)
    return PortProbe(PortCertificate(Port.UI, where, certificate), directory)


async def _plain_http(host: str, port: int, deadline: Deadline) -> Missing | None:
    """Ask a port in plain HTTP; ``None`` where what it answers is not that, so that TLS is worth a try."""
    where = at(host, port)
    try:
        async with asyncio.timeout(deadline.remaining):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET /api/v1/ping HTTP/1.1\r\nHost: {where}\r\nConnection: close\r\n\r\n".encode())
                answer = await reader.read(_ENOUGH)
            finally:
                writer.transport.abort()
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"{where} does not answer in time", where)
    except ConnectionResetError:
        return None
    except ConnectionRefusedError:
        # that the interface is down is not for its certificate to say
        return Missing(State.ABSENT, "nothing listens there", where)
    except (OSError, UnicodeError, OverflowError) as error:
        return Missing(State.UNREACHABLE, f"{where} {reason(error)}", where)
    # a port with TLS answers plain HTTP with 400, with an alert, or not at all
    if answer.startswith(b"HTTP/") and answer.split(b" ", 2)[1:2] != [b"400"]:
        return Missing(State.ABSENT, "no TLS there", where)
    return None
