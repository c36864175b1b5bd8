"""What holds for every rule, whoever wrote it."""

from __future__ import annotations

from functools import cache

import pytest

from symphony_doctor.api import Check, Cluster, Kind
from symphony_doctor.model.report import Status
from symphony_doctor.testing import healthy, installed_checks, judge, without

CODES = [check.code for check in installed_checks()]
SECTIONS = ("What it means:", "How it is seen:", "What else it could be:", "By hand:", "Verify:")


@cache
def cluster() -> Cluster:
    return healthy(3)


def rule(code: str) -> Check:
    return next(check for check in installed_checks() if check.code == code)


def test_the_catalogue_of_the_first_milestone_is_there() -> None:
    expected = {
        "CF001", "CF002", "CF006", "CF008", "CF009", "ID001", "ID002", "ID003", "ID004", "ID005", "ID006",
        "RT001", "RT002", "RT003", "RT004", "RT005", "RT006", "AC001", "AC002", "AC003", "AC004",
        "JS001", "JS002", "JS003", "JS004", "JS005", "JS006", "QU001", "QU002", "QU003", "SV004",
        "CF003", "CF004", "CF005", "CF007", "CF010", "AC005", "AC006", "JS007", "JS008", "JS009", "JS010", "JS011",
        "JS012", "UI001", "EX001",
    }  # fmt: skip
    assert expected <= set(CODES)


def test_names_are_unique() -> None:
    names = [check.name for check in installed_checks()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("code", CODES)
def test_a_healthy_cluster_passes(code: str) -> None:
    outcome = judge(code, cluster())
    assert (outcome.result.status, outcome.result.reason) == (Status.PASSED, "")


@pytest.mark.parametrize("nodes", [1, 5])
@pytest.mark.parametrize("code", CODES)
def test_other_sizes_pass(code: str, nodes: int) -> None:
    assert judge(code, healthy(nodes)).result.status is Status.PASSED


@pytest.mark.parametrize("code", CODES)
def test_explanation_has_every_section(code: str) -> None:
    explanation = rule(code).explanation
    assert [section for section in SECTIONS if section not in explanation] == []
    assert len(rule(code).title) < 110


@pytest.mark.parametrize("code", CODES)
def test_what_explains_a_rule_is_a_rule(code: str) -> None:
    assert {because.code for because in rule(code).explained_by} <= set(CODES)


@pytest.mark.parametrize("nodes", [["node2"], None], ids=["one node", "all nodes"])
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("code", CODES)
def test_missing_evidence_never_looks_like_health(code: str, kind: Kind, nodes: list[str] | None) -> None:
    outcome = judge(code, without(cluster(), kind, nodes))
    if kind in rule(code).needs:
        assert outcome.result.status is Status.SKIPPED
        assert "taken away by a test" in outcome.result.reason
        assert outcome.result.unproven
    else:
        assert outcome.result.status is Status.PASSED, f"{code} reads {kind}, which it does not declare"


def test_the_snapshot_is_frozen_through_and_through() -> None:
    assert isinstance(hash(cluster()), int)
