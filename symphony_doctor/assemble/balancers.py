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
    view = _View(nodes)
    every = sorted(balancers, key=lambda each: each.path)
    pools = [pool for each in every if isinstance(each.content, Seen) for pool in each.content.value.pools]
    by_host = {service for pool in pools if (service := view.service_by_host(pool)) is not None}
    by_port = {found.value for pool in pools if isinstance(found := view.service_by_port(pool), Seen)}
    return tuple(_placed(each, view, by_host, by_host | by_port) for each in every)


def _placed(balancer: LoadBalancer, view: _View, by_host: set[Service], found: set[Service]) -> LoadBalancer:
    if isinstance(balancer.content, Missing):
        return balancer
    pools = []
    for pool in balancer.content.value.pools:
        service = _service(pool, view, by_host, found)
        servers = view.servers(pool, service.value) if isinstance(service, Seen) else pool.servers
        pools.append(replace(pool, service=service, servers=servers))
    content = replace(balancer.content.value, pools=tuple(pools))
    return replace(balancer, content=Seen(content, balancer.content.where))


def _service(pool: Pool, view: _View, by_host: set[Service], found: set[Service]) -> Evidence[Service]:
    """Decide what a pool leads to; one of unknown hosts is of another application where a better one is found."""
    certain = view.service_by_host(pool)
    if certain is not None:
        return Seen(certain, pool.where)
    likely = view.service_by_port(pool)
    if isinstance(likely, Seen):
        return likely if likely.value not in by_host else _UNRELATED
    return likely if view.services(pool) - found else _UNRELATED


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


class _View:
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
        """Return the services that the ports alone allow: any, where there may be servers without a port here."""
        if pool.open_ended and not pool.servers:
            return set(Service)
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
                if not self.owners(server)
            }
            single = {names[0] for names in addresses.values() if len(names) == 1}
            offering = [place for place in self.places if any(of == service for of, _ in place.ports)]
            of_nats = service is not Service.UI and len(addresses) >= _ENOUGH
            as_many = bool(addresses) and all(addresses.values()) and (of_nats or len(addresses) == len(offering))
            if len(single) >= _ENOUGH or as_many:
                return Seen(service, pool.where)
        if not self.services(pool):
            return _UNRELATED
        if pool.open_ended:
            return Missing(State.UNREADABLE, f"{pool.title}: {pool.open_ended}", pool.where)
        unknown = sorted({server.address for server in pool.servers if not self.owners(server)})
        return Missing(
            State.UNREADABLE,
            f"{pool.where}: whether {', '.join(unknown[:3])} is a node cannot be told: no node is known by that host",
            pool.where,
        )

    def servers(self, pool: Pool, service: Service) -> tuple[PoolServer, ...]:
        """Return the servers of a pool of that service with the nodes that each may be."""
        sure: dict[str, tuple[str, ...]] = {}
        for server in pool.servers:
            if owners := self.owners(server):
                sure[server.address] = tuple(sorted(each.node for each in owners if each.has(service, server.port)))
        taken = {names[0] for names in sure.values() if len(names) == 1}
        left = [place for place in self.places if place.node not in taken]
        return tuple(
            replace(
                server,
                nodes=sure[server.address]
                if server.address in sure
                else tuple(sorted(place.node for place in left if place.has(service, server.port))),
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
