"""Which servers of a load balancer are which nodes, and which port of the nodes a pool leads to.

Believed, in this order: the host that is written there, where it is known as a node's own or begins with its
name; the port, where just one node has it. Names are not resolved: what stands behind one is the matter of
the load balancer's own resolver. So servers with hosts that are not known are counted against the nodes that
are left with that port, and a pool of which no host is known is the cluster's only where its ports say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from symphony_doctor.assemble.addresses import LOCAL
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import LoadBalancer, Pool, PoolServer, Service

_UNRELATED = Missing(State.ABSENT, "it leads to no node of the cluster")
_ENOUGH = 2
"""Servers that make a pool of unknown hosts one of the cluster: on ports that one node alone has each, or of NATS."""


def place(balancers: Iterable[LoadBalancer], nodes: Iterable[Node]) -> tuple[LoadBalancer, ...]:
    """Fill in the service of every pool and the nodes of every server."""
    map_ = _Map(nodes)
    every = sorted(balancers, key=lambda each: each.path)
    named = {service for pool in _pools(every) for service in [map_.service_by_host(pool)] if service}
    by_port = {
        service
        for pool in _pools(every)
        for service in [map_.service_by_port(pool)]
        if isinstance(service, Seen) and service.value not in named
    }
    found = named | {seen.value for seen in by_port}
    return tuple(_placed(each, map_, named, found) for each in every)


def _pools(balancers: Iterable[LoadBalancer]) -> Iterable[Pool]:
    return (pool for each in balancers if isinstance(each.content, Seen) for pool in each.content.value.pools)


def _placed(balancer: LoadBalancer, map_: _Map, named: set[Service], found: set[Service]) -> LoadBalancer:
    if isinstance(balancer.content, Missing):
        return balancer
    pools = []
    for pool in balancer.content.value.pools:
        service = _service(pool, map_, named, found)
        servers = map_.servers(pool, service.value) if isinstance(service, Seen) else pool.servers
        pools.append(replace(pool, service=service, servers=servers))
    content = replace(balancer.content.value, pools=tuple(pools))
    return replace(balancer, content=Seen(content, balancer.content.where))


def _service(pool: Pool, map_: _Map, named: set[Service], found: set[Service]) -> Evidence[Service]:
    by_host = map_.service_by_host(pool)
    if by_host is not None:
        return Seen(by_host, pool.where)
    by_port = map_.service_by_port(pool)
    # a pool of unknown hosts is of another application where the nodes have a pool with known hosts
    if isinstance(by_port, Seen):
        return by_port if by_port.value not in named else _UNRELATED
    maybe = map_.services(pool)
    return by_port if maybe - found else _UNRELATED


@dataclass(frozen=True, slots=True)
class _Place:
    node: str
    hosts: frozenset[str]
    labels: frozenset[str]
    ports: tuple[tuple[Service, int], ...]

    def has(self, service: Service, port: int | None) -> bool:
        return any(of == service and at == port for of, at in self.ports)

    def owns(self, host: str) -> bool:
        return host in self.hosts or (not _is_address(host) and host.partition(".")[0] in self.labels)


class _Map:
    """The nodes by host and port."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.places = [place for node in nodes if (place := _place_of(node)) is not None]
        everywhere = [host for each in self.places for host in each.hosts]
        # loopback is the load balancer's own machine: it is a node's only where all nodes are on one
        self.one_machine = bool(everywhere) and all(host in LOCAL for host in everywhere)

    def owners(self, server: PoolServer) -> list[_Place]:
        """Return the nodes whose host is written there, whatever the port."""
        if server.host is None:
            return []
        if server.host in LOCAL:
            return self.places if self.one_machine else []
        return [place for place in self.places if place.owns(server.host)]

    def service_by_host(self, pool: Pool) -> Service | None:
        """Return the service that most servers with known hosts lead to."""
        counts = {
            service: sum(
                any(owner.has(service, server.port) for owner in self.owners(server)) for server in pool.servers
            )
            for service in Service
        }
        best = max(counts, key=lambda service: counts[service])
        return best if counts[best] else None

    def services(self, pool: Pool) -> set[Service]:
        """Return the services that the ports alone allow."""
        return {
            service
            for service in Service
            if any(
                place.has(service, server.port)
                for server in pool.servers
                if not self.owners(server)
                for place in self.places
            )
        }

    def service_by_port(self, pool: Pool) -> Evidence[Service]:
        """Return the service where the ports alone make the pool one of the cluster."""
        for service in Service:
            addresses = {
                (server.host, server.port): [place.node for place in self.places if place.has(service, server.port)]
                for server in pool.servers
            }
            single = {names[0] for names in addresses.values() if len(names) == 1}
            offering = [place for place in self.places if any(of == service for of, _ in place.ports)]
            of_nats = service is not Service.UI and len(addresses) >= _ENOUGH
            as_many = bool(addresses) and all(addresses.values()) and (of_nats or len(addresses) == len(offering))
            if len(single) >= _ENOUGH or as_many:
                return Seen(service, pool.where)
        if not self.services(pool):
            return _UNRELATED
        hosts = sorted({server.host for server in pool.servers if server.host})
        return Missing(
            State.UNREADABLE,
            f"{pool.where}: whether {', '.join(hosts[:3])} is a node cannot be told: no node is known by that host",
            pool.where,
        )

    def servers(self, pool: Pool, service: Service) -> tuple[PoolServer, ...]:
        """Return the servers of a pool of that service with the nodes that each may be."""
        sure: dict[str, tuple[str, ...]] = {}
        for server in pool.servers:
            owners = self.owners(server)
            if owners:
                sure[server.where] = tuple(sorted(owner.node for owner in owners if owner.has(service, server.port)))
        taken = {names[0] for names in sure.values() if len(names) == 1}
        return tuple(
            replace(
                server,
                nodes=sure[server.where]
                if server.where in sure
                else tuple(
                    sorted(
                        place.node
                        for place in self.places
                        if place.has(service, server.port) and place.node not in taken
                    )
                ),
            )
            for server in pool.servers
        )


def _place_of(node: Node) -> _Place | None:
    if not isinstance(node.listeners, Seen):
        return None
    heard = node.listeners.value
    ports = ((Service.UI, heard.ui), (Service.WEBSOCKET, heard.websocket), (Service.NATS, heard.client))
    return _Place(
        node.name,
        frozenset(heard.hosts),
        frozenset(heard.labels),
        tuple((service, port.value) for service, port in ports if isinstance(port, Seen)),
    )


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
