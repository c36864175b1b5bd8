"""Observations as the sources would hand them over for the healthy snapshot, to change and to assemble."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.configuration import Listen, NatsConfig, RouteAddress
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Located
from symphony_doctor.model.server import RouteGreeting
from symphony_doctor.sources.observation import NodeFiles, Observation, RouteProbe, ServerAnswers
from symphony_doctor.testing import NOW, healthy

SILENT = Missing(State.TIMED_OUT, "it accepts connections and says nothing")
REFUSED = Missing(State.UNREACHABLE, "it refuses connections")
EVERYTHING = Scope(network=True, credentials=True, files=True)
OFFLINE = Scope(network=False, credentials=False, files=True)


def nodes(count: int = 3) -> tuple[Node, ...]:
    """The nodes of the healthy snapshot."""
    return healthy(count).nodes


def files(node: Node, **evidence: Evidence[object]) -> NodeFiles:
    """What a node's directory gives; keyword arguments replace parts."""
    found = NodeFiles(
        None, f"/{node.name}", node.symphony_config, node.nats_config, node.account_files, node.stream_directories
    )
    return replace(found, **evidence)  # type: ignore[arg-type]


def answers(node: Node, **evidence: Evidence[object]) -> ServerAnswers:
    """What a node's server answers; keyword arguments replace parts."""
    found = ServerAnswers(
        f"{node.name}:4222",
        f"/{node.name}",
        node.greeting,
        node.server,
        node.routes,
        node.jetstream,
        node.meta_group,
        node.health,
        node.resolver_accounts,
    )
    return replace(found, **evidence)  # type: ignore[arg-type]


def silent(node: Node, why: Missing = REFUSED) -> ServerAnswers:
    """What a server gives that is not there."""
    return ServerAnswers(f"{node.name}:4222", f"/{node.name}", why, why, why, why, why, why, why)


def probe(address: str, name: str | None) -> RouteProbe:
    """What answers at a route's address: the server of that name, or nobody."""
    return RouteProbe(address, REFUSED if name is None else Seen(RouteGreeting(name, f"N{name}", "c"), address))


def configured(
    node: Node,
    routes: Iterable[tuple[str, int]],
    *,
    host: str | None = None,
    port: int = 6222,
    advertise: str | None = None,
) -> NodeFiles:
    """A node's directory with other routes and another listening address in its nats.config."""
    config: NatsConfig = node.nats_config.get()
    assert config.cluster is not None
    cluster = replace(
        config.cluster,
        listen=Listen(host, port, "l"),
        advertise=Located(advertise, "a") if advertise else None,
        routes=tuple(RouteAddress(name, number, f"{node.name}:{at}") for at, (name, number) in enumerate(routes)),
    )
    return files(node, nats_config=Seen(replace(config, cluster=cluster), config.path))


def assembled(observations: Iterable[Observation], scope: Scope = EVERYTHING) -> Cluster:
    """Assemble, in the order given and in the opposite one: the same must come of it."""
    every = list(observations)
    cluster = assemble(every, NOW, scope)
    assert assemble(every[::-1], NOW, scope) == cluster
    return cluster
