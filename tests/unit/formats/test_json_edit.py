"""One change to a JSON file: all but the one value stays as it is, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symphony_doctor.formats.json_edit import JsonEditError, replace_value, written_value

TEXT = b'\xef\xbb\xbf{\r\n\t"a" : { "b":[1 , {"c":  "x\\u00e4"}], "d.e" : null },\r\n  "uiport":8080}\r\n'


def test_the_rest_stays_to_the_byte() -> None:
    assert replace_value(TEXT, "f", ("a", "b", "1", "c"), '"new"') == TEXT.replace(b'"x\\u00e4"', b'"new"')
    assert replace_value(TEXT, "f", ("a", "d.e"), "7") == TEXT.replace(b"null", b"7")
    assert written_value(TEXT, "f", ("a", "b", "1", "c")) == '"x\\u00e4"'


@pytest.mark.parametrize("path", [("b",), ("a", "b", "2"), ("a", "d", "e"), ("uiport", "x")])
def test_a_key_that_is_not_there_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(JsonEditError):
        replace_value(TEXT, "f", path, "1")


def test_a_key_that_is_there_twice_is_refused() -> None:
    with pytest.raises(JsonEditError):
        replace_value(b'{"a": 1, "a": 2}', "f", ("a",), "3")


scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8"), max_size=8)
documents = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def leaves(value: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at, inner in enumerate(value) for leaf in leaves(inner, (*path, str(at)))]
    return [(path, value)]


@given(documents, scalars, st.integers(0, 100), st.sampled_from([None, 1, 2]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_an_edit_changes_that_value_alone(
    document: dict[str, Any],
    value: object,
    at: int,
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    raw = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    every = leaves(document)
    path, _ = every[at % len(every)]
    edited = replace_value(raw, "f", path, json.dumps(value))
    assert leaves(json.loads(edited)) == [(each, value if each == path else old) for each, old in every]
