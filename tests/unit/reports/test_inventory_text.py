"""What `init` writes is TOML whatever stands in it, and says what was meant."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.reports.inventory_text import Entry, Table, inventory_text

ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(name=ANY, value=ANY, why=ANY)
def test_any_text_is_what_it_was(name: str, value: str, why: str) -> None:
    """Names, values and reasons of other machines end no comment and no string."""
    proposed = Entry("ssh", value, why, proposed=True)
    text = inventory_text([Table(name, (Entry("dir", value, why), proposed), why)], "x")
    assert tomllib.loads(text) == {"nodes": {name: {"dir": value}}}


@given(name=ANY, value=ANY)
def test_a_proposal_is_a_comment_that_can_be_taken_as_it_is(name: str, value: str) -> None:
    text = inventory_text([Table(name, (Entry("dir", value), Entry("sudo", value=True)), proposed=True)], "x")
    assert tomllib.loads(text) == {}
    taken = "\n".join(line.removeprefix("# ") for line in text.split("\n")[1:])
    assert tomllib.loads(taken) == {"nodes": {name: {"dir": value, "sudo": True}}}


def test_lists_stand_at_the_top() -> None:
    text = inventory_text([Table("", (Entry("creds", ("a", 'b"')),))], "x")
    assert tomllib.loads(text) == {"creds": ["a", 'b"']}
