"""Where the files of nodes are: on this machine, or on hosts that are connected to while a run reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from symphony_doctor.sources.file_system import LOCAL, FileSystem
from symphony_doctor.sources.node_directory import NodeDirectory

if TYPE_CHECKING:
    from symphony_doctor.sources.remote_files import RemoteFiles


class NodeHosts:
    """The file system of each node, and the addresses of the hosts that were connected to."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._remote: dict[str, RemoteFiles] = {}

    def files(self, node: NodeDirectory) -> FileSystem:
        """Return the file system that a node's directory is in."""
        if node.host is None:
            return LOCAL
        if node.place not in self._remote:
            from symphony_doctor.sources.remote_files import RemoteFiles  # noqa: PLC0415 - only where there is a host
            from symphony_doctor.sources.ssh_session import SshSession  # noqa: PLC0415

            session = SshSession(node.host, node.place, self.environment)
            self._remote[node.place] = RemoteFiles(session, node.directory, node.place)
        return self._remote[node.place]

    def forget(self) -> None:
        """Let all be read anew by the same connections: a host that hangs costs one deadline, not one a look."""
        for each in self._remote.values():
            each.forget()

    @property
    def addresses(self) -> dict[str, str]:
        """Return the addresses of the hosts, as they see themselves, by the place of the node."""
        return {place: each.session.seen_as for place, each in self._remote.items() if each.session.seen_as}

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*(each.close() for each in self._remote.values()))


@asynccontextmanager
async def node_hosts(nodes: Iterable[NodeDirectory], environment: Mapping[str, str]) -> AsyncIterator[NodeHosts]:
    """Return where the nodes' files are; connections end with the block, whichever way it ends."""
    hosts = NodeHosts(environment)
    for node in nodes:
        hosts.files(node)
    try:
        yield hosts
    finally:
        await hosts.close()
