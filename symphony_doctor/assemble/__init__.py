"""Observations of any mixture of sources become one ``Cluster``: pure, and the only place that does it.

- ``members``: which observations are of one node, and who is a node at all;
- ``addresses``: which node is at which route address;
- ``certificates``: which port of which node has which certificate;
- ``beliefs``: which source is believed where several speak of one thing;
- ``running``: whether a node's server is up;
- ``listeners``, ``balancers``: where each node can be reached, and which servers of load balancers they are;
- ``logs``: which node a log that was given is of;
- ``tables``: what follows from all nodes together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from symphony_doctor.assemble.addresses import RouteMap, map_routes
from symphony_doctor.assemble.balancers import place
from symphony_doctor.assemble.beliefs import believe
from symphony_doctor.assemble.certificates import with_probes
from symphony_doctor.assemble.logs import with_logs
from symphony_doctor.assemble.members import find_members, unseen_addresses, with_expected, with_ui
from symphony_doctor.assemble.scope import Scope
from symphony_doctor.assemble.tables import cluster_of
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Located, Token
from symphony_doctor.model.load_balancer import LoadBalancer
from symphony_doctor.sources.observation import (
    GivenCredentials,
    GivenLog,
    LoadBalancerFile,
    NodeFiles,
    Observation,
    PortProbe,
    ResolverPack,
    RouteProbe,
    ServerAnswers,
    ServiceAnswer,
    UiAnswers,
)

T = TypeVar("T")

__all__ = ["Scope", "assemble", "cluster_of", "place"]


def assemble(observations: Iterable[Observation], observed_at: float, scope: Scope) -> Cluster:
    """Build the snapshot; the order of the observations does not matter.

    Raises ``UsageError`` where it cannot be told which node a log that was given is of.
    """
    every = list(observations)
    files = sorted((each for each in every if isinstance(each, NodeFiles)), key=lambda each: each.directory)
    answers = sorted(
        (each for each in every if isinstance(each, ServerAnswers)),
        key=lambda each: (each.address, repr(each)),
    )
    probed = sorted((each for each in every if isinstance(each, RouteProbe)), key=_failure_last)
    probes = {each.address: each.answer for each in probed}
    answering = {each.address: each.answer for each in reversed(probed)}
    shown = {each.address: each.certificate for each in probed}
    ports = sorted((each for each in every if isinstance(each, PortProbe)), key=repr)
    pack = _best([each.tokens for each in every if isinstance(each, ResolverPack)])
    unheard = frozenset(each.routed_as for each in answers if each.is_silent_on_routes)
    members = with_probes(find_members(files, answers, unheard, scope), ports)
    members = with_ui(members, (each for each in every if isinstance(each, UiAnswers)))
    routes: RouteMap = map_routes(members, answering)
    members = with_expected(members, routes, answers, scope)
    given = sorted((each for each in every if isinstance(each, GivenLog)), key=lambda each: each.path)
    nodes = with_logs(believe(members, routes, probes, shown, pack, unheard, scope), given)
    balancers = list(dict.fromkeys(each.balancer for each in every if isinstance(each, LoadBalancerFile)))
    given_claims = {each.claims for each in every if isinstance(each, GivenCredentials)}
    claims = sorted(given_claims, key=lambda each: (each.where, each.value.digest))
    info = _best([each.info for each in every if isinstance(each, ServiceAnswer)]) or scope.no_service
    return replace(
        cluster_of(nodes, observed_at),
        load_balancers=_load_balancers(balancers, nodes),
        cluster_info=info,
        credentials=_credentials(claims),
        unseen=unseen_addresses(members, answers),
    )


def _failure_last(probe: RouteProbe) -> tuple[bool, str]:
    """Order what several bundles say of one address: who is there is told by one that got an answer.

    That it cannot be reached from one place is worth a finding, though it can from another.
    """
    return isinstance(probe.answer, Missing), repr(probe)


def _best(found: list[Evidence[T]]) -> Evidence[T] | None:
    """Choose of what several bundles say of the whole cluster what was seen, in one order."""
    if len(found) < 2:  # noqa: PLR2004 - nothing to choose from, and an answer may be long to compare
        return found[0] if found else None
    return min(found, key=lambda each: (isinstance(each, Missing), repr(each)))


def _credentials(claims: list[Located[Token]]) -> Evidence[tuple[Located[Token], ...]]:
    if not claims:
        # nothing that was not given can expire
        return Missing(State.ABSENT, "no credentials file was given (--creds)")
    return Seen(tuple(claims), ", ".join(each.where for each in claims))


def _load_balancers(balancers: list[LoadBalancer], nodes: Iterable[Node]) -> Evidence[tuple[LoadBalancer, ...]]:
    if not balancers:
        return Missing(State.NOT_ASKED, "no load balancer configuration (--load-balancer)")
    placed = place(balancers, nodes)
    return Seen(placed, ", ".join(each.path for each in placed))
