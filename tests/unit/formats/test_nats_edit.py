"""One change to a nats.config: comments, order and spelling of all else survive, and what is not certain is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symphony_doctor.formats import nats_config, nats_edit
from symphony_doctor.formats.nats_edit import EditError

CONFIG = """\
# node 1
server_name: n1 // me
port = 4222
cluster {
  name: "old name".
  listen: 0.0.0.0:6222
  routes: [
    nats-route://h:1,   # one
    nats-route://h:2
    'nats-route://h:3',
  ]
}
resolver { type: full, dir: "acc", interval: "5m" }
""".replace('"old name".', '"old-name"   # the name')
NAME, ROUTES = ("cluster", "name"), ("cluster", "routes")


def read(text: str) -> nats_config.Map:
    return nats_config.parse(text.encode(), "f", read_include=lambda _a, _b: b"included: 1", environment={})


def test_a_value_is_replaced_in_its_own_spelling() -> None:
    assert nats_edit.set_value(CONFIG, "f", NAME, "new") == CONFIG.replace('"old-name"', '"new"')
    assert nats_edit.set_value(CONFIG, "f", ("server_name",), "n9") == CONFIG.replace(": n1 //", ": n9 //")
    assert nats_edit.set_value(CONFIG, "f", ("resolver", "interval"), "2m") == CONFIG.replace('"5m"', '"2m"')


def test_a_key_that_is_not_there_is_put_first_in_its_block() -> None:
    without = CONFIG.replace('  name: "old-name"   # the name\n', "")
    assert "{\n  name: new\n  listen:" in nats_edit.set_value(without, "f", NAME, "new")
    inline = "cluster { listen: 0.0.0.0:1 }\n"
    assert nats_edit.set_value(inline, "f", NAME, "new") == "cluster { name: new, listen: 0.0.0.0:1 }\n"
    with_dos_ends = without.replace("\n", "\r\n")
    assert "{\r\n  name: new\r\n  listen:" in nats_edit.set_value(with_dos_ends, "f", NAME, "new")


@pytest.mark.parametrize(
    ("port", "gone"),
    [
        (1, ("    nats-route://h:1,   # one\n", "    # one\n")),
        (2, ("    nats-route://h:2\n", "")),
        (3, ("    'nats-route://h:3',\n", "")),
    ],
)
def test_an_item_goes_with_its_line_and_its_comment_stays(port: int, gone: tuple[str, str]) -> None:
    edited = nats_edit.remove_item(CONFIG, "f", ROUTES, lambda text: text.endswith(f":{port}"))
    assert edited == CONFIG.replace(*gone)
    assert len(nats_edit.texts(nats_edit.value_at(read(edited), ROUTES))) == 2


def test_items_on_one_line() -> None:
    text = "cluster { routes: [a://b:1, a://b:2, a://b:3] }"
    for port in (1, 2, 3):
        edited = nats_edit.remove_item(text, "f", ROUTES, lambda item, port=port: item.endswith(str(port)))  # type: ignore[misc]
        left = [f"a://b:{each}" for each in (1, 2, 3) if each != port]
        assert edited == f"cluster {{ routes: [{', '.join(left)}] }}"


def test_a_route_is_added_before_the_others() -> None:
    edited = nats_edit.add_item(CONFIG, "f", ROUTES, "nats-route://[::1]:9")
    assert '[\n    "nats-route://[::1]:9",\n    nats-route://h:1,   # one\n' in edited
    assert nats_edit.texts(nats_edit.value_at(read(edited), ROUTES))[0] == "nats-route://[::1]:9"
    assert nats_edit.add_item("cluster { routes: [] }", "f", ROUTES, "a://b:1") == "cluster { routes: [ a://b:1 ] }"


@pytest.mark.parametrize(
    "text",
    [
        "cluster { name: a\n name: b }",
        "cluster { name: a }\ncluster { name: b }",
        "cluster { name: a\n NAME: b }",
        "n: a\ncluster { name: $n }",
        "cluster { name: { a: b } }",
        "cluster: a",
        "port: 1",
    ],
)
def test_what_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        nats_edit.set_value(text, "f", NAME, "new")


def test_the_last_route_is_not_taken_out() -> None:
    with pytest.raises(EditError, match="the only one"):
        nats_edit.remove_item("cluster { routes: [a://b:1] }", "f", ROUTES, lambda _: True)


def test_a_change_beside_the_key_is_seen() -> None:
    old = read(CONFIG)
    for other in (CONFIG.replace("4222", "4223"), CONFIG + "debug: true\n", CONFIG.replace("server_name: n1", "#")):
        assert not nats_edit.is_only_change(old, read(other), NAME, lambda _a, _b: True)
    assert nats_edit.is_only_change(old, read(CONFIG.replace("old-name", "x")), NAME, lambda _a, _b: True)


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1, max_size=20
)


@given(names)
@settings(max_examples=200, deadline=None)
def test_whatever_is_set_is_what_the_server_reads_and_nothing_else_changes(value: str) -> None:
    edited = nats_edit.set_value(CONFIG, "f", NAME, value)
    new = read(edited)
    found = nats_edit.value_at(new, NAME)
    assert isinstance(found, nats_config.Scalar)
    assert found.value == value
    assert nats_edit.is_only_change(read(CONFIG), new, NAME, lambda _a, _b: True)
    assert [line for line in edited.splitlines() if "name:" not in line] == [
        line for line in CONFIG.splitlines() if "name:" not in line
    ]


_items = st.lists(st.integers(1, 65535), min_size=2, max_size=6, unique=True)
_ends = st.sampled_from([",\n", "\n", ", # why\n    ", ",", " ,  ", "\n\n", ",\r\n    "])


@given(_items, st.lists(_ends, min_size=6, max_size=6), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_one_route_is_taken_out_of_any_list(ports: list[int], ends: list[str], at: int) -> None:
    text = "cluster {\n  routes: [\n    "
    text += "".join(f"nats-route://h:{port}{end}" for port, end in zip(ports, ends, strict=False)) + "\n]\n}\nport: 1\n"
    chosen = ports[at % len(ports)]
    edited = nats_edit.remove_item(text, "f", ROUTES, lambda item: item == f"nats-route://h:{chosen}")
    left = tuple(f"nats-route://h:{port}" for port in ports if port != chosen)
    assert nats_edit.texts(nats_edit.value_at(read(edited), ROUTES)) == left
    assert edited.count("# why") == text.count("# why")
    assert nats_edit.is_only_change(read(text), read(edited), ROUTES, lambda _a, _b: True)
    added = nats_edit.add_item(edited, "f", ROUTES, f"nats-route://h:{chosen}")
    assert set(nats_edit.texts(nats_edit.value_at(read(added), ROUTES))) == {*left, f"nats-route://h:{chosen}"}
