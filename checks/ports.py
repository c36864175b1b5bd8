"""Ports: what the nodes of one host may not share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from symphony_doctor.api import (
    Because,
    Cluster,
    ConfiguredRoute,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Node,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import edit
from ._words import listing

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_UI_PORT = 8080


@dataclass(frozen=True, slots=True)
class _Port:
    what: str
    host: str | None
    port: int
    where: str


@check(
    "CF007",
    name="port-clash",
    severity=Severity.ERROR,
    needs=(Kind.NATS_CONFIG, Kind.SYMPHONY_CONFIG),
    explained_by=(Because("CF006", Same.NODES),),
)
def port_clash(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Two nodes on one host are configured with the same port.

    What it means: the one that starts later cannot listen there and ends, or serves without that port
    ('When all instances run on the same host, each must use different ports', specification).

    How it is seen: the client, WebSocket, route and UI ports in both files of every node, between nodes
    that are on one host: all their routes lead to this machine, or the routes of the others lead to both
    of them at one host name, or both listen on one address. Nodes on different hosts may share ports.

    What else it could be: two directories of one node, an old one and its copy.

    By hand: give one of the two nodes another port, in its own files and, for a route port, in the routes
    of all others; restart it.

    Verify: `ss -ltn` on that host shows every port once, and `symphony-doctor run` no CF007.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    _, gaps = known(cluster, lambda node: node.symphony_config)
    yield from gaps
    candidates = [node for node in cluster.nodes if node.name in configs]
    together = _all_on_one_host(candidates)
    at = {node.name: _told_hosts(cluster, node.name) for node in candidates}
    clashes: dict[int, dict[str, _Port]] = {}
    for one, other in combinations(candidates, 2):
        shared = at[one.name] & at[other.name] - _LOCAL
        if not (together or shared or _listen_hosts(one) & _listen_hosts(other)):
            continue
        for mine in _ports(one):
            for theirs in _ports(other):
                if mine.port == theirs.port and (mine.host is None or theirs.host in {None, mine.host}):
                    clashes.setdefault(mine.port, {}).update({one.name: mine, other.name: theirs})
    for number, ports in sorted(clashes.items()):
        yield _clash(number, ports)


def _clash(number: int, ports: dict[str, _Port]) -> Finding:
    nodes = tuple(sorted(ports))
    kinds = sorted({port.what for port in ports.values()})
    return Finding(
        title=f"{listing(nodes)} are on one host and share port {number} ({listing(kinds)})",
        detail="Only one of them can listen there: the one that starts later fails.",
        subject=Subject("setting", f"port {number}"),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, port.where, "a port of its own", f"{port.what} port {number}")
            for node, port in sorted(ports.items())
        ),
        remedies=tuple(
            edit(
                "symphony.config" if ports[nodes[-1]].what == "UI" else "nats.config",
                nodes[-1:],
                f"set a {kind} port that no node of this host has"
                + ("; change the routes of the other nodes to it" if kind == "route" else ""),
            )
            for kind in (ports[nodes[-1]].what,)
        ),
    )


def _ports(node: Node) -> Iterator[_Port]:
    if isinstance(node.nats_config, Seen):
        config = node.nats_config.value
        listeners = (
            ("client", config.client),
            ("WebSocket", config.websocket),
            ("route", config.cluster.listen if config.cluster else None),
        )
        for what, listen in listeners:
            if listen is not None and listen.port > 0:
                yield _Port(what, listen.host, listen.port, listen.where)
    if isinstance(node.symphony_config, Seen):
        symphony = node.symphony_config.value
        where = next((each.where for each in symphony.settings if each.path == ("network", "uiport")), symphony.path)
        yield _Port("UI", None, symphony.ui_port or _DEFAULT_UI_PORT, where)


def _routes(node: Node) -> tuple[ConfiguredRoute, ...]:
    return node.configured_routes.value if isinstance(node.configured_routes, Seen) else ()


def _host(route: ConfiguredRoute) -> str:
    return route.address.rpartition(":")[0].strip("[]").lower()


def _all_on_one_host(nodes: list[Node]) -> bool:
    """Tell whether the routes of all these nodes lead to this machine, or to several ports of one host."""
    routes = [_configured(node) for node in nodes]
    hosts = {host for each in routes for host, _ in each}
    if not hosts or not all(routes):
        return False
    # one address alone may be a list that was copied to the very node it leads to
    return hosts <= _LOCAL or (len(hosts) == 1 and len({at for each in routes for at in each}) > 1)


def _configured(node: Node) -> frozenset[tuple[str, int]]:
    if not isinstance(node.nats_config, Seen) or node.nats_config.value.cluster is None:
        return frozenset()
    return frozenset((route.host.lower(), route.port) for route in node.nats_config.value.cluster.routes)


def _told_hosts(cluster: Cluster, name: str) -> frozenset[str]:
    """Return the hosts at which the others' routes find a node."""
    return frozenset(_host(route) for node in cluster.nodes for route in _routes(node) if route.targets == (name,))


def _listen_hosts(node: Node) -> frozenset[str]:
    """Return the addresses that a node listens on for others: of loopback every host has its own."""
    if not isinstance(node.nats_config, Seen):
        return frozenset()
    config = node.nats_config.value
    listeners = (config.client, config.cluster.listen if config.cluster else None)
    return frozenset(each.host for each in listeners if each is not None and each.host) - _LOCAL
