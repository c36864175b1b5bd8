"""Variables of compose files."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats.interpolation import interpolate

VARIABLES = {"A": "one", "EMPTY": "", "HOME": "/home/x"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$A", "one"),
        ("${A}/b", "one/b"),
        ("$A/$A.x", "one/one.x"),
        ("$$A ${A}$$", "$A one$"),
        ("$NONE|${NONE}", "|"),
        ("${NONE:-d}", "d"),
        ("${NONE-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${A:-d}", "one"),
        ("${NONE:-${A}/${NONE:-x}}", "one/x"),
        ("${NONE:-a}b}", "ab}"),
        ("${NONE:-}", ""),
        ("${A:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${NONE:+${A}}", ""),
        ("${A:?is needed}", "one"),
        ("${NONE:-/srv/data-1:rw}", "/srv/data-1:rw"),
    ],
)
def test_variables(text: str, expected: str) -> None:
    assert interpolate(text, VARIABLES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${A",
        "${}",
        "${1}",
        "${A b}",
        "${A|x}",
        "${NONE:?is needed}",
        "${EMPTY:?}",
        "$",
        "a$ b",
        "${B:-" * 30 + "}" * 30,
    ],
)
def test_what_is_no_variable(text: str) -> None:
    with pytest.raises(ValueError, match="variable"):
        interpolate(text, VARIABLES)


@given(st.text(alphabet="${}:-?+Aa_ /"))
def test_any_text_ends_in_a_text_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(interpolate(text, VARIABLES), str)


@given(st.text().filter(lambda text: "$" not in text))
def test_text_without_a_dollar_sign_stays(text: str) -> None:
    assert interpolate(text, VARIABLES) == text
