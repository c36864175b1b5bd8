from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.model.check import Because, Check, Parameter, Same
from symphony_doctor.model.cluster import Kind
from symphony_doctor.model.finding import Severity
from symphony_doctor.reports.check_list import explain_check, list_checks

CHECK = Check(
    code="JS003",
    name="replica-unhealthy",
    severity=Severity.ERROR,
    needs=(Kind.STREAMS, Kind.STREAM_DIRECTORIES),
    explained_by=(
        Because("JS004", Same.SUBJECT | Same.NODES),
        Because("AC001", Same.ACCOUNT),
        Because("AC003", Same.ACCOUNT),
        Because("QU001", Same.CLUSTER),
    ),
    function=lambda _cluster: (),
    title="A replica is offline, or behind its leader",
    explanation=(
        "A replica is offline, or behind its leader.\n\n"
        "What it means: the stream has one copy less than its replica count says, and the loss of one\n"
        "more node may lose data.\n\n"
        "    nats stream info STREAM\n"
        "    nats server report jetstream"
    ),
    parameters=(Parameter("lag", 1000), Parameter("seconds", 2.5)),
    origin="symphony-doctor 0.1.0",
)


def test_the_list_is_a_table() -> None:
    other = replace(CHECK, code="XY001", name="e10", title="1e5", severity=Severity.INFO)

    assert list_checks([CHECK, other]) == (
        "code    name               severity    title\n"
        "------  -----------------  ----------  ------------------------------------------\n"
        "JS003   replica-unhealthy  error       A replica is offline, or behind its leader\n"
        "XY001   e10                info        1e5\n"
        "\n"
        "2 rules. More on one: symphony-doctor checks explain CODE"
    )


def test_the_verbose_list_says_what_a_rule_needs_and_where_it_is_from() -> None:
    header, _, line, *_ = list_checks([CHECK], verbose=True).split("\n")

    assert header.split() == ["code", "name", "severity", "title", "needs", "origin"]
    assert line.endswith("  streams, stream directories  symphony-doctor 0.1.0")


def test_no_rule_is_said_so() -> None:
    assert list_checks([]).endswith("0 rules. More on one: symphony-doctor checks explain CODE")


def test_a_rule_is_explained_with_all_that_is_known_of_it() -> None:
    assert explain_check(CHECK, width=60) == (
        "JS003 replica-unhealthy (error)\n"
        "\n"
        "A replica is offline, or behind its leader.\n"
        "\n"
        "What it means: the stream has one copy less than its replica\n"
        "count says, and the loss of one more node may lose data.\n"
        "\n"
        "    nats stream info STREAM\n"
        "    nats server report jetstream\n"
        "\n"
        "Needs:        streams, stream directories\n"
        "Thresholds:   lag = 1000, seconds = 2.5\n"
        "Explained by: JS004 on the same nodes of the same thing;\n"
        "              AC001, AC003 of the same account; QU001\n"
        "Origin:       symphony-doctor 0.1.0"
    )


def test_what_a_rule_has_not_is_left_out() -> None:
    page = explain_check(replace(CHECK, needs=(), explained_by=(), parameters=(), origin=""))

    assert page.endswith("\n\nNeeds:        nothing in particular\nOrigin:       unknown")


@pytest.mark.parametrize("width", [-1, 0, 1, 20, 200])
def test_a_page_has_any_width(width: int) -> None:
    assert "    nats stream info STREAM\n" in explain_check(CHECK, width=width)


def test_a_rule_of_someone_else_cannot_write_escape_sequences() -> None:
    check = replace(CHECK, title="\x1b[31mred", explanation="\x1b]0;title\x07text", origin="\x9b2J/x")

    assert "\x1b" not in list_checks([check], verbose=True) + explain_check(check)
    assert "\x9b" not in list_checks([check], verbose=True) + explain_check(check)
