"""Streams on one screen, configurations key by key, two reports side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.placements import placements_of
from symphony_doctor.model.cluster import Cluster, Kind
from symphony_doctor.model.configuration import Setting
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.reports.comparison import compare, comparison_json, list_comparison
from symphony_doctor.reports.config_diff import config_differences, differences_json, list_differences, not_compared
from symphony_doctor.reports.json_v1 import ReportV1, to_json
from symphony_doctor.reports.stream_list import Filter, list_streams, not_looked_at, stream_rows, streams_json
from symphony_doctor.testing import USER, changed, healthy, installed_checks, stream_state, without

GONE = Missing(State.DENIED, "permission denied")
UNASKED = Missing(State.NOT_ASKED, "no network (--offline)")


def with_one_replica(cluster: Cluster) -> Cluster:
    """Add a stream that only node1 has, though three nodes ask for three."""
    state = stream_state("KV_alone", USER, ("node1",))
    node = cluster.nodes[0]
    jetstream = node.jetstream.get()
    held = node.streams.get()
    return changed(
        cluster,
        node.name,
        jetstream=Seen(replace(jetstream, streams=(*jetstream.streams, state)), "JSZ"),
        streams=Seen((*held, replace(held[0], account=USER, config=state.config, state=state)), "JSZ"),
    )


def listed(cluster: Cluster, chosen: Filter | None = None) -> str:
    return list_streams(cluster, stream_rows(cluster, placements_of(cluster), chosen or Filter()))


def report_of(cluster: Cluster) -> ReportV1:
    return msgspec.json.decode(to_json(diagnose(installed_checks(), cluster)), type=ReportV1)


def test_every_stream_is_listed_once_under_its_account() -> None:
    cluster = healthy()
    lines = listed(cluster).splitlines()
    names = [line.split()[0] for line in lines if line.startswith("    KV_")]
    assert len(names) == len(cluster.streams)
    assert lines[-1] == f"{len(cluster.streams)} streams, 0 with a fault (!)"


def test_a_stream_with_too_few_replicas_is_marked() -> None:
    (line,) = [each for each in listed(with_one_replica(healthy())).splitlines() if "KV_alone" in each]
    assert line.split()[:6] == ["!", "KV_alone", "1", "of", "3", "node1"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (Filter(faulty=True), {"KV_alone"}),
        (Filter(names=("KV_j*",)), {"KV_jobs"}),
        (Filter(accounts=(USER,), names=("KV_alone", "KV_jobs")), {"KV_alone", "KV_jobs"}),
        (Filter(accounts=("nobody",)), set()),
    ],
)
def test_filters(chosen: Filter, names: set[str]) -> None:
    cluster = with_one_replica(healthy())
    document = json.loads(streams_json(cluster, stream_rows(cluster, placements_of(cluster), chosen)))
    assert {each["name"] for each in document["streams"]} == names


def test_streams_as_json_have_wanted_and_had() -> None:
    cluster = with_one_replica(healthy())
    rows = stream_rows(cluster, placements_of(cluster), Filter(names=("KV_alone",)))
    (stream,) = json.loads(streams_json(cluster, rows))["streams"]
    assert (stream["replicas_wanted"], stream["replicas"]) == (3, 1)
    assert (stream["leaders"], stream["faulty"]) == (["node1"], True)
    # its leader says that it has it, and its directory is not there
    assert stream["copies"]["node1"] == {"state": "absent", "lag": 0}


def test_a_node_whose_streams_are_not_known_is_named() -> None:
    cluster = without(healthy(), Kind.STREAMS, ["node2"], GONE)
    assert list(not_looked_at(cluster, asked=True)) == ["node2: permission denied"]
    unasked = without(healthy(), Kind.STREAMS, ["node2"], UNASKED)
    assert list(not_looked_at(unasked, asked=True)) == []
    assert list(not_looked_at(unasked)) == ["node2: no network (--offline)"]


def with_setting(cluster: Cluster, node: str, shown: str, *, secret: bool = False, key: str = "") -> Cluster:
    found = next(each for each in cluster.nodes if each.name == node).symphony_config.get()
    more = Setting(("oidc", "clientsecret"), shown, f"/{node}/symphony.config:9:1", secret)
    return changed(
        cluster,
        node,
        symphony_config=Seen(replace(found, settings=(*found.settings, more), fingerprints=key), f"/{node}"),
    )


def test_what_differs_is_shown_with_the_odd_value_marked() -> None:
    cluster = healthy()
    for node, value in (("node1", "secret:0a0b0c0d"), ("node2", "secret:0a0b0c0d"), ("node3", "secret:11112222")):
        cluster = with_setting(cluster, node, value, secret=True)
    text = list_differences(cluster, config_differences(cluster))
    (line,) = [each for each in text.splitlines() if each.startswith("oidc.clientsecret")]
    assert line.split() == ["oidc.clientsecret", "secret:0a0b0c0d", "secret:0a0b0c0d", "*", "secret:11112222"]
    document = json.loads(differences_json(config_differences(cluster)))
    keys = [each["key"] for each in document["files"]["symphony.config"]]
    assert keys == ["network.uiport", "oidc.clientsecret"]


def test_secrets_under_different_keys_are_not_compared_and_that_is_said() -> None:
    cluster = healthy()
    for node in ("node1", "node2", "node3"):
        cluster = with_setting(cluster, node, f"secret:0a0b0c0{node[-1]}", secret=True, key=node)
    assert [each.key for each in config_differences(cluster)["symphony.config"]] == ["network.uiport"]
    assert any("secrets were not compared" in each for each in not_compared(cluster))


def test_a_file_that_may_not_be_read_is_named() -> None:
    cluster = without(healthy(), Kind.NATS_CONFIG, ["node2"], GONE)
    text = list_differences(cluster, config_differences(cluster))
    assert "node2: permission denied" in text
    assert list(not_compared(cluster, asked=True)) == ["node2: permission denied"]


def test_one_node_is_compared_with_nothing() -> None:
    text = list_differences(healthy(1), config_differences(healthy(1)))
    assert "nothing to compare, 1 node could be read" in text


def test_new_gone_and_still_there() -> None:
    well, ill = report_of(healthy()), report_of(with_one_replica(healthy()))
    worse, better, same = compare(well, ill), compare(ill, well), compare(ill, ill)
    assert "JS001" in {each.code for each in worse.new}
    assert worse.is_worse
    assert {each.id for each in better.gone} == {each.id for each in worse.new}
    assert not better.is_worse
    assert (same.new, same.gone, len(same.still)) == ((), (), len(ill.findings))
    assert "new     ERROR JS001 KV_alone has 1 replica" in list_comparison(well, ill, worse)
    assert json.loads(comparison_json(well, ill, worse))["new"] == [each.id for each in worse.new]


def test_what_cannot_be_decided_any_more_is_not_gone() -> None:
    ill = report_of(with_one_replica(healthy()))
    blind = report_of(without(with_one_replica(healthy()), Kind.STREAMS, missing=GONE))
    found = compare(ill, blind)
    assert "JS001" in {each.code for each in found.unknown}
    assert "JS001" in found.undecided
    assert "cannot decide any more" in list_comparison(ill, blind, found)


def test_another_severity_is_worse_or_better() -> None:
    ill = report_of(with_one_replica(healthy()))
    milder: Any = replace(ill, findings=[replace(each, severity="info") for each in ill.findings])
    assert compare(milder, ill).is_worse
    assert not compare(ill, milder).is_worse
    assert "better  INFO JS001" in list_comparison(ill, milder, compare(ill, milder))
