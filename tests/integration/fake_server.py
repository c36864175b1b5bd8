"""Listeners that behave as no NATS server should, each in a thread of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator

Behave = Callable[[socket.socket], None]

INFO = {
    "server_id": "NFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE",
    "server_name": "node2",
    "version": "2.15.1",
    "proto": 1,
    "max_payload": 1048576,
    "client_id": 7,
    "cluster": "symphony-cluster",
    "jetstream": True,
    "auth_required": True,
    "nonce": "abcdefghijklmno",
}


@contextlib.contextmanager
def listening(behave: Behave, port: int = 0) -> Iterator[int]:
    """Serve every connection with ``behave`` until the block ends; gives the port."""
    with socket.create_server(("127.0.0.1", port), backlog=16) as server:
        open_: list[socket.socket] = []
        threading.Thread(target=_accept, args=(server, behave, open_), daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            # wakes the thread in accept()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            for connection in open_:
                connection.close()


def _accept(server: socket.socket, behave: Behave, open_: list[socket.socket]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        open_.append(connection)
        threading.Thread(target=_serve, args=(connection, behave), daemon=True).start()


def _serve(connection: socket.socket, behave: Behave) -> None:
    with contextlib.suppress(OSError):
        behave(connection)


def greeting(**changes: object) -> bytes:
    """INFO as a server of the lab writes it, with some fields changed; ``None`` leaves one out."""
    info = {key: value for key, value in {**INFO, **changes}.items() if value is not None}
    return b"INFO " + json.dumps(info).encode() + b"\r\n"


def say(data: bytes) -> Behave:
    """Say this, and then nothing for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        _read_for_ever(connection)

    return behave


def silent_until(end: threading.Event) -> Behave:
    """Say nothing, and close once that is set."""

    def behave(connection: socket.socket) -> None:
        end.wait(60)
        connection.close()

    return behave


def say_and_close(data: bytes) -> Behave:
    """Say this and close."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.close()

    return behave


def without_end(first: bytes, again: bytes) -> Behave:
    """Say something, and then the same for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)

    return behave


def reset(connection: socket.socket) -> None:
    """Reset the connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def after_connect(first: bytes, answer: Behave) -> Behave:
    """Greet, wait for what the client says, then answer."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        connection.recv(65536)
        answer(connection)

    return behave


def _read_for_ever(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass
