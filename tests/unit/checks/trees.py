"""Node directories as files, without servers, and the snapshot that a run with --offline makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.lab.identity import Identity, create_identity, create_user_account
from symphony_doctor.lab.layout import NodeAddress, write_node
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.sources.collect import collect
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.observation import Observation
from symphony_doctor.sources.request import Request
from symphony_doctor.testing import NOW


class Tree:
    """So many node directories of one cluster, written as the product's page lays them out.

    All nodes use the same ports, as nodes on hosts of their own do, unless ``one_host`` is true.
    """

    def __init__(self, root: Path, nodes: int = 3, *, one_host: bool = False) -> None:
        self.root = root
        self.identity: Identity = create_identity()
        self.user = create_user_account(self.identity, "alice")
        self.addresses = tuple(
            NodeAddress(f"node{number}", *((port + (number if one_host else 0)) for port in (4222, 9222, 6222, 8080)))
            for number in range(1, nodes + 1)
        )
        for address in self.addresses:
            write_node(self.directory(address.name), address, self.addresses, self.identity)
            self.write(address.name, "nats.config", self._on_own_host(address.name))
            for account in (self.identity.system, self.identity.symphony, self.user):
                self.write(address.name, f"accounts/{account.key}.jwt", account.jwt)

    def _on_own_host(self, name: str) -> str:
        """Listen on all interfaces, and find the others by the names of their hosts."""
        text = self.read(name, "nats.config").replace("host: 127.0.0.1\n", "").replace("  host: 127.0.0.1\n", "")
        address = next(each for each in self.addresses if each.name == name)
        listed = [
            f"    nats-route://{other.name}.example.com:{other.route_port}"
            for other in self.addresses
            if other.name != name
        ]
        before, found, after = text.partition("  routes: [\n")
        if found:
            text = f"{before}{found}" + "\n".join(listed) + "\n  ]" + after.partition("]")[2]
        return text.replace(f"listen: 127.0.0.1:{address.route_port}", f"listen: 0.0.0.0:{address.route_port}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(address.name for address in self.addresses)

    def directory(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str, file: str) -> str:
        return (self.directory(name) / file).read_text(encoding="utf-8")

    def write(self, name: str, file: str, text: str) -> None:
        path = self.directory(name) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, file: str, change: Callable[[str], str]) -> None:
        """Change the text of a file; a change that changes nothing is a mistake of the test."""
        before = self.read(name, file)
        after = change(before)
        assert after != before, f"{name}/{file} stayed as it was"
        self.write(name, file, after)

    def replace(self, name: str, file: str, old: str, new: str) -> None:
        self.edit(name, file, lambda text: text.replace(old, new))

    def routes(self, name: str, *urls: str) -> None:
        """Give a node another list of routes."""

        def change(text: str) -> str:
            before, _, rest = text.partition("routes: [")
            return f"{before}routes: [\n    " + ",\n    ".join(urls) + "\n  ]" + rest.partition("]")[2]

        self.edit(name, "nats.config", change)

    def cluster(self, names: Iterable[str] | None = None) -> Cluster:
        """Return what a run with --offline sees of these directories, or of all."""
        chosen = self.names if names is None else tuple(names)
        return seen_offline(*(self.directory(name) for name in chosen))


def observed(*directories: Path) -> list[Observation]:
    """Return what the doctor's own source reads of directories, with the network left alone."""
    request = Request(tuple(NodeDirectory(directory) for directory in directories), network=False)
    return asyncio.run(collect(request, lambda secret: f"fingerprint of {len(secret)} characters"))


def seen_offline(*directories: Path) -> Cluster:
    """Return the snapshot of directories."""
    return assemble(observed(*directories), NOW, Scope(network=False, credentials=False))
