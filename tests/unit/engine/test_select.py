from __future__ import annotations

import pytest

from symphony_doctor.engine.select import select
from symphony_doctor.errors import UnknownCode, UsageError

from .builder import check

RULES = (
    check("JS001", name="replicas-too-low"),
    check("RT001", name="cluster-name"),
    check("RT002", name="route-missing"),
    check("RTX001", name="route-extra"),
)


@pytest.mark.parametrize(
    ("wanted", "ignored", "left"),
    [
        ([], [], ["JS001", "RT001", "RT002", "RTX001"]),
        (["RT"], [], ["RT001", "RT002", "RTX001"]),
        (["rt00"], [], ["RT001", "RT002"]),
        (["route-missing"], [], ["RT002"]),
        ([" JS001 ", "RT002"], [], ["JS001", "RT002"]),
        (["RT002", "JS001", "JS001"], [], ["JS001", "RT002"]),
        ([], ["RT"], ["JS001"]),
        (["RT"], ["RT001", "JS"], ["RT002", "RTX001"]),
    ],
)
def test_rules_are_chosen_in_their_own_order(wanted: list[str], ignored: list[str], left: list[str]) -> None:
    assert [rule.code for rule in select(RULES, wanted, ignored)] == left


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("JS0001", "no rule has the code, prefix or name 'JS0001'; did you mean JS001?"),
        ("js002", "no rule has the code, prefix or name 'js002'; did you mean JS001?"),
        ("route-mising", "no rule has the code, prefix or name 'route-mising'; did you mean route-missing?"),
        ("wholly other", "no rule has the code, prefix or name 'wholly other'; see `symphony-doctor checks list`"),
        ("", "no rule has the code, prefix or name ''; see `symphony-doctor checks list`"),
        ("*", "no rule has the code, prefix or name '*'; see `symphony-doctor checks list`"),
    ],
)
def test_what_matches_nothing_is_an_error_in_either_list(pattern: str, message: str) -> None:
    for wanted, ignored in (([pattern], []), ([], [pattern])):
        with pytest.raises(UnknownCode) as caught:
            select(RULES, wanted, ignored)
        assert str(caught.value) == message


@pytest.mark.parametrize(("wanted", "ignored"), [([], ["JS", "RT"]), (["RT"], ["RT"])])
def test_a_run_of_no_rule_at_all_is_refused(wanted: list[str], ignored: list[str]) -> None:
    with pytest.raises(UsageError, match="no rule is left"):
        select(RULES, wanted, ignored)
