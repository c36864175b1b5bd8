"""What the rules on load balancers share: the pools of one service of the nodes, and how to change a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symphony_doctor.api import (
    Balancing,
    Cluster,
    Evidence,
    Gap,
    Listeners,
    Missing,
    Node,
    Pool,
    PoolServer,
    Remedy,
    Risk,
    Seen,
    Service,
    State,
    known,
)

SOURCE = "load balancer"
"""Who says so, in the evidence of findings."""

_PLAIN = re.compile(r"[\w@%+=:,./-]+")


@dataclass(frozen=True, slots=True)
class Placed:
    """A pool, and the file and program it is of."""

    path: str
    program: str
    pool: Pool

    @property
    def name(self) -> str:
        """Return what identifies the pool among all files."""
        return f"{self.path}: {self.pool.title}"


def pools_of(cluster: Cluster, service: Service) -> tuple[list[Placed], list[Gap]]:
    """Return the pools that lead to one service of the nodes, and what kept others from being told.

    That no pool leads there is a gap too: nothing can be said of what is not in the files.
    """
    found: list[Placed] = []
    gaps: list[Gap] = []
    for path, balancing in _readable(cluster, gaps):
        gaps += (Gap(None, missing) for missing in balancing.undecided)
        for pool in balancing.pools:
            if isinstance(pool.service, Missing):
                if not pool.service.is_absence:
                    gaps.append(Gap(None, pool.service))
            elif pool.service.value is service and is_used(pool, balancing):
                found.append(Placed(path, balancing.program, pool))
    gaps += known(cluster, lambda node: port_of(node, service))[1]
    if not found and not gaps:
        gaps.append(Gap(None, Missing(State.ABSENT, f"no load balancer given forwards to a {service.value} port")))
    return found, gaps


def _readable(cluster: Cluster, gaps: list[Gap]) -> Iterator[tuple[str, Balancing]]:
    for balancer in cluster.load_balancers.get():
        if isinstance(balancer.content, Missing):
            gaps.append(Gap(None, balancer.content))
        else:
            yield balancer.path, balancer.content.value


def addresses(servers: Iterable[PoolServer]) -> set[str]:
    """Return the addresses of servers, each once: a server that is named twice is one."""
    return {server.address.lower() for server in servers}


def is_used(pool: Pool, balancing: Balancing) -> bool:
    """Tell whether traffic may reach a pool; a file of upstreams alone is used by one that was not given."""
    return bool(pool.used_by or balancing.undecided) or not any(each.used_by for each in balancing.pools)


def port_of(node: Node, service: Service) -> Evidence[int]:
    """Return the port of a node's service."""
    if isinstance(node.listeners, Missing):
        return node.listeners
    heard: Listeners = node.listeners.value
    return {Service.UI: heard.ui, Service.WEBSOCKET: heard.websocket, Service.NATS: heard.client}[service]


def address_of(node: Node, service: Service) -> str:
    """Return the address to write for a node: its host where one is known beside loopback, and the port."""
    port = port_of(node, service)
    hosts = node.listeners.value.hosts if isinstance(node.listeners, Seen) else ()
    outside = [host for host in hosts if host not in {"localhost", "127.0.0.1", "::1"}]
    # a name is what others call the node by; an address may be of one interface among several
    host = next((each for each in outside if not each.replace(".", "").isdigit()), (*outside, *hosts, node.name)[0])
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port.value}" if isinstance(port, Seen) else shown


def change(placed: Placed, where: str, what: str) -> Remedy:
    """Edit the load balancer's file where it stands, test it, and reload without dropping connections."""
    file, _, line = where.rpartition(":")
    quoted = quote(file)
    test = {"nginx": "sudo nginx -t", "HAProxy": f"sudo haproxy -c -f {quote(placed.path)}"}[placed.program]
    unit = {"nginx": "nginx", "HAProxy": "haproxy"}[placed.program]
    return Remedy(
        f"On the load balancer, at {where}: {what}; then test and reload",
        (f'"${{EDITOR:-vi}}" +{line} {quoted}', f"{test} && sudo systemctl reload {unit}"),
        Risk.SAFE,
    )


def quote(path: str) -> str:
    """Quote a path for a shell where it needs it."""
    return path if _PLAIN.fullmatch(path) else "'" + path.replace("'", "'\"'\"'") + "'"


def once(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Yield each gap once, in order."""
    yield from dict.fromkeys(gaps)
