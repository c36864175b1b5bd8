"""What several bundles say of one address, or of the whole cluster, is joined in one way."""

from __future__ import annotations

import itertools

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.server import RouteGreeting
from symphony_doctor.sources.observation import NodeFiles, Observation, ResolverPack, RouteProbe
from symphony_doctor.testing import NOW, OPERATOR, SYSTEM, healthy, token

LOST = Missing(State.UNREACHABLE, "node2:6222 refuses connections", "node2:6222")


def files() -> list[Observation]:
    return [
        NodeFiles(
            None,
            f"/srv/{node.name}",
            node.symphony_config,
            node.nats_config,
            node.account_files,
            node.stream_directories,
        )
        for node in healthy(3).nodes
    ]


def test_an_address_that_one_of_them_cannot_reach_is_unreachable_and_still_that_nodes() -> None:
    answer = Seen(RouteGreeting("node2", "Nnode2", "c"), "node2:6222")
    probes = (RouteProbe("node2:6222", answer), RouteProbe("node2:6222", LOST))
    snapshots = {
        assemble([*files(), *order], NOW, Scope(credentials=False)) for order in itertools.permutations(probes)
    }
    assert len(snapshots) == 1
    (cluster,) = snapshots
    assert [node.name for node in cluster.nodes] == ["node1", "node2", "node3"]
    node1 = cluster.node("node1")
    assert node1 is not None
    (route,) = (each for each in node1.configured_routes.get() if each.address == "node2:6222")
    assert (route.targets, route.probe) == (("node2",), LOST)


def test_what_one_of_them_was_told_of_all_accounts_is_believed() -> None:
    told = ResolverPack(Seen((token("account", SYSTEM, OPERATOR),), "CLAIMS.PACK"))
    packs = (ResolverPack(Missing(State.TIMED_OUT, "no answer")), told)
    snapshots = {assemble([*files(), *order], NOW, Scope()) for order in itertools.permutations(packs)}
    assert snapshots == {assemble([*files(), told], NOW, Scope())}
