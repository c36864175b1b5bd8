"""In whichever order the sources answer, the report is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.assemble import Scope, assemble
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.sources.observation import (
    NodeFiles,
    Observation,
    ResolverPack,
    RouteProbe,
    ServerAnswers,
)
from symphony_doctor.testing import NOW, OPERATOR, SYSTEM, healthy, installed_checks, token

SILENT = Missing(State.TIMED_OUT, "no answer within 5 s")
FILES = ("symphony_config", "nats_config", "account_files", "stream_directories")
ANSWERS = ("greeting", "server", "routes", "jetstream", "meta_group", "health", "resolver_accounts")
FOREIGN = "O" + "F" * 55


def in_another_cluster(node: Node) -> Node:
    server = node.server.get()
    return replace(node, server=Seen(replace(server, cluster_name="other"), "VARZ"))


def named_as_node1(node: Node) -> Node:
    server, greeting = node.server.get(), node.greeting.get()
    return replace(
        node,
        server=Seen(replace(server, server_name="node1"), "VARZ"),
        greeting=Seen(replace(greeting, server_name="node1"), node.client_url or ""),
    )


def of_another_operator(node: Node) -> Node:
    server = node.server.get()
    other = token("operator", FOREIGN, FOREIGN)
    return replace(node, server=Seen(replace(server, operators=(other,), operator_keys=(FOREIGN,)), "VARZ"))


def without_an_account_file(node: Node) -> Node:
    files = node.account_files
    return replace(node, account_files=Seen(files.get()[:2], files.where if isinstance(files, Seen) else ""))


def without_streams(node: Node) -> Node:
    jetstream = node.jetstream.get()
    return replace(node, jetstream=Seen(replace(jetstream, streams=jetstream.streams[::2]), "JSZ"))


def without_routes(node: Node) -> Node:
    return replace(node, routes=Seen((), "ROUTEZ"))


CHANGES: tuple[Callable[[Node], Node], ...] = (
    in_another_cluster,
    named_as_node1,
    of_another_operator,
    without_an_account_file,
    without_streams,
    without_routes,
)
UNIQUE = tuple(change for change in CHANGES if change is not named_as_node1)
"""Of two servers of one name, one is taken first: it is the first by the node's name, in every snapshot."""


@st.composite
def observations(draw: st.DrawFn, changes: tuple[Callable[[Node], Node], ...] = CHANGES) -> list[Observation]:
    """Draw what the sources may say of a cluster with any faults, any of it missing."""
    found: list[Observation] = []
    for node in healthy(draw(st.integers(1, 4))).nodes:
        changed = node
        for change in draw(st.lists(st.sampled_from(changes), unique=True, max_size=2)):
            changed = change(changed)
        directory = f"/srv/{node.name}"
        if draw(st.booleans()):
            kept: dict[str, Any] = {
                kind: getattr(changed, kind) if draw(st.integers(0, 5)) else SILENT for kind in FILES
            }
            given_name = draw(st.sampled_from([None, node.name]))
            found.append(NodeFiles(given_name, directory, **kept))
        for address in draw(st.sampled_from([(), (f"{node.name}:4222",), (f"{node.name}:4222", "10.0.0.1:4222")])):
            kept = {kind: getattr(changed, kind) if draw(st.integers(0, 5)) else SILENT for kind in ANSWERS}
            found.append(ServerAnswers(address, draw(st.sampled_from([None, directory])), **kept))
        for route in node.configured_routes.get():
            answer = route.probe if draw(st.integers(0, 3)) else SILENT
            probe = RouteProbe(route.address, answer)
            if all(not isinstance(each, RouteProbe) or each.address != route.address for each in found):
                found.append(probe)
    if draw(st.booleans()):
        found.append(ResolverPack(Seen((token("account", SYSTEM, OPERATOR),), "CLAIMS.PACK")))
    return found


def comparable(report: Report) -> tuple[object, ...]:
    results = [(each.code, each.status, each.reason, each.unproven) for each in report.results]
    return report.cluster_name, report.nodes, results, report.findings


scopes = st.builds(Scope, st.booleans(), st.booleans(), st.booleans())


@given(observations(), scopes, st.data())
def test_the_order_of_observations_changes_neither_snapshot_nor_report(
    every: list[Observation], scope: Scope, data: st.DataObject
) -> None:
    other = data.draw(st.permutations(every))

    one, two = assemble(every, NOW, scope), assemble(other, NOW, scope)

    assert one == two
    assert isinstance(hash(one), int)
    assert comparable(diagnose(installed_checks(), one)) == comparable(diagnose(installed_checks(), two))


@given(observations(), scopes)
def test_no_rule_crashes_and_every_cause_is_there(every: list[Observation], scope: Scope) -> None:
    report = diagnose(installed_checks(), assemble(every, NOW, scope))

    assert [result.reason for result in report.results if result.status == "crashed"] == []
    ids = {item.id for item in report.findings}
    assert len(ids) == len(report.findings)
    assert all(item.cause in ids for item in report.findings if item.cause is not None)


def identity(found: Reported) -> tuple[str, str, frozenset[str], str | None]:
    return found.id, found.severity.word, frozenset(found.finding.nodes), found.cause


@given(observations(UNIQUE), scopes, st.data())
def test_the_order_of_nodes_changes_no_finding(every: list[Observation], scope: Scope, data: st.DataObject) -> None:
    cluster = assemble(every, NOW, scope)
    other = replace(cluster, nodes=tuple(data.draw(st.permutations(cluster.nodes))))

    one, two = (diagnose(installed_checks(), each).findings for each in (cluster, other))

    assert set(map(identity, one)) == set(map(identity, two))
