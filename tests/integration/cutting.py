"""A TCP relay before one server that cuts a connection when a word passes through it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator


class Cutter:
    """``word`` is looked for in what clients send; with ``deliver`` the server still gets it before the cut."""

    def __init__(self, target: int, word: bytes, *, deliver: bool) -> None:
        self.target = target
        self.word = word
        self.deliver = deliver
        self.cuts = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        """Relay in a thread, and give the port."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ended = threading.Event()
            thread = threading.Thread(target=self._serve, args=(listener, ended))
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                ended.set()
                thread.join(10)

    def _serve(self, listener: socket.socket, ended: threading.Event) -> None:
        other: dict[socket.socket, socket.socket] = {}
        clients: set[socket.socket] = set()
        while not ended.is_set():
            for ready in select.select([listener, *other], [], [], 0.1)[0]:
                if ready is listener:
                    client = listener.accept()[0]
                    server = socket.create_connection(("127.0.0.1", self.target))
                    clients.add(client)
                    other |= {client: server, server: client}
                elif ready in other and not self._pass(ready, other[ready], from_client=ready in clients):
                    for end in (ready, other.pop(ready)):
                        other.pop(end, None)
                        end.close()
        for end in other:
            end.close()

    def _pass(self, source: socket.socket, target: socket.socket, *, from_client: bool) -> bool:
        """Pass on what came; tell whether the connection is to go on."""
        try:
            data = source.recv(65536)
            if from_client and self.word in data and not self.cuts:
                self.cuts += 1
                if self.deliver:
                    target.sendall(data)
                return False
            target.sendall(data)
        except OSError:
            return False
        return bool(data)
