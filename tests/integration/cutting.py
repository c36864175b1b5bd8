"""A TCP relay before one server that cuts a connection when a word passes through it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Cutter:
    """``word`` is looked for in what clients send; with ``deliver`` the server still gets it before the cut."""

    def __init__(self, target: int, word: bytes, *, deliver: bool) -> None:
        self.target = target
        self.word = word
        self.deliver = deliver
        self.cuts = 0
        self.port = 0

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        back = asyncio.create_task(self._copy(server_reader, writer))
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.word in data and not self.cuts:
                    self.cuts += 1
                    if self.deliver:
                        back.cancel()
                        server_writer.write(data)
                        await server_writer.drain()
                        server_writer.close()
                    writer.transport.abort()
                    break
                server_writer.write(data)
                await server_writer.drain()
        back.cancel()
        server_writer.close()

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        """Relay in a thread, and give the port."""
        ready = threading.Event()
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve())
            loop.run_forever()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self.port
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0.05))
            loop.close()
