from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations
from time import process_time

import pytest

from symphony_doctor.engine.explain import explain, finding_id
from symphony_doctor.engine.run import Outcome, run
from symphony_doctor.model.check import Because, Same
from symphony_doctor.model.finding import EvidenceEntry, Finding, Severity, Subject
from symphony_doctor.model.report import Reported
from symphony_doctor.reports.json_v1 import schema

from .builder import CLUSTER, check, finding, saying

ROOT, LEAF, TIP = "AA001", "BB001", "CC001"
ACCOUNT, OTHER_ACCOUNT = Subject("account", "AXY"), Subject("account", "AZZ")
STREAM, OTHER_STREAM = Subject("stream", "KV_a", "AXY"), Subject("stream", "KV_b", "AXY")


def outcomes(*rules: tuple[str, tuple[Because, ...], tuple[Finding, ...]]) -> tuple[Outcome, ...]:
    return run(
        [check(code, saying(*findings), explained_by=because) for code, because, findings in rules],
        CLUSTER,
    )


def causes(found: tuple[Reported, ...]) -> dict[str, str | None]:
    """Return the code of the cause by code; every cause is a finding of the report."""
    codes = {item.id: item.code for item in found}
    return {item.code: codes[item.cause] if item.cause else None for item in found}


def folded(root: Finding, leaf: Finding, same: Same) -> bool:
    found = explain(outcomes((ROOT, (), (root,)), (LEAF, (Because(ROOT, same),), (leaf,))))
    return causes(found)[LEAF] == ROOT


@pytest.mark.parametrize(
    ("same", "root", "leaf", "is_folded"),
    [
        (Same.CLUSTER, finding("a", "node1"), finding("b", "node2"), True),
        (Same.NODES, finding("a", "node1", "node2"), finding("b", "node2", "node3"), True),
        (Same.NODES, finding("a", "node1"), finding("b", "node2"), False),
        (Same.NODES, finding("a"), finding("b"), False),
        (Same.SUBJECT, finding(STREAM), finding(STREAM), True),
        (Same.SUBJECT, finding(STREAM), finding(OTHER_STREAM), False),
        (Same.SUBJECT, finding(STREAM), finding(replace(STREAM, account="AZZ")), False),
        (Same.ACCOUNT, finding(ACCOUNT), finding(STREAM), True),
        (Same.ACCOUNT, finding(STREAM), finding(OTHER_STREAM), True),
        (Same.ACCOUNT, finding(OTHER_ACCOUNT), finding(STREAM), False),
        (Same.ACCOUNT, finding("a"), finding("b"), False),
        (Same.SUBJECT | Same.NODES, finding(STREAM, "node1"), finding(STREAM, "node1"), True),
        (Same.SUBJECT | Same.NODES, finding(STREAM, "node1"), finding(STREAM, "node2"), False),
        (Same.ACCOUNT | Same.NODES, finding(ACCOUNT, "node1"), finding(STREAM, "node1"), True),
        (Same.ACCOUNT | Same.NODES, finding(OTHER_ACCOUNT, "node1"), finding(STREAM, "node1"), False),
    ],
)
def test_a_finding_is_folded_under_one_that_shares_what_it_must(
    same: Same, root: Finding, leaf: Finding, *, is_folded: bool
) -> None:
    assert folded(root, leaf, same) is is_folded


def test_the_first_explanation_that_a_rule_names_wins() -> None:
    because = (Because("ZZ001", Same.CLUSTER), Because(TIP, Same.CLUSTER), Because(ROOT, Same.CLUSTER))

    found = explain(outcomes((ROOT, (), (finding("a"),)), (TIP, (), (finding("c"),)), (LEAF, because, (finding("b"),))))

    assert causes(found) == {ROOT: None, TIP: None, LEAF: TIP}


def test_a_chain_is_kept_as_it_is_and_stands_root_first() -> None:
    found = explain(
        outcomes(
            (TIP, (Because(LEAF, Same.CLUSTER),), (finding("c", severity=Severity.CRITICAL),)),
            (LEAF, (Because(ROOT, Same.CLUSTER),), (finding("b"),)),
            (ROOT, (), (finding("a", severity=Severity.WARNING),)),
        )
    )

    assert causes(found) == {ROOT: None, LEAF: ROOT, TIP: LEAF}
    assert [item.code for item in found] == [ROOT, LEAF, TIP]


def test_rules_that_explain_one_another_make_no_circle() -> None:
    ring = {ROOT: LEAF, LEAF: TIP, TIP: ROOT}

    found = explain(
        outcomes(*((code, (Because(other, Same.CLUSTER),), (finding(code),)) for code, other in ring.items()))
    )

    assert len(found) == 3
    assert [item.code for item in found if item.cause is None] == [found[0].code]


def test_a_rule_that_explains_itself_makes_no_circle() -> None:
    found = explain(outcomes((ROOT, (Because(ROOT, Same.CLUSTER),), (finding("a"), finding("b")))))

    assert len(found) == 2
    assert [item.cause for item in found] == [None, found[0].id]


def test_worst_comes_first_then_what_explains_most() -> None:
    found = explain(
        outcomes(
            (ROOT, (), (finding("a", "node1"),)),
            ("AB001", (), (finding("b", "node2"),)),
            (LEAF, (Because("AB001", Same.NODES),), (finding("c", "node2", severity=Severity.CRITICAL),)),
            (TIP, (), (finding("d", severity=Severity.CRITICAL),)),
            ("DD001", (), (finding("e", severity=Severity.INFO),)),
        )
    )

    assert [item.code for item in found] == [TIP, "AB001", LEAF, ROOT, "DD001"]


def test_an_id_stays_while_severity_words_evidence_and_nodes_change() -> None:
    entries = (EvidenceEntry("node1", "a", "x", "y"), EvidenceEntry("node2", "a", "x", "z"))
    first = finding(STREAM, "node1", "node2", evidence=entries)
    variants = [
        replace(first, severity=Severity.CRITICAL),
        replace(first, nodes=("node2", "node1")),
        replace(first, nodes=("node3",)),
        replace(first, evidence=entries[::-1]),
        replace(first, evidence=()),
        replace(first, title="Said otherwise", detail="", remedies=()),
    ]

    ids = {explain(outcomes((ROOT, (), (each,))))[0].id for each in (first, *variants)}

    assert ids == {finding_id(ROOT, first)}


def test_an_id_differs_by_code_kind_name_and_account() -> None:
    subjects = [STREAM, OTHER_STREAM, replace(STREAM, account="AZZ"), replace(STREAM, account=None), ACCOUNT]
    subjects += [Subject("stream", "a", "b"), Subject("stream", "ba", ""), Subject("stream", "\udcff")]

    ids = {finding_id(code, finding(subject)) for subject in subjects for code in (ROOT, LEAF)}

    assert len(ids) == 2 * len(subjects)


def test_several_findings_on_one_subject_keep_their_ids_in_every_order() -> None:
    several = (
        finding(STREAM, "node1"),
        finding(STREAM, "node2", "node3"),
        finding(STREAM, title="Another thing"),
        finding(STREAM, title="A third thing"),
    )
    seen = set()
    for order in permutations(several):
        found = explain(outcomes((ROOT, (), order)))
        seen.add(frozenset((item.id, item.finding) for item in found))
        assert len({item.id for item in found}) == len(several)
    assert len(seen) == 1


def test_the_nodes_that_tell_findings_apart_have_no_order() -> None:
    def ids(*nodes: str) -> set[str]:
        return {item.id for item in explain(outcomes((ROOT, (), (finding(STREAM, *nodes), finding(STREAM, "node9")))))}

    assert ids("node1", "node2") == ids("node2", "node1")


def test_no_finding_is_lost_though_only_its_evidence_differs() -> None:
    several = [finding(STREAM, evidence=(EvidenceEntry("node1", str(number), "", ""),)) for number in range(3)]

    found = explain(outcomes((ROOT, (), tuple(several))))

    assert len({item.id for item in found}) == 3


def test_every_form_of_an_id_is_in_the_schema_of_reports() -> None:
    pattern = schema()["$defs"]["id"]["pattern"]
    alone = explain(outcomes((ROOT, (), (finding(STREAM),))))
    by_nodes = explain(outcomes((ROOT, (), (finding(STREAM, "a"), finding(STREAM, "b")))))
    several = [finding(STREAM, evidence=(EvidenceEntry("node1", str(number), "", ""),)) for number in range(3)]
    by_evidence = explain(outcomes((ROOT, (), tuple(several))))

    ids = [item.id for found in (alone, by_nodes, by_evidence) for item in found]
    assert sorted(name.count("-") for name in ids) == [1, 2, 2, 2, 3, 3]
    assert all(re.search(pattern, name) for name in ids)


def test_the_very_same_finding_twice_is_one() -> None:
    (found,) = explain(outcomes((ROOT, (), (finding("a"), finding("a")))))

    assert found.id == finding_id(ROOT, finding("a"))


def test_the_severity_is_the_rules_unless_the_finding_says_another() -> None:
    found = explain(outcomes((ROOT, (), (finding("a"), finding("b", severity=Severity.INFO)))))

    assert [(item.severity, item.finding.subject.name) for item in found] == [
        (Severity.ERROR, "a"),
        (Severity.INFO, "b"),
    ]


def test_the_docs_are_those_of_the_rule() -> None:
    assert explain(outcomes((ROOT, (), (finding("a"),))))[0].docs == "docs/rules.md#aa001"


def test_nothing_found_is_nothing_explained() -> None:
    assert explain(outcomes((ROOT, (), ()))) == ()


def test_many_findings_under_many_are_matched_in_no_time() -> None:
    many = [Subject("stream", f"KV_{number}", "AXY") for number in range(5_000)]
    rules = outcomes(
        (ROOT, (), tuple(finding(subject, "node1") for subject in many)),
        (LEAF, (Because(ROOT, Same.SUBJECT),), tuple(finding(subject, "node2") for subject in many)),
        (TIP, (Because(LEAF, Same.SUBJECT | Same.NODES),), tuple(finding(subject, "node2") for subject in many)),
    )

    began = process_time()
    found = explain(rules)

    assert sum(item.cause is None for item in found) == len(many)
    # every pair compared takes some ten seconds; by a table it is a fraction of one
    assert process_time() - began < 5
