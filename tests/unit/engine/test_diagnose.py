from __future__ import annotations

from symphony_doctor import __version__
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.cluster import Kind
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.model.report import NodeCoverage, Status
from symphony_doctor.testing import NOW, healthy, without

from .builder import check, finding, saying

NETWORK = (Kind.SERVER, Kind.ROUTES, Kind.JETSTREAM, Kind.META_GROUP, Kind.HEALTH, Kind.RESOLVER_ACCOUNTS)
FILES = (Kind.SYMPHONY_CONFIG, Kind.NATS_CONFIG, Kind.ACCOUNT_FILES, Kind.STREAM_DIRECTORIES, Kind.STORE)
SILENT = Missing(State.TIMED_OUT, "no answer within 5 s")


def test_a_report_has_every_rule_in_order_and_every_problem() -> None:
    rules = [check("XY002", saying(finding("a"))), check("XY001")]

    report = diagnose(rules, healthy(), problems=["rules of x: broken"])

    assert [(result.code, result.status) for result in report.results] == [
        ("XY002", Status.FAILED),
        ("XY001", Status.PASSED),
    ]
    assert [item.code for item in report.findings] == ["XY002"]
    assert report.problems == ("rules of x: broken",)
    assert (report.doctor_version, report.generated_at, report.cluster_name) == (__version__, NOW, "c")


def test_a_node_seen_every_way_is_covered_by_every_source() -> None:
    report = diagnose([], healthy(3))

    assert [node.name for node in report.nodes] == ["node1", "node2", "node3"]
    for node in report.nodes:
        assert {"files", "nats", "info"} <= set(node.sources)
        assert node.missing == ()


def test_a_source_covers_a_node_as_long_as_it_gave_anything() -> None:
    cluster = healthy(3)
    for kind in NETWORK[1:]:
        cluster = without(cluster, kind, ["node2"], SILENT)

    node = diagnose([], cluster).nodes[1]

    assert "nats" in node.sources
    assert node.missing == ("nats: no answer within 5 s",)


def test_what_was_asked_for_and_not_had_is_said_once_for_each_reason() -> None:
    cluster = healthy(3)
    for kind in NETWORK:
        cluster = without(cluster, kind, ["node2"], SILENT)
    for kind in FILES:
        cluster = without(cluster, kind, ["node2"], Missing(State.DENIED, "permission denied"))

    covered, node, _ = diagnose([], cluster).nodes

    assert covered.missing == ()
    assert "files" not in node.sources
    assert "nats" not in node.sources
    assert node.missing == ("files: permission denied", "nats: no answer within 5 s")


def test_what_nobody_asked_for_and_what_is_not_there_is_not_missing() -> None:
    cluster = healthy(1)
    for kind in Kind:
        cluster = without(cluster, kind, missing=Missing(State.NOT_ASKED, "no credentials"))
    assert diagnose([], cluster).nodes == (NodeCoverage("node1", (), ()),)

    cluster = without(healthy(1), Kind.ACCOUNT_FILES, missing=Missing(State.ABSENT, "no such directory"))
    assert diagnose([], cluster).nodes[0].missing == ()
