"""symphony-doctor.toml: values with their places, and every fault with line and column."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats.inventory import InventoryError, read_inventory
from symphony_doctor.formats.inventory_choice import choose
from symphony_doctor.formats.position import FormatError
from symphony_doctor.formats.toml_places import TomlPath, read_toml

HARD = '''
a = 1 # [no] "table"
"b.c".'d e' = [1, 2,
  "x] \\"", {f = 5, g.h = [ ]} # ]
 , \'\'\'q\'\'\'\'\',  """a"b\\"""""" ]
[ x . "y\\u0041" ]
k = 1979-05-27 07:32:00
n = -1.5e+3
[[m]]
[[m]]
n = inf
[m.sub]
[[m.sub.deep]]
o = {}
[[m.sub.deep]]
o = true
'''


def leaves(value: object, path: TomlPath = ()) -> Iterator[tuple[TomlPath, object]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    elif path:
        yield path, value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_value_has_the_place_where_it_stands(end: str) -> None:
    """What stands at the place of a value is that value, read by itself."""
    toml = read_toml(HARD.replace("\n", end).encode(), "f")
    lines = HARD.split("\n")
    found = dict(leaves(toml.values))
    assert found
    for path, value in found.items():
        if path == ("m", 0):
            continue
        at = toml.starts[path]
        rest = lines[at.line - 1][at.column - 1 :]

        assert any(_reads(rest[:length], value) for length in range(1, len(rest) + 1)), (path, at)


def _reads(text: str, value: object) -> bool:
    try:
        return bool(tomllib.loads(f"v = {text}")["v"] == value)
    except tomllib.TOMLDecodeError:
        return False


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
        st.one_of(st.integers(-(2**60), 2**60), st.booleans(), st.text(st.characters(exclude_categories=["Cs", "Cc"]))),
        min_size=1,
    )
)
def test_places_of_any_keys(values: dict[str, object]) -> None:
    """Keys with dots, quotes and signs in them are found where they were written."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def written(value: object) -> str:
        return quoted(value) if isinstance(value, str) else str(value).lower()

    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in values.items())
    toml = read_toml(text.encode(), "f")
    assert toml.values == values
    assert [toml.keys[key,].line for key in values] == list(range(1, len(values) + 1))


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"a = ", "f:1:5"),
        (b"a = 1\na = 2", "f:2:"),
        (b"a = 1\n\xff", "f:2:1"),
        (b"a = " + b"[" * 5000, "f:1:1"),
        (b"a = " + b"9" * 5000, "f:1:1"),
        (b"[a\n", "f:1:3"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(raw: bytes, place: str) -> None:
    with pytest.raises(FormatError, match=place):
        read_toml(raw, "f")


FAULTS = """\
server = ["a"]
creds = 5
load-balancers = "q"
nodes = []
[thresholds.JS003]
most_lag = "3"
[profiles.p]
creds = ["a", 7]
[profiles.p.nodes.n1]
dir = ""
dirr = "SECRETVALUE"
[profiles.q.thresholds.JS003]
most_lag = nan
"""


def test_every_fault_is_told_with_line_and_column() -> None:
    """All of them at once, in the order of the file, and no value."""
    with pytest.raises(InventoryError) as error:
        read_inventory(FAULTS.encode(), "f")
    assert str(error.value).split("\n") == [
        "f:1:1: unknown key 'server': did you mean servers?",
        "f:2:9: creds: expected a text in quotes or a list of texts, found a number",
        "f:3:18: load-balancers: expected a list of texts, found a text",
        "f:4:9: nodes: expected a table, found a list",
        "f:6:12: thresholds.JS003.most_lag: expected a number from 0 to 1e15, found a text",
        "f:8:15: profiles.p.creds[1]: expected a text in quotes, found a number",
        "f:10:7: profiles.p.nodes.n1.dir: expected a text in quotes, found an empty text",
        "f:11:1: unknown key 'dirr' in profiles.p.nodes.n1: did you mean dir?",
        "f:13:12: profiles.q.thresholds.JS003.most_lag: expected a number from 0 to 1e15, found a number",
    ]


PROFILES = """\
servers = ["outside:1"]
creds = "outside.creds"
tlsca = "ca.pem"
thresholds.JS003.most_lag = 1
[nodes.n1]
dir = "/x"
[profiles.live]
servers = ["live:1"]
context = "live"
thresholds.JS003.most_lag = 2
[profiles.same]
"""


def test_a_profile_replaces_what_it_has_and_what_belongs_to_it() -> None:
    """Its servers leave no node of outside, its context no credentials; the rest is that of outside."""
    live = choose(read_inventory(PROFILES.encode(), "f"), "live")
    assert (live.value("servers"), live.value("nodes")) == (("live:1",), {})
    assert (live.value("creds"), live.value("context"), live.value("tlsca")) == (None, "live", "ca.pem")
    assert [value for _, _, value, _ in live.thresholds] == [1, 2]
    assert live.file.said(live.path("servers")) == "f:8:11: profiles.live.servers"
    same = choose(read_inventory(PROFILES.encode(), "f"), "same")
    assert (same.value("servers"), list(same.value("nodes")), same.value("creds")) == (
        ("outside:1",), ["n1"], "outside.creds",
    )  # fmt: skip


def test_there_is_no_such_profile() -> None:
    with pytest.raises(InventoryError, match="there is no profile 'lve': did you mean live"):
        choose(read_inventory(PROFILES.encode(), "f"), "lve")
    with pytest.raises(InventoryError, match="the file has no profiles"):
        choose(read_inventory(b"", "f"), "x")
