"""Muted findings: taken out of what counts, never out of sight, and back where they get worse."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from symphony_doctor.commands._status import exit_status
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.mute import mute
from symphony_doctor.model.check import Check, Parameter
from symphony_doctor.model.finding import Finding, Severity, Subject
from symphony_doctor.model.judging import Judging, Mute, Threshold
from symphony_doctor.model.report import CheckResult, MuteState, NodeCoverage, Report, Reported, Status
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.baseline import narrowed
from symphony_doctor.reports.comparison import compare
from symphony_doctor.reports.json_v1 import convert, schema
from symphony_doctor.testing import healthy

from . import builder

AT = 1_767_323_045.0
"""2026-01-02 03:04:05 UTC."""

RULES: tuple[Check, ...] = (builder.check("XY001", lambda _cluster: (), severity=Severity.WARNING),)
NODES = tuple(NodeCoverage(name, ("files", "nats", "info"), ()) for name in ("node1", "node2", "node3"))


def found(
    code: str, name: str, *, severity: Severity = Severity.WARNING, cause: str | None = None, account: str | None = None
) -> Reported:
    finding = Finding(f"{name} is ill", "", Subject("stream", name, account), ("node1",), (), ())
    return Reported(f"{code}-{name}", code, "rule", severity, finding, cause, "docs")


def report(*findings: Reported, status: Status = Status.PASSED) -> Report:
    codes = {each.code for each in findings}
    results = tuple(CheckResult(code, "rule", Status.FAILED, "", 1.0, "here") for code in sorted(codes))
    others = {"XY001", "XY002"} - codes
    results += tuple(CheckResult(code, "rule", status, "", 1.0, "here") for code in sorted(others))
    return Report("0.1.0", AT, "c", NODES, results, findings, ())


def muting(
    object_: str = "S1", *, code: str = "XY001", until: str = "2026-01-02", severity: Severity | None = None
) -> Mute:
    return Mute(code, object_, "a known thing", date.fromisoformat(until), severity, None, "f:1:1: mutes[0]")


def ids(items: tuple[Reported, ...]) -> list[str]:
    return [item.id for item in items]


def test_a_muted_finding_does_not_count_and_is_there() -> None:
    """On its last day, too: the exit status is that of a cluster without it."""
    seen = report(found("XY001", "S1"), found("XY001", "S2"))
    done = mute(seen, RULES, [muting()])
    assert (ids(done.findings), ids(done.muted)) == (["XY001-S2"], ["XY001-S1"])
    assert [each.state for each in done.mutes] == [MuteState.ACTIVE]
    alone = mute(report(found("XY001", "S1")), RULES, [muting()])
    assert exit_status(report(found("XY001", "S1")), Severity.WARNING) == 1
    assert exit_status(alone, Severity.WARNING) == 0
    assert alone.is_healthy


@pytest.mark.parametrize(
    ("object_", "is_muted"),
    [("S1", True), ("S?", True), ("*", True), ("s1", False), ("S", False), ("[S]1", False), ("S[1]", False)],
)
def test_an_object_is_named_or_matched_as_a_whole(object_: str, *, is_muted: bool) -> None:
    done = mute(report(found("XY001", "S1")), RULES, [muting(object_)])
    assert bool(done.muted) is is_muted


def test_brackets_are_no_pattern() -> None:
    assert mute(report(found("XY001", "[::1]:6222")), RULES, [muting("[::1]:*")]).muted


def test_the_account_tells_objects_apart() -> None:
    seen = report(found("XY001", "S1", account="A1"))
    assert mute(seen, RULES, [replace(muting(), account="A1")]).muted
    assert not mute(seen, RULES, [replace(muting(), account="A2")]).muted


def test_what_it_explains_stays_folded_beneath_it() -> None:
    """At any depth, and nothing of it counts."""
    root, below = found("XY001", "S1"), found("XY002", "S2", cause="XY001-S1")
    deep = found("XY002", "S3", severity=Severity.INFO, cause=below.id)
    done = mute(report(root, below, deep), RULES, [muting()])
    assert (ids(done.findings), ids(done.muted)) == ([], [root.id, below.id, deep.id])
    assert "with 2 findings that it explains" in FORMATS["terminal"](done, width=1000)


@pytest.mark.parametrize(
    ("severity", "limit", "below", "state"),
    [
        (Severity.WARNING, None, None, MuteState.ACTIVE),
        (Severity.ERROR, None, None, MuteState.WORSE),
        (Severity.ERROR, Severity.ERROR, None, MuteState.ACTIVE),
        (Severity.INFO, Severity.WARNING, None, MuteState.ACTIVE),
        (Severity.CRITICAL, Severity.ERROR, None, MuteState.WORSE),
        (Severity.WARNING, None, Severity.CRITICAL, MuteState.WORSE),
        (Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL, MuteState.ACTIVE),
    ],
)
def test_it_is_over_when_the_finding_gets_worse(
    severity: Severity, limit: Severity | None, below: Severity | None, state: MuteState
) -> None:
    """Worse than it was, or than the rule's own severity; what it explains counts as well."""
    seen = [found("XY001", "S1", severity=severity)]
    if below is not None:
        seen.append(found("XY002", "S2", severity=below, cause="XY001-S1"))
    done = mute(report(*seen), RULES, [muting(severity=limit)])
    assert done.mutes[0].state is state
    assert bool(done.muted) is (state is MuteState.ACTIVE)
    assert len(done.muted) + len(done.findings) == len(seen)


@pytest.mark.parametrize(
    ("seen", "until", "state", "said"),
    [
        (report(found("XY001", "S1")), "2026-01-01", MuteState.EXPIRED, "Mute over: XY001 on S1 was muted until 2026"),
        (report(), "2026-01-01", MuteState.EXPIRED, "Mute over: XY001 on S1 was muted until 2026-01-01"),
        (report(), "2026-01-02", MuteState.UNUSED, "Mute unused: XY001 on S1: nothing of that is found (f:1:1: mut"),
        (report(status=Status.SKIPPED), "2026-01-02", MuteState.UNDECIDED, ""),
    ],
)  # fmt: skip
def test_expired_and_unused_ones_are_told(seen: Report, until: str, state: MuteState, said: str) -> None:
    """That of a rule which could not decide is not called unused."""
    done = mute(seen, RULES, [muting(until=until)])
    assert done.mutes[0].state is state
    assert (done.findings, done.muted) == (seen.findings, ())
    text = " ".join(FORMATS["terminal"](done, width=1000).split())
    assert said in text
    assert ("Mute" in text) is bool(said)


def test_a_finding_with_two_mutes_is_muted_once() -> None:
    done = mute(report(found("XY001", "S1")), RULES, [muting(), muting("*")])
    assert ids(done.muted) == ["XY001-S1"]
    assert FORMATS["terminal"](done, width=1000).count("Muted:") == 1


@pytest.mark.parametrize(
    ("format_", "shown", "counted"),
    [
        ("terminal", "Muted: WARNING XY001 S1 is ill: a known thing (until 2026-01-02)", "1 finding muted"),
        ("markdown", "- Muted: WARNING XY001 S1 is ill: a known thing (until 2026-01-02)", "1 finding muted"),
        ("paste", "muted: WARNING XY001 S1 is ill: a known thing (until 2026-01-02)", "1 finding muted"),
        ("html", "WARNING XY001 S1 is ill: a known thing (until 2026-01-02)", "1 finding muted"),
        ("nagios", "1 finding muted", "muted=1"),
        ("prometheus", 'symphony_doctor_muted_finding{cluster="c",code="XY001"', 'muted_findings{cluster="c"} 1.0'),
        ("junit", '<skipped message="muted: S1 is ill" />', 'failures="0"'),
        ("sarif", '"justification": "a known thing"', '"suppressions"'),
        ("json", '"XY001-S1"', '"muted": 1'),
    ],
)
def test_every_format_shows_and_counts_it(format_: str, shown: str, counted: str) -> None:
    done = mute(report(found("XY001", "S1")), RULES, [muting()])
    text = FORMATS[format_](done, width=1000)
    assert shown in " ".join(text.split())
    assert counted in text
    assert "Healthy" in FORMATS["terminal"](done)


def test_json_is_valid_and_as_it_was_without_mutes() -> None:
    seen = report(found("XY001", "S1"))
    seen = replace(seen, findings=(replace(seen.findings[0], id="XY001-0123456789"),))
    done = json.loads(FORMATS["json"](mute(seen, RULES, [muting()])))
    jsonschema.validate(done, schema())
    assert [each["state"] for each in done["mutes"]] == ["active"]
    assert [each["id"] for each in done["muted"]] == ["XY001-0123456789"]
    assert not {"muted", "mutes"} & json.loads(FORMATS["json"](seen)).keys()


def test_what_is_muted_is_not_gone_and_not_new_when_it_is_no_longer() -> None:
    seen = report(found("XY001", "S1"))
    quiet = mute(seen, RULES, [muting()])
    assert compare(convert(seen), convert(quiet)).gone == ()
    assert compare(convert(quiet), convert(seen)).new == ()
    since = narrowed(quiet, convert(seen)).since
    assert since is not None
    assert since.gone == ()


def test_hostile_texts_are_harmless() -> None:
    seen = report(found("XY001", "S1"))
    done = mute(seen, RULES, [replace(muting("*"), reason="\x1b[31m|<b>`x`\n")])
    for format_, render in FORMATS.items():
        text = render(done)
        assert "\x1b" not in text, format_
        assert "<b>" not in text or format_ in {"terminal", "paste", "json", "sarif"}, format_


def test_thresholds_that_are_not_the_usual_ones_are_told() -> None:
    """For people and for programs, and only those: a rule that judges otherwise finds something else."""
    rules = [
        builder.check("XY001", lambda _cluster, **_limits: (), parameters=[Parameter("most", 5), Parameter("x", 1)])
    ]
    own = Judging(tuple(Threshold("XY001", name, value, "f") for name, value in (("most", 7), ("x", 1))))
    usual = diagnose(rules, healthy())
    judged = diagnose(rules, healthy(), judging=own)
    assert "Threshold: XY001 most = 7, usually 5" in " ".join(FORMATS["terminal"](judged, width=1000).split())
    document = json.loads(FORMATS["json"](judged))
    jsonschema.validate(document, schema())
    assert document["thresholds"] == [{"code": "XY001", "name": "most", "value": 7, "usual": 5}]
    assert "thresholds" not in json.loads(FORMATS["json"](usual))
    assert "Threshold" not in FORMATS["terminal"](usual)
