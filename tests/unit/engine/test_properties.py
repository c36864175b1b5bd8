from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.engine.explain import explain
from symphony_doctor.engine.run import Outcome
from symphony_doctor.model.check import Because, Same
from symphony_doctor.model.finding import EvidenceEntry, Finding, Severity, Subject
from symphony_doctor.model.report import CheckResult, Status

from .builder import check

CODES = [f"{letters}001" for letters in ("AA", "BB", "CC", "DD", "EE")]
SAME = [Same.CLUSTER, Same.NODES, Same.ACCOUNT, Same.SUBJECT, Same.NODES | Same.ACCOUNT, Same.NODES | Same.SUBJECT]

subjects = st.builds(
    Subject, st.sampled_from(["stream", "account"]), st.sampled_from(["a", "b"]), st.sampled_from(["a", None])
)
entries = st.builds(
    EvidenceEntry, st.sampled_from(["node1", "node2"]), st.just("w"), st.just("x"), st.sampled_from("yz")
)
findings = st.builds(
    Finding,
    title=st.sampled_from(["One", "Two"]),
    detail=st.just(""),
    subject=subjects,
    nodes=st.lists(st.sampled_from(["node1", "node2", "node3"]), unique=True).map(tuple),
    evidence=st.lists(entries, max_size=2).map(tuple),
    remedies=st.just(()),
    severity=st.sampled_from([None, *Severity]),
)
because = st.builds(Because, st.sampled_from(CODES), st.sampled_from(SAME))


@st.composite
def outcomes(draw: st.DrawFn) -> list[Outcome]:
    """Draw what any rules may have found, whichever of each other they say explain them."""
    return [
        Outcome(
            check(code, explained_by=draw(st.lists(because, max_size=4))),
            CheckResult(code, f"rule-{code.lower()}", Status.FAILED, "", 1.0, "a test"),
            tuple(draw(st.lists(findings, max_size=4))),
        )
        for code in draw(st.lists(st.sampled_from(CODES), unique=True))
    ]


@given(outcomes())
def test_every_cause_is_a_finding_of_the_report_and_leads_to_a_root(every: list[Outcome]) -> None:
    found = explain(every)
    causes = {item.id: item.cause for item in found}

    assert len(causes) == len(found)
    for item in found:
        steps = 0
        at = item.cause
        while at is not None:
            at = causes[at]
            steps += 1
            assert steps <= len(found), "a circle of causes"


@given(outcomes())
def test_a_cause_stands_before_what_it_explains(every: list[Outcome]) -> None:
    place = {item.id: at for at, item in enumerate(explain(every))}

    assert all(place[item.cause] < place[item.id] for item in explain(every) if item.cause is not None)


@given(outcomes())
def test_no_finding_is_lost_and_none_is_made_up(every: list[Outcome]) -> None:
    said = {(outcome.check.code, finding) for outcome in every for finding in outcome.findings}
    found = explain(every)

    assert {(item.code, item.finding) for item in found} == said
    assert len(found) == len(said)


@given(outcomes(), st.data())
def test_the_order_of_rules_and_findings_changes_nothing(every: list[Outcome], data: st.DataObject) -> None:
    def shuffled(outcome: Outcome) -> Outcome:
        order = data.draw(st.permutations(outcome.findings))
        return Outcome(outcome.check, outcome.result, tuple(order))

    other = data.draw(st.permutations([shuffled(outcome) for outcome in every]))

    assert explain(other) == explain(every)
