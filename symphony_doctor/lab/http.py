"""The UI ports of a lab: what an instance answers to a load balancer.

Run as a program, it serves the named nodes of the lab in the given directory, or every one. An instance embeds its
server, so a node whose server is dead has no UI port either; one that hangs answers 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from symphony_doctor.lab.state import STATE_FILE, NodeState, load_state

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

PING = "/api/v1/ping"
ONLY = "only:"
"""Before the name of a node as an argument: by itself it would be that of a node's directory, for `--local`."""
_VERSION = "1.4.9"
_WATCH = 0.1
_PATIENCE = 1.0
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


async def answer(node: NodeState, method: str, path: str) -> tuple[int, dict[str, object]]:
    """Compose the answer of a node to a request."""
    path = path.partition("?")[0]
    if method not in {"GET", "HEAD"}:
        return 405, {"error": "method not allowed"}
    if path == PING:
        return 200, {"message": "pong"}
    if path not in {"/api/v1/health", "/api/v1/ready"}:
        return 404, {"error": "not found"}
    up = not node.in_setup and await speaks(node.address.host, node.address.client_port)
    well = up and not node.degraded
    status = 200 if well else 503
    if path == "/api/v1/ready":
        return status, {"status": "ready" if well else "not ready"}
    parts = {"nats": up, "messaging": well}
    return status, {
        "status": "healthy" if well else "degraded",
        "components": {name: {"status": "healthy" if fine else "unhealthy"} for name, fine in parts.items()},
        "version": _VERSION,
    }


async def speaks(host: str, port: int) -> bool:
    """Tell whether a server greets on its client port."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return (await reader.readline()).startswith(b"INFO ")
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


class Endpoint:
    """The UI port of one node, open as long as the node lives."""

    def __init__(self, node: NodeState) -> None:
        """Start closed."""
        self.node = node
        self._server: asyncio.Server | None = None

    async def follow(self, node: NodeState) -> None:
        """Open or close, as the node is up or down."""
        self.node = node
        wanted = node.in_setup or (node.process is not None and node.process.alive)
        if wanted and self._server is None:
            with contextlib.suppress(OSError):
                self._server = await asyncio.start_server(self._serve, node.address.host, node.address.ui_port)
        elif not wanted and self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(5):
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ", 2)
                status, body = await answer(self.node, method, path)
                data = json.dumps(body).encode()
                writer.write(
                    f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
                    + (b"" if method == "HEAD" else data)
                )
                await writer.drain()
        writer.close()


async def serve(root: Path, *names: str) -> None:
    """Serve the named nodes of a lab, or all, for as long as its state file exists."""
    endpoints: dict[str, Endpoint] = {}
    seen = (-1, -1, -1)
    nodes: list[NodeState] = []
    while True:
        try:
            status = (root / STATE_FILE).stat()
        except FileNotFoundError:
            return
        # the clock of a file system is coarse: two writes can have one time
        changed = (status.st_mtime_ns, status.st_ino, status.st_size)
        if changed != seen:
            seen, nodes = changed, load_state(root).nodes
        for node in nodes:
            if names and node.address.name not in names:
                continue
            endpoint = endpoints.setdefault(node.address.name, Endpoint(node))
            await endpoint.follow(node)
        await asyncio.sleep(_WATCH)


def main() -> None:
    """Serve the lab in the directory that is the first argument; others say of which nodes."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1]), *(each.removeprefix(ONLY) for each in sys.argv[2:])))


if __name__ == "__main__":
    main()
