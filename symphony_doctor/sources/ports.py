"""Certificates of WebSocket and UI ports: only of those that have TLS, by configuration or by their own word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from symphony_doctor.model.certificate import Certificate, Port, PortCertificate
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.container import Outside
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import NodeFiles, PortProbe, ServerAnswers
from symphony_doctor.sources.reasons import at, reason
from symphony_doctor.sources.tls import certificate_at

_ENOUGH = 1024
"""Bytes of an HTTP answer that are read: its status and, of an error, the words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A port whose certificate is to be seen: where, which one, and of which directory's node, or of which server."""

    host: str
    port: int
    kind: Port
    directory: str | None = None
    server_id: str | None = None


async def certificate_of(asked: Asked, deadline: Deadline) -> PortProbe:
    """See the certificate of a port."""
    where = at(asked.host, asked.port)
    certificate: Evidence[Certificate]
    plain = await _plain_http(asked.host, asked.port, deadline) if asked.kind is Port.UI else None
    certificate = plain or await certificate_at(asked.host, asked.port, deadline)
    return PortProbe(PortCertificate(asked.kind, where, certificate), asked.directory, asked.server_id)


def websockets_of_files(files: Iterable[NodeFiles], hosts: Mapping[str, str], outside: Outside) -> Iterator[Asked]:
    """Give the WebSocket ports that have TLS by a nats.config; ``hosts`` are those of the nodes' client ports."""
    for each in files:
        config = each.nats_config.value if isinstance(each.nats_config, Seen) else None
        if config is None or config.websocket is None or not config.has_websocket_tls:
            continue
        host = config.websocket.host or hosts.get(each.directory)
        place = outside.place(each.directory, host, config.websocket.port)
        if place is not None:
            yield Asked(*place, Port.WEBSOCKET, each.directory)


def websocket_of_server(answers: ServerAnswers, outside: Outside) -> Asked | None:
    """Return the WebSocket port that has TLS by a server's own word."""
    server = answers.server.value if isinstance(answers.server, Seen) else None
    listener = server.listener(Port.WEBSOCKET) if server else None
    if server is None or listener is None or not listener.tls:
        return None
    anywhere = listener.host in {"", "0.0.0.0", "::"}  # noqa: S104 - what a server reports
    host = answers.address.rpartition(":")[0].strip("[]") if anywhere else listener.host
    place = outside.place(answers.directory, host or None, listener.number)
    return Asked(*place, Port.WEBSOCKET, server_id=server.server_id) if place is not None else None


def interfaces(files: Iterable[NodeFiles], hosts: Mapping[str, str], outside: Outside) -> Iterator[Asked]:
    """Give the UI ports, which are on the hosts of the client ports."""
    for each in files:
        config = each.symphony_config.value if isinstance(each.symphony_config, Seen) else None
        if config is not None and config.ui_port and each.directory in hosts:
            place = outside.place(each.directory, hosts[each.directory], config.ui_port)
            if place is not None:
                yield Asked(*place, Port.UI, each.directory)


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
