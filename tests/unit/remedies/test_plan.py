"""The plan is a pure function of report and snapshot; what costs data is not in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.load import Provider, load_actions
from symphony_doctor.model.action import Action, Refusal, Step
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.finding import Remedy, Risk
from symphony_doctor.model.identity import OperatorIdentity
from symphony_doctor.model.plan import Plan
from symphony_doctor.model.server import Running
from symphony_doctor.remedies.access import Reach
from symphony_doctor.remedies.plan import make_plan, steps_of
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.testing import (
    NOW,
    OPERATOR,
    SYMPHONY,
    SYSTEM,
    USER,
    changed,
    healthy,
    installed_checks,
    rebuilt,
    stream_state,
    token,
)

ACTIONS = load_actions([Provider("symphony_doctor.remedies.actions", "here")])
GIVEN = {account: Credentials(label="a test") for account in (SYSTEM, SYMPHONY, USER)}
REACH = Reach(GIVEN, {name: Path(f"/{name}") for name in ("node1", "node2", "node3")})


def plan(cluster: Cluster, reach: Reach = REACH) -> Plan:
    report = diagnose(installed_checks(), cluster)
    return make_plan("p", report, cluster, ACTIONS.actions.values(), reach)


def steps(action: str, cluster: Cluster, **parameters: str) -> tuple[Step, ...] | Refusal:
    remedy = Remedy("", (), action=action, parameters=tuple(parameters.items()))
    return steps_of(remedy, cluster, ACTIONS.actions, REACH, {})


def refused(action: str, cluster: Cluster, **parameters: str) -> str:
    found = steps(action, cluster, **parameters)
    assert isinstance(found, Refusal), found
    return found.reason


def one_replica(cluster: Cluster, name: str = "KV_jobs", account: str = USER) -> Cluster:
    single = stream_state(name, account, ["node1"])
    nodes = []
    for node in cluster.nodes:
        assert isinstance(node.streams, Seen)
        kept = tuple(each for each in node.streams.value if (each.account, each.config.name) != (account, name))
        held = next(each for each in node.streams.value if each.state is not None)
        more = (replace(held, account=account, config=single.config, state=single),) if node.name == "node1" else ()
        nodes.append(replace(node, streams=Seen((*kept, *more), "JSZ")))
    return rebuilt(cluster, nodes)


def test_all_actions_are_loaded() -> None:
    assert sorted(ACTIONS.actions) == [
        "account.push", "config.set", "meta.remove-peer", "meta.rescue", "stream.resubmit", "stream.set-replicas",
    ]  # fmt: skip
    assert ACTIONS.broken == ()
    for action in ACTIONS.actions.values():
        assert action.undo is not None or action.why_no_undo


def test_every_action_that_a_rule_proposes_exists() -> None:
    cluster = one_replica(healthy())
    proposed = {
        remedy.action
        for found in diagnose(installed_checks(), cluster).findings
        for remedy in found.finding.remedies
        if remedy.action
    }
    assert proposed == {"stream.set-replicas"}


def test_a_healthy_cluster_gives_an_empty_plan() -> None:
    assert plan(healthy()) == Plan("p", (), ())


def test_equal_evidence_gives_an_equal_plan() -> None:
    cluster = one_replica(healthy())
    assert plan(cluster) == plan(one_replica(healthy()))
    assert hash(plan(cluster)) == hash(plan(cluster))
    (planned,) = plan(cluster).steps
    assert planned.step.changes == ("num_replicas: 1 -> 3, and nothing else of its configuration",)


def test_where_no_key_fits_the_plan_says_which_credentials_would() -> None:
    (declined,) = plan(one_replica(healthy()), Reach({}, {})).declined
    assert f"it needs a user of account alice ({USER})" in declined.reason


@pytest.mark.parametrize(
    ("down", "words"), [(["node3"], "the quorum is at risk"), (["node2", "node3"], "the quorum is lost")]
)
def test_replicas_and_peers_are_left_alone_without_a_safe_quorum(down: list[str], words: str) -> None:
    cluster = healthy()
    for name in down:
        cluster = changed(cluster, name, running=Seen(Running(up=False, how="refuses"), "INFO"))
    assert words in refused("stream.set-replicas", cluster, account=USER, stream="KV_jobs", replicas="3")
    assert words in refused("stream.resubmit", cluster, account=USER, stream="KV_jobs")
    assert words in refused("meta.remove-peer", cluster, peer="node9")


def test_a_quorum_that_is_not_known_is_no_quorum() -> None:
    cluster = healthy()
    for name in ("node2", "node3"):
        cluster = changed(cluster, name, running=Missing(State.TIMED_OUT, "late"))
    assert "lost, or not known" in refused("stream.resubmit", cluster, account=USER, stream="KV_jobs")


@pytest.mark.parametrize("action", sorted(ACTIONS.actions))
def test_nothing_is_repaired_while_identities_differ(action: str) -> None:
    other = changed(healthy(), "node2", operator=Seen(OperatorIdentity(("O" + "X" * 55,), ()), "VARZ"))
    assert "operators differ" in refused(action, other)
    other = changed(healthy(), "node2", system_account=Seen("A" + "X" * 55, "VARZ"))
    assert "system accounts differ" in refused(action, other)


def test_a_server_that_holds_data_is_never_renamed() -> None:
    rename = {"file": "nats.config", "key": "server_name", "nodes": "node2", "operation": "set", "value": "node9"}
    assert "renamed, it deletes its copy of every stream" in refused("config.set", healthy(), **rename)
    empty = changed(healthy(), "node2", stream_directories=Seen((), "/node2/storage"), streams=Seen((), "JSZ"))
    assert not isinstance(steps("config.set", empty, **rename), Refusal)
    assert "another node is called" in refused("config.set", empty, **{**rename, "value": "node3"})
    unseen = changed(empty, "node2", stream_directories=Missing(State.DENIED, "not permitted"))
    assert "holds data, or it was not looked at" in refused("config.set", unseen, **rename)


@pytest.mark.parametrize("key", ["system_account", "operator", "jetstream.store_dir", "resolver_preload", "port"])
def test_no_other_key_of_nats_config_is_ever_set(key: str) -> None:
    wish = {"file": "nats.config", "key": key, "nodes": "node2", "operation": "set", "value": "x"}
    assert "is not something that is done by itself" in refused("config.set", healthy(), **wish)


def test_uiport_and_identities_are_never_copied() -> None:
    copy = {"file": "symphony.config", "nodes": "node2", "operation": "copy", "from": "node1"}
    assert "uiport is each node's own" in refused("config.set", healthy(), key="network.uiport", **copy)
    node = healthy().node("node1")
    assert node is not None
    assert isinstance(node.symphony_config, Seen)
    config = node.symphony_config.value
    seed = replace(config.settings[1], path=("identity", "seed"), where=config.seeds[0].where, shown="secret:1")
    cluster = changed(
        healthy(), "node1", symphony_config=Seen(replace(config, settings=(seed,)), node.symphony_config.where)
    )
    other = replace(config, settings=(replace(seed, shown="secret:2"),))
    cluster = changed(cluster, "node2", symphony_config=Seen(other, "/node2/symphony.config"))
    assert "a part of the identity" in refused("config.set", cluster, key="identity.seed", **copy)


def held(cluster: Cluster, name: str, **claims: object) -> Cluster:
    """Give one node another JWT of alice."""
    node = cluster.node(name)
    assert node is not None
    assert isinstance(node.account_claims, Seen)
    other = replace(token("account", USER, OPERATOR, digest="f" * 64), **claims)  # type: ignore[arg-type]
    claimed = tuple(replace(each, token=other) if each.key == USER else each for each in node.account_claims.value)
    return changed(cluster, name, account_claims=Seen(claimed, node.account_claims.where))


@pytest.mark.parametrize(
    "claims",
    [
        {"issuer": "O" + "X" * 55},
        {"expires_at": int(NOW) - 1},
        {"not_before": int(NOW) + 60},
        {"signature_valid": False},
        {"subject": SYMPHONY},
    ],
    ids=["foreign", "expired", "not yet valid", "changed", "another account's"],
)
def test_a_newer_jwt_that_must_not_be_pushed_is_not(claims: dict[str, object]) -> None:
    cluster = held(healthy(), "node2", issued_at=int(NOW) - 5, **claims)
    found = steps("account.push", cluster, account=USER)
    assert not isinstance(found, Refusal)
    assert found[0]["digest"] == token("account", USER, OPERATOR).digest


def test_the_newest_valid_jwt_is_pushed_and_an_even_match_is_not_decided() -> None:
    newer = held(healthy(), "node2", issued_at=int(NOW) - 5)
    found = steps("account.push", newer, account=USER)
    assert not isinstance(found, Refusal)
    assert found[0]["digest"] == "f" * 64
    tied = held(healthy(), "node2")
    assert "issued in the same second" in refused("account.push", tied, account=USER)


def test_of_equal_causes_the_harmless_come_first() -> None:
    def planned(name: str, risk: Risk) -> Action:
        def step(_parameters: object, _cluster: Cluster) -> tuple[Step, ...]:
            return (Step(name, (), name, "", (), risk),)

        async def apply(_step: Step, _hands: object) -> str:
            return ""

        return Action(name, name, step, apply, why_no_undo="a test")

    cluster = one_replica(one_replica(one_replica(healthy(), "KV_a"), "KV_b"))
    report = diagnose([each for each in installed_checks() if each.code == "JS001"], cluster)
    risks = [Risk.DESTRUCTIVE, Risk.SAFE, Risk.DISRUPTIVE]
    actions = [planned(f"x.{risk}", risk) for risk in risks]
    findings = tuple(
        replace(found, finding=replace(found.finding, remedies=(Remedy("", (), action=action.name),)))
        for found, action in zip(report.findings, actions, strict=True)
    )
    made = make_plan("p", replace(report, findings=findings), cluster, actions, REACH)
    assert [each.step.risk for each in made.steps] == [Risk.SAFE, Risk.DISRUPTIVE, Risk.DESTRUCTIVE]
    assert [each.id for each in made.steps] == ["p-1", "p-2", "p-3"]


@pytest.mark.parametrize("away", ["node1", "node2"])
def test_files_that_were_read_elsewhere_are_not_changed_and_nothing_is_copied_from_them(away: str) -> None:
    place = f"ssh://op@{away}/opt/symphony"
    nodes = (replace(each, directory=place if each.name == away else None) for each in healthy().nodes)
    cluster = with_other_issuer(replace(healthy(), nodes=tuple(nodes)))
    remedy = Remedy("", (), action="config.set", parameters=COPY)
    here = Reach(GIVEN, {name: path for name, path in REACH.directories.items() if name != away})

    refused = steps_of(remedy, cluster, ACTIONS.actions, here, {})

    assert isinstance(refused, Refusal)
    assert refused.reason == (
        f"the files of {away} were read at {place}, where the doctor changes nothing: "
        "run the commands of the finding on that machine, or the doctor there"
    )
    assert not isinstance(steps_of(remedy, cluster, ACTIONS.actions, REACH, {}), Refusal)


def test_files_that_nobody_gave_are_asked_for() -> None:
    remedy = Remedy("", (), action="config.set", parameters=COPY)

    refused = steps_of(remedy, with_other_issuer(healthy()), ACTIONS.actions, Reach(GIVEN, {}), {})

    assert isinstance(refused, Refusal)
    assert "are not on this machine: run the doctor there, or give its --node" in refused.reason


COPY = (
    ("file", "symphony.config"), ("nodes", "node1"), ("key", "oidc.issuer"), ("operation", "copy"), ("from", "node2"),
)  # fmt: skip


def with_other_issuer(cluster: Cluster) -> Cluster:
    """Give node1 another value of a key that may be copied."""
    node = cluster.node("node1")
    assert node is not None
    assert isinstance(node.symphony_config, Seen)
    config = node.symphony_config.value
    settings = tuple(
        replace(each, shown="other.example.com") if each.key == "oidc.issuer" else each for each in config.settings
    )
    return changed(cluster, "node1", symphony_config=Seen(replace(config, settings=settings), "x"))
