"""Observations of any mixture of sources become one ``Cluster``: pure, and the only place that does it.

- ``members``: which observations are of one node, and who is a node at all;
- ``addresses``: which node is at which route address;
- ``beliefs``: which source is believed where several speak of one thing;
- ``tables``: what follows from all nodes together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symphony_doctor.assemble.addresses import RouteMap, map_routes
from symphony_doctor.assemble.beliefs import believe
from symphony_doctor.assemble.members import Scope, find_members, with_expected, with_ui
from symphony_doctor.assemble.tables import cluster_of
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.sources.observation import (
    NodeFiles,
    Observation,
    ResolverPack,
    RouteProbe,
    ServerAnswers,
    ServiceAnswer,
    UiAnswers,
)

__all__ = ["Scope", "assemble", "cluster_of"]


def assemble(observations: Iterable[Observation], observed_at: float, scope: Scope) -> Cluster:
    """Build the snapshot; the order of the observations does not matter."""
    every = list(observations)
    files = sorted((each for each in every if isinstance(each, NodeFiles)), key=lambda each: each.directory)
    answers = sorted(
        (each for each in every if isinstance(each, ServerAnswers)),
        key=lambda each: (each.address, repr(each)),
    )
    probes = {each.address: each.answer for each in every if isinstance(each, RouteProbe)}
    pack = next((each.tokens for each in every if isinstance(each, ResolverPack)), None)
    members = with_ui(find_members(files, answers, scope), (each for each in every if isinstance(each, UiAnswers)))
    routes: RouteMap = map_routes(members, probes)
    members = with_expected(members, routes, answers, scope)
    nodes = believe(members, routes, probes, pack, scope)
    info = next((each.info for each in every if isinstance(each, ServiceAnswer)), scope.no_service)
    return replace(cluster_of(nodes, observed_at), cluster_info=info)
