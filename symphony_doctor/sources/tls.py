"""TLS as far as to see whom it is spoken to: the certificate of a port, and what is said inside.

Nothing is verified here: an expired certificate, or one for another host, is what is looked for. Nothing
secret is sent over such a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from functools import cache
from pathlib import Path

from symphony_doctor.formats.certificates import parse_der
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.certificate import Certificate
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.reasons import at, reason

_CHUNK = 16 * 1024


class TlsStream:
    """The client's side of TLS over an open connection, so that a handshake that fails still tells something."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: str,
        own: tuple[Path, Path | None] | None = None,
    ) -> None:
        """Take over a connection; ``own`` are a certificate and its key, for servers that ask for them."""
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _looking(own).wrap_bio(self._incoming, self._outgoing, server_hostname=host or None)

    async def handshake(self) -> bytes:
        """Return the certificate of the other side in DER. Raises ``OSError`` (``ssl.SSLError`` is one)."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._exchange()
            else:
                await self._send()
                return self._tls.getpeercert(binary_form=True) or b""

    async def readline(self, limit: int) -> bytes:
        """Return the first line that is said inside, or what there is of it when the connection ends."""
        line = bytearray()
        while not line.endswith(b"\n") and len(line) < limit:
            try:
                # byte by byte from memory: what comes after the line is not looked at
                line += self._tls.read(1)
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLZeroReturnError:
                break
        return bytes(line)

    async def _exchange(self) -> None:
        await self._send()
        data = await self._reader.read(_CHUNK)
        if not data:
            raise ConnectionResetError("the connection was closed")
        self._incoming.write(data)

    async def _send(self) -> None:
        self._writer.write(self._outgoing.read())
        await self._writer.drain()


@cache
def _looking(own: tuple[Path, Path | None] | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # a weak certificate is to be seen too
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if own is not None:
        # checked before; the key itself is not sent
        with contextlib.suppress(OSError, ValueError):
            context.load_cert_chain(*own, password="")
    return context


def understand(der: bytes, where: str) -> Evidence[Certificate]:
    """Return the content of a certificate that was shown at ``where``."""
    try:
        return Seen(parse_der(der, where), where)
    except FormatError as error:
        return Missing(State.UNREADABLE, str(error), where)


def failed(error: OSError, where: str) -> Missing:
    """Say why a handshake did not come to a certificate."""
    if isinstance(error, ssl.SSLError):
        why = (error.reason or "handshake").replace("_", " ").lower()
        return Missing(State.UNREADABLE, f"{where} shows no certificate: {why}", where)
    return Missing(State.UNREACHABLE, f"{where} {reason(error)} in the TLS handshake", where)


async def certificate_at(host: str, port: int, deadline: Deadline) -> Evidence[Certificate]:
    """Say TLS hello to a port and return its certificate."""
    where = at(host, port)
    try:
        async with asyncio.timeout(deadline.remaining):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return understand(await TlsStream(reader, writer, host).handshake(), where)
            finally:
                writer.transport.abort()
    except TimeoutError:
        return Missing(State.TIMED_OUT, f"{where} shows no certificate in time", where)
    except ssl.SSLError as error:
        return failed(error, where)
    except (OSError, ValueError, OverflowError) as error:
        return Missing(State.UNREACHABLE, f"{where} {reason(error)}", where)
