"""A cluster whose nodes are on hosts of their own, and the doctor run on yet another host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symphony_doctor.lab.cluster import Lab

from .namespaces import Hosts, hosts
from .program import Done, doctor


@dataclass(frozen=True)
class Site:
    """A cluster and the network between its hosts."""

    lab: Lab
    hosts: Hosts

    def arguments(self, mode: str) -> list[str]:
        """Return what gives the doctor files and NATS, or NATS alone."""
        credentials = ["--creds", str(self.lab.system_credentials)]
        if mode == "nats":
            return ["--server", ",".join(node.client_url for node in self.lab.nodes), *credentials]
        return [*(argument for node in self.lab.nodes for argument in ("--node", str(node.directory))), *credentials]

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes, in order."""
        return tuple(node.name for node in self.lab.nodes)

    def run(self, mode: str, *more: str) -> Done:
        """Diagnose, as JSON."""
        return doctor("run", *self.arguments(mode), "--format", "json", *more)

    def close_routes(self, *names: str) -> None:
        """Reset the connections that these nodes have to each other, as the kernel does after minutes of silence."""
        for name in names:
            for other in names:
                if name != other:
                    self.hosts.reset(name, other)

    def heal(self) -> None:
        """Let everything through again, and wait until the servers have found each other."""
        self.hosts.heal()
        asyncio.run(self.lab.wait_healthy())


@contextlib.contextmanager
def site_of(nodes: int, root: Path) -> Iterator[Site]:
    """Build hosts and a cluster on them; skips the test where there are no network namespaces."""
    with hosts(nodes) as made:
        lab = asyncio.run(Lab.create(root, addresses=made.nodes()))
        try:
            yield Site(lab, made)
        finally:
            asyncio.run(lab.stop())


def above_info(done: Done) -> list[tuple[str, str]]:
    """All findings but the informative."""
    return [(each["code"], each["title"]) for each in done.report["findings"] if each["severity"] != "info"]


def roots(done: Done) -> list[tuple[str, list[str]]]:
    """The findings above info that nothing else explains, with their nodes."""
    return [
        (each["code"], each["nodes"])
        for each in done.report["findings"]
        if each["cause"] is None and each["severity"] != "info"
    ]
