"""A route port that lets everyone through but one: the cut of one route, without root.

Run as a program: `relay PORT UPSTREAM BLOCKED` per relayed node, all as HOST:PORT. UPSTREAM is where the
node really listens for routes, BLOCKED the client port of the peer that must not get through.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

_PATIENCE = 4.0
_FIRST_LINE = 1.0
_POLL = 0.005
_CHUNK = 65536
_LINE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Relay:
    """One relayed route port."""

    listen: tuple[str, int]
    upstream: tuple[str, int]
    blocked: tuple[str, int]

    async def serve(self) -> None:
        """Relay for ever."""
        async with await self._listen() as server:
            await server.serve_forever()

    async def _listen(self) -> asyncio.Server:
        while True:
            try:
                return await asyncio.start_server(self._accept, *self.listen, limit=_LINE_LIMIT)
            except OSError:
                # The node still has the port: it is about to be restarted elsewhere.
                await asyncio.sleep(_POLL)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            up_reader, up_writer = await asyncio.open_connection(*self.upstream, limit=_LINE_LIMIT)
            try:
                await self._relay(reader, writer, up_reader, up_writer)
            finally:
                up_writer.close()
        writer.close()

    async def _relay(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        up_reader: StreamReader,
        up_writer: StreamWriter,
    ) -> None:
        async with asyncio.timeout(_PATIENCE):
            greeting = await up_reader.readline()
            hello = await _first_line(reader)
            if not hello:
                # a probe only looks: it sees an ordinary route port
                writer.write(greeting)
                await writer.drain()
                hello, greeting = await reader.readline(), b""
            dialer, blocked = _dialer(hello), await _server_id(self.blocked)
            # who cannot be told apart from the one that is cut off is not let through; it dials again
            if dialer is None or blocked is None or dialer == blocked:
                return
        writer.write(greeting)
        up_writer.write(hello)
        pumps = {
            asyncio.create_task(_pump(reader, up_writer)),
            asyncio.create_task(_pump(up_reader, writer)),
        }
        _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pending:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _first_line(reader: StreamReader) -> bytes:
    """Read what a server says that dials: it does so before it is greeted, and counts the route once it is."""
    try:
        async with asyncio.timeout(_FIRST_LINE):
            return await reader.readline()
    except TimeoutError:
        return b""


def _dialer(hello: bytes) -> str | None:
    # Routes name themselves by the server's id, which is new at every start.
    if not hello.startswith(b"CONNECT "):
        return None
    name = json.loads(hello[len(b"CONNECT ") :]).get("name")
    return name if isinstance(name, str) else None


async def _server_id(address: tuple[str, int]) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(*address)
            try:
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    return str(json.loads(line.removeprefix(b"INFO "))["server_id"])


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


async def _main(arguments: list[str]) -> None:
    relays = [
        Relay(*(_address(text) for text in arguments[start : start + 3])) for start in range(0, len(arguments), 3)
    ]
    await asyncio.gather(*(relay.serve() for relay in relays))


def main() -> None:
    """Relay as the arguments say."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1:]))


if __name__ == "__main__":
    main()
