from __future__ import annotations

import pytest

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Severity, Subject
from symphony_doctor.model.report import NodeCoverage, Report, Status
from symphony_doctor.reports.terminal import to_terminal

from . import builder, scenes

COLUMNS = 80


def screen(report: Report, verbosity: int = 0, width: int = COLUMNS) -> str:
    return to_terminal(report, width=width, color=False, verbosity=verbosity)


def test_of_very_many_the_first_are_named_and_every_command_is_there() -> None:
    buckets = [f"bucket{number}" for number in range(30)]
    text = screen(builder.report(*scenes.one_replica(*buckets)))

    assert text.count(" has 1 replica, ") == 8
    assert "  and 22 more; -v lists them all\n" in text
    assert all(f"\n    nats kv edit {bucket} --replicas 3\n" in text for bucket in buckets)


def test_verbose_shows_every_finding_by_itself() -> None:
    text = screen(builder.report(*scenes.one_replica("a", "b", "c", "d")), verbosity=1)

    assert text.count("✖ ERROR JS001 KV_") == 4


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (scenes.healthy(), "symphony (3 nodes): Healthy: 31 rules passed\n"),
        (
            scenes.skipped(),
            "symphony (3 nodes): No problem found, 2 of 5 rules passed; 3 rules could not decide\n",
        ),
        (
            builder.report(*builder.wizard(), *scenes.one_replica("a")),
            (
                "symphony (3 nodes): 2 problems (1 critical, 1 error), which explain 6 further findings - "
                "ID004 The setup wizard ran on node3 separately: 2 identities in one cluster\n"
            ),
        ),
    ],
)
def test_quiet_is_one_line(report: Report, line: str) -> None:
    assert screen(report, verbosity=-1) == line


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (builder.report(scenes.note()), "✔ Healthy: 3 of 4 rules passed, 1 note below"),
        (builder.report(nodes=()), "? Nothing is proven: no node is known"),
        (builder.report(results=()), "? Nothing is proven: no rule ran"),
        (
            builder.report(nodes=(*builder.NODES, NodeCoverage("node4", (), ()))),
            "? No problem found, 3 of 3 rules passed; 1 node could not be looked at in full",
        ),
        (
            builder.report(nodes=(NodeCoverage("node1", ("nats",), ("files: not permitted",)),)),
            "? No problem found, 3 of 3 rules passed; 1 node could not be looked at in full",
        ),
        (
            builder.report(problems=("a broken plugin",)),
            "? No problem found, 3 of 3 rules passed; 1 thing could not be used",
        ),
        (
            builder.report(
                builder.account_missing(),
                results=(
                    builder.result("AC001", "account-jwt-missing", Status.FAILED),
                    builder.result("XX001", "custom", Status.CRASHED, "KeyError: 1"),
                ),
            ),
            "✖ 1 problem (error); 1 rule CRASHED",
        ),
        (builder.report(*scenes.one_replica("a", "b")), "✖ 2 problems (2 errors)"),
    ],
)
def test_the_verdict_is_never_healthier_than_the_proof(report: Report, verdict: str) -> None:
    assert screen(report).split("\n")[1] == verdict


def test_a_note_that_explains_an_error_is_a_problem() -> None:
    note = scenes.note()
    effect = builder.found("JS003", "replica-unhealthy", "KV_a is behind", cause=note)

    text = screen(builder.report(note, effect))

    assert "✖ 1 problem (info), which explains 1 more finding (1 error)\n" in text
    assert "  explains 1 more: JS003 replica-unhealthy (cluster)\n" in text


def test_a_finding_whose_cause_is_not_there_is_shown() -> None:
    orphan = builder.found("JS003", "replica-unhealthy", "KV_a is behind", cause=builder.account_missing())

    assert "✖ ERROR JS003 KV_a is behind\n" in screen(builder.report(orphan))


def test_a_rule_that_found_something_says_what_it_could_not_look_at() -> None:
    found = builder.account_missing()
    results = (builder.result(found.code, found.name, Status.FAILED, "node2: not permitted"),)

    assert "In part    AC001: node2: not permitted\n" in screen(builder.report(found, results=results))


def test_long_values_stand_above_each_other() -> None:
    values = ("a" * 70, "b" * 70)
    found = builder.found(
        "CF008", "config-drift", "rbac.groups_claim differs", subject=Subject("setting", "rbac.groups_claim"),
        evidence=(
            EvidenceEntry("node1", "symphony.config:3:5", values[0], values[0]),
            EvidenceEntry("node3", "symphony.config:3:5", values[0], values[1]),
            EvidenceEntry("node2", "symphony.config:9:5", values[1], values[1]),
        ),
    )  # fmt: skip

    text = screen(builder.report(found), width=100)

    assert (
        f"""\
  node3  symphony.config:3:5
    expected  {values[0]}
    actual    {values[1]}
"""
        in text
    )


def test_of_much_evidence_that_of_the_nodes_concerned_stays() -> None:
    entries = tuple(EvidenceEntry(f"node{number}", "JSZ", "up", "up") for number in range(1, 10))
    found = builder.found("SV004", "server-unhealthy", "node9 is unhealthy", nodes=("node9",), evidence=entries)

    text = screen(builder.report(found))

    assert "  node9   up        up      JSZ\n  and 3 more lines of evidence; -v shows all\n" in text
    assert "  node6 " not in text
    assert "  node6   up        up      JSZ\n" in screen(builder.report(found), verbosity=1)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_long_command_is_on_one_line(width: int) -> None:
    (remedy,) = builder.account_missing().finding.remedies

    lines = screen(builder.report(builder.account_missing()), width=width).split("\n")

    assert f"    {remedy.commands[0]}" in lines


def test_a_command_of_several_lines_keeps_them() -> None:
    remedy = Remedy("Write it", ("cat > file <<END\n[red]\tx\nEND",))
    found = builder.found("XX001", "custom", "It is not there", remedies=(remedy,))

    assert "  Repair: Write it\n    cat > file <<END\n    [red]\tx\n    END\n" in screen(builder.report(found))


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_nothing_from_a_cluster_is_obeyed(verbosity: int) -> None:
    text = screen(scenes.hostile(), verbosity, width=200)

    assert not {character for character in text if character != "\n" and not character.isprintable()}
    assert "[red]x[/red]" in text
    assert not any(line.startswith("Cluster fine") for line in text.split("\n"))
    if verbosity >= 0:
        assert "    echo '[bold]' red \\x07\n" in text


def test_without_colour_there_is_no_escape_code_and_with_it_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    report = builder.report(*builder.wizard(), scenes.note())
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.setenv(name, "1")

    assert "\x1b" not in screen(report)

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[1;31m✖ ERROR\x1b[0m" in to_terminal(
        builder.report(builder.account_missing()), width=COLUMNS, color=True
    )


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_is_a_word_and_not_a_colour_alone(severity: Severity) -> None:
    found = builder.found("XX001", "custom", "It is so", severity=severity)

    assert f" {severity.word.upper()} XX001 It is so" in screen(builder.report(found))


@pytest.mark.parametrize("width", [-5, 0, 1, 20])
def test_a_screen_without_room_is_drawn_all_the_same(width: int) -> None:
    assert "ID004" in screen(builder.report(*builder.wizard()), width=width)
