"""The parts of a bundle, each by itself: answers, what was masked, other names, the tree that is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from symphony_doctor.bundles.answers import Answers
from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.manifest import KIND, FileEntry, Manifest, Omitted
from symphony_doctor.bundles.masked import masked
from symphony_doctor.bundles.pseudonyms import Pseudonyms
from symphony_doctor.commands._bundle_shown import content_lines
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.configuration import Setting
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.log import Log, LogEvent, LogKind
from symphony_doctor.model.raft import peer_id
from symphony_doctor.testing import OPERATOR, healthy, installed_checks, token

KEY = bytes(range(32))


def test_answers_come_back_as_they_came_pages_numbered() -> None:
    answers = Answers()
    answers("NONE", "VARZ", b'{"a": 1}')
    answers("NONE", "JSZ", b"first")
    answers("NONE", "JSZ", b"second")
    answers("NTWO", "JSZ", b"\xff")
    found = {each.name: each.text for each in answers.files({"NONE": "node1"})}
    assert found == {
        "answers/node1/VARZ.json": '{"a": 1}',
        "answers/node1/JSZ.json": "first",
        "answers/node1/JSZ-2.json": "second",
        "answers/NTWO/JSZ.json": "\ufffd",
    }
    assert answers.dropped == 0


def test_answers_beyond_the_bound_are_counted() -> None:
    answers = Answers(most=20)
    answers("N", "VARZ", b"x")
    answers("N", "JSZ", bytes(range(256)))
    assert answers.dropped == 1
    assert [each.name for each in answers.files({})] == ["answers/N/VARZ.json"]


def test_what_was_masked_is_listed_by_kind_and_place() -> None:
    files = [
        BundleFile("a.txt", b"x = secret:0a0b0c0d\ny\nz = secret:0a0b0c0d and secret:11112222"),
        BundleFile("b.txt", b"password = secret:empty"),
    ]
    kinds = {"secret:0a0b0c0d": "seed", "secret:11112222": "password"}
    document = json.loads(masked(files, kinds.__getitem__).content)
    assert document["secrets_by_kind"] == {"password": 1, "seed": 1}
    assert document["secrets"] == [
        {"fingerprint": "secret:0a0b0c0d", "kind": "seed", "places": ["a.txt:1", "a.txt:3"], "further_places": 0},
        {"fingerprint": "secret:11112222", "kind": "password", "places": ["a.txt:3"], "further_places": 0},
    ]


def test_many_places_are_counted() -> None:
    document = json.loads(masked([BundleFile("a", b"secret:0a0b0c0d\n" * 90)], lambda _: "seed").content)
    assert (len(document["secrets"][0]["places"]), document["secrets"][0]["further_places"]) == (50, 40)


def test_names_are_the_same_with_the_same_key_and_others_with_another() -> None:
    one, two = Pseudonyms(KEY, (), "node1.example.com"), Pseudonyms(KEY, (), "node1.example.com", "further")
    assert one.text("node1.example.com") == two.text("node1.example.com")
    assert one.text("node1") != Pseudonyms(bytes(32), (), "node1").text("node1")


@pytest.mark.parametrize(
    "text",
    [
        "nats://node1.example.com:4222 refuses",
        "/srv/node1/nats.log:12",
        "CN=node1.example.com,O=x",
        "NODE1 and node1",
        "mail to node1@example.com",
    ],
)
def test_a_host_is_replaced_wherever_it_stands(text: str) -> None:
    shown = Pseudonyms(KEY, (), "node1.example.com").text(text)
    assert "node1" not in shown.lower()
    assert "example.com" not in shown


def test_a_masked_password_in_a_url_stays_masked() -> None:
    names = Pseudonyms(KEY, (), "node1.example.com")
    shown = names.text("nats://u:secret:0a0b0c0d@node1.example.com:4222")
    assert shown == f"nats://u:secret:0a0b0c0d@{names.mapping['node1.example.com']}:4222"


@pytest.mark.parametrize("text", ["node10", "KV_node1", "node1x", "symphony.config", "2.11.4", "12:30:45", "$SYS.REQ"])
def test_what_is_no_name_stays(text: str) -> None:
    assert Pseudonyms(KEY, (), "node1", "symphony", "sys").text(text) == text


def test_addresses_become_other_addresses_and_loopback_stays() -> None:
    names = Pseudonyms(KEY, ())
    shown = names.text("192.0.2.7:4222, 192.0.2.8, [2001:db8::1]:6222, 127.0.0.1:4222, ::1, 0.0.0.0")
    assert "192.0.2." not in shown
    assert "2001:db8" not in shown
    assert shown.endswith("127.0.0.1:4222, ::1, 0.0.0.0")
    assert names.text(shown) == shown
    assert names.text("192.0.2.7") == shown.partition(":")[0]


def test_people_and_accounts() -> None:
    claims = (
        replace(token("account", "A" * 56, OPERATOR), name="Jane Doe's"),
        replace(token("user", "U" * 56, OPERATOR), name="jane"),
        Setting(("support", "email"), "jane.doe@example.org", "x"),
    )
    names = Pseudonyms(KEY, claims)
    shown = names.text("account Jane Doe's of jane, jane.doe@example.org, /home/jane/x")
    assert "jane" not in shown.lower()
    assert "example.org" not in shown
    assert len(set(names.mapping.values())) == len(names.mapping)


def test_a_snapshot_under_other_names_is_judged_alike() -> None:
    """Servers know each other by a hash of their names, which follows; kinds and numbers stay."""
    cluster = healthy()
    names = Pseudonyms(KEY, cluster)
    other = names.of(cluster)
    assert re.search(r"\bnode1\b", repr(other)) is None
    assert {names.mapping[peer_id("node1")]} == {peer_id(names.mapping["node1"])}
    report = diagnose(installed_checks(), other)
    assert [each.code for each in report.findings] == []
    assert isinstance(other.nodes[0].store, Seen)


def test_old_complaints_of_a_log_are_left_out() -> None:
    def event(at: float | None) -> LogEvent:
        return LogEvent(LogKind.ROUTE, "a", "", 1, 1, at, at, "text", "file:1")

    log = Log("p", "", "", "", 0.0, 100.0, None, None, None, stopped=False, truncated=False, events=())
    kept = replace(log, events=(event(10.0), event(50.0), event(None))).since(50.0)
    assert [each.last_at for each in kept.events] == [50.0, None]


def test_a_bundle_is_shown_as_a_tree_with_sizes_and_origins() -> None:
    files = (
        FileEntry("snapshot.json", 1000, "0"),
        FileEntry("nodes/n1/log.txt", 20, "0", "/opt/nats.log"),
        FileEntry("nodes/n1/streams.txt", 5, "0"),
    )
    left = (Omitted("nodes/n1/log-tail.txt", 9, "--max-size"), Omitted("answers", 0, "--exclude answers"))
    lines = list(content_lines(Manifest(KIND, 1, "0.1", 0.0, "h", "k", ("n1",), files, left)))
    assert lines[2:] == [
        "            25  nodes/",
        "            25    n1/",
        "            20      log.txt      /opt/nats.log",
        "             5      streams.txt",
        "         1,000  snapshot.json",
        "         1,025  in all",
        "left out: nodes/n1/log-tail.txt, 9 bytes (--max-size)",
        "left out: answers (--exclude answers)",
    ]
