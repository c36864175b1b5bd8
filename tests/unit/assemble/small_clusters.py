"""Observations of nodes, as sources make them."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.configuration import RouteAddress
from symphony_doctor.model.evidence import NOT_ASKED, Missing, Seen, State
from symphony_doctor.model.jetstream import MetaView, Replica
from symphony_doctor.model.raft import peer_id
from symphony_doctor.model.server import Greeting, Route, RouteGreeting
from symphony_doctor.sources.observation import NodeFiles, Observation, RouteProbe, ServerAnswers
from symphony_doctor.testing import NOW, healthy

REFUSED = Missing(State.UNREACHABLE, "refuses connections", "")


def files(
    size: int, name: str, *, without: tuple[str, ...] = (), itself: bool = False, directory: str | None = None
) -> NodeFiles:
    """Give the directory of one node of a healthy cluster: routes to some nodes left out, or one to itself added."""
    node = healthy(size).node(name)
    assert node is not None
    config = node.nats_config.get()
    assert config.cluster is not None
    routes = tuple(route for route in config.cluster.routes if route.host not in without)
    if itself:
        routes = (RouteAddress(name, 6222, "n:9:5"), *routes)
    config = replace(config, cluster=replace(config.cluster, routes=routes))
    return NodeFiles(
        given_name=None,
        directory=directory or f"/srv/{name}",
        symphony_config=node.symphony_config,
        nats_config=Seen(config, f"/srv/{name}/nats.config"),
        account_files=node.account_files,
        stream_directories=node.stream_directories,
    )


def answers(
    size: int, name: str, *, routes: tuple[str, ...] | None = None, peers: tuple[str, ...] = ()
) -> ServerAnswers:
    """Give what one server of a healthy cluster answers; ``peers`` are further ones of its meta group."""
    node = healthy(size).node(name)
    assert node is not None
    jetstream = node.jetstream.get()
    ghosts = tuple(Replica(each, current=False, offline=True, active=900, lag=0, peer=peer_id(each)) for each in peers)
    meta = jetstream.meta or MetaView(name, 1, ())
    meta = MetaView(meta.leader, meta.size + len(ghosts), (*meta.replicas, *ghosts))
    live = routes if routes is not None else tuple(each.remote_name for each in node.routes.get())
    server = replace(node.server.get(), cluster_routes=tuple(f"{each}:6222" for each in live))
    return ServerAnswers(
        address=f"{name}:4222",
        greeting=node.greeting,
        server=Seen(server, "VARZ"),
        routes=Seen(tuple(Route(each, f"N{each}", 4, (), configured=True) for each in live), "ROUTEZ"),
        jetstream=Seen(replace(jetstream, meta=meta), "JSZ"),
        meta_group=NOT_ASKED,
        health=node.health,
        resolver_accounts=node.resolver_accounts,
    )


def greets(address: str, name: str) -> ServerAnswers:
    """Give a client port that greets and is asked no more."""
    greeting = Greeting(
        name, f"N{name}", "2.15.1", "c", jetstream=True, auth_required=True, tls_required=False, connect_urls=()
    )
    return ServerAnswers(address=address, greeting=Seen(greeting, address))


def probe(address: str, name: str | None) -> RouteProbe:
    """Give what answers at a route's address: a server, or nothing."""
    return RouteProbe(address, Seen(RouteGreeting(name, f"N{name}", "c"), address) if name is not None else REFUSED)


def cluster(*observations: Observation, network: bool = True, credentials: bool = True) -> Cluster:
    """Assemble, and see that the order of what was observed does not matter."""
    scope = Scope(network=network, credentials=credentials, files=True)
    made = assemble(observations, NOW, scope)
    assert assemble(tuple(reversed(observations)), NOW, scope) == made
    return made
