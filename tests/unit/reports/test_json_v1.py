from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from symphony_doctor.model.finding import Severity
from symphony_doctor.model.report import NodeCoverage, Report, Status
from symphony_doctor.reports.json_v1 import schema, to_json

from . import builder
from .strategies import reports

# jsonschema checks these formats only where other packages are installed
FORMATS = FormatChecker([])


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri-reference", raises=ValueError)
def is_uri_reference(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).geturl() == value and " " not in value


VALIDATOR = Draft202012Validator(schema(), format_checker=FORMATS)


def written(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_json(report))
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@given(reports)
@settings(max_examples=100, deadline=None)
def test_every_report_keeps_the_schema(report: Report) -> None:
    document = written(report)

    assert len(document["findings"]) == len(report.findings)


def test_an_interrupted_run_says_so_and_another_one_does_not() -> None:
    report = builder.report(builder.account_missing())
    cut_short = written(replace(report, is_interrupted=True))

    assert cut_short.pop("interrupted") is True
    assert cut_short == written(report)


def test_the_keys_and_their_order_are_the_contract() -> None:
    document = written(builder.report(builder.account_missing()))

    assert list(document) == [
        "schema", "doctor", "generated_at", "cluster", "summary", "checks", "findings", "problems", "unseen",
    ]  # fmt: skip
    assert document["schema"] == "symphony-doctor/report/v1"
    assert document["doctor"] == {"version": "0.1.0"}
    assert document["generated_at"] == "2026-01-02T03:04:05Z"
    assert document["cluster"] == {
        "name": "symphony",
        "nodes": [
            {"name": name, "sources": ["files", "nats", "info"], "missing": []} for name in ("node1", "node2", "node3")
        ],
    }
    assert document["checks"][0] == {
        "code": "AC001",
        "name": "account-jwt-missing",
        "status": "failed",
        "reason": "",
        "duration_ms": 1.5,
        "unproven": False,
    }
    assert document["findings"] == [
        {
            "id": builder.account_missing().id,
            "code": "AC001",
            "name": "account-jwt-missing",
            "severity": "error",
            "title": "Account alice (AAJH7V…NQ5Z) is missing on node3",
            "detail": builder.account_missing().finding.detail,
            "nodes": ["node3"],
            "subject": {"kind": "account", "account": None, "name": builder.ACCOUNT},
            "evidence": [
                {
                    "source": node,
                    "where": f"/srv/{node}/accounts",
                    "expected": f"{builder.ACCOUNT}.jwt",
                    "actual": actual,
                }
                for node, actual in (("node1", "present"), ("node2", "present"), ("node3", "not there"))
            ],
            "cause": None,
            "remedies": [
                {
                    "title": "Push the account JWT to all resolvers, with system-account credentials",
                    "commands": list(builder.account_missing().finding.remedies[0].commands),
                    "action": "account.push",
                    "risk": "safe",
                    "parameters": {},
                }
            ],
            "docs": "docs/rules.md#ac001",
        }
    ]


def test_the_summary_counts_and_says_which_nodes_gave_what() -> None:
    results = (
        *builder.passed("CF001", "CF002"),
        builder.result("ID004", "wizard-per-node", Status.FAILED),
        builder.result("JS004", "stream-leaderless", Status.SKIPPED, "node3: timed out", unproven=True),
        builder.result("JS005", "system-bucket-missing", Status.CRASHED, "KeyError: 'x'"),
    )
    nodes = (
        NodeCoverage("node1", ("files", "nats"), ()),
        NodeCoverage("node2", ("nats", "http"), ("files: not permitted",)),
    )

    document = written(builder.report(*builder.wizard(), results=results, nodes=nodes, problems=("a broken plugin",)))

    assert document["summary"] == {
        "critical": 2, "error": 4, "warning": 1, "info": 0, "passed": 2, "skipped": 1, "crashed": 1, "muted": 0,
        "coverage": {"files": ["node1"], "nats": ["node1", "node2"], "info": [], "http": ["node2"]},
    }  # fmt: skip
    assert document["problems"] == ["a broken plugin"]
    assert [check["unproven"] for check in document["checks"]] == [False, False, False, True, False]


def test_a_finding_names_the_one_that_explains_it() -> None:
    document = written(builder.report(*builder.wizard()))
    root, operator, *streams, _ = document["findings"]

    assert root["cause"] is None
    assert operator["cause"] == root["id"]
    assert {stream["cause"] for stream in streams} == {operator["id"]}


def test_the_document_is_indented_ascii_and_the_same_each_time() -> None:
    report = builder.report(builder.found("CF001", "config-unreadable", "\x1b[31m \x9b2J [red] ä \udcff"))
    text = to_json(report)

    assert text.startswith('{\n  "schema": "symphony-doctor/report/v1",\n  "doctor": {\n')
    assert text.endswith("}\n")
    assert text.isascii()
    assert "\x1b" not in text
    assert to_json(report) == text
    assert json.loads(text)["findings"][0]["title"] == "\x1b[31m \x9b2J [red] ä \\udcff"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("findings", 0, "severity"), "fatal"),
        (("findings", 0, "extra"), 1),
        (("findings", 0, "remedies", 0, "risk"), "none"),
        (("findings", 0, "subject", "kind"), "planet"),
        (("findings", 0, "id"), "AC001"),
        (("findings", 0, "cause"), ""),
        (("checks", 0, "status"), "muted"),
        (("checks", 0, "unproven"), True),
        (("checks", 0, "duration_ms"), -1),
        (("findings", 0, "docs"), "no address"),
        (("generated_at",), "2026-13-45T03:04:05Z"),
        (("generated_at",), "2026-01-02T03:04:05+01:00"),
        (("summary", "critical"), 0.5),
        (("summary", "coverage", "Files"), []),
        (("schema",), "symphony-doctor/report/v2"),
        (("extra",), None),
    ],
)
def test_the_schema_refuses(path: tuple[str | int, ...], value: object) -> None:
    document = written(builder.report(builder.account_missing()))
    at: Any = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


def test_every_severity_has_its_word() -> None:
    found = builder.account_missing()

    for severity in Severity:
        document = written(builder.report(replace(found, severity=severity)))
        assert document["findings"][0]["severity"] == severity.word
