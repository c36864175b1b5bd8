"""What is written to a bundle comes back equal, and nothing else comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symphony_doctor.bundles.codec import CodecError, codec
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.sources.observation import (
    GivenCredentials,
    GivenLog,
    LoadBalancerFile,
    NodeFiles,
    Observation,
    PortProbe,
    ResolverPack,
    RouteProbe,
    ServerAnswers,
    ServiceAnswer,
    UiAnswers,
)
from symphony_doctor.testing import healthy

FILES = ("symphony_config", "nats_config", "account_files", "stream_directories", "log", "store")
TEXT = Seen[str] | Missing
ANSWERS = ("greeting", "server", "routes", "jetstream", "meta_group", "health", "resolver_accounts")


def of_node(node: Node) -> list[Observation]:
    files: dict[str, Any] = {name: getattr(node, name) for name in FILES}
    answers: dict[str, Any] = {name: getattr(node, name) for name in ANSWERS}
    return [
        NodeFiles(None, f"/srv/{node.name}", **files),
        ServerAnswers(f"{node.name}:4222", None, **answers),
        UiAnswers(f"/srv/{node.name}", node.ui),
        *(RouteProbe(route.address, route.probe, route.certificate) for route in node.configured_routes.get()),
    ]


def through_json(observation: Observation) -> Observation:
    both = codec(Observation)
    decoded: Observation = both.decode(json.loads(json.dumps(both.encode(observation))))
    return decoded


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_what_healthy_clusters_give_comes_back_equal(size: int) -> None:
    for node in healthy(size).nodes:
        for each in of_node(node):
            decoded = through_json(each)
            assert decoded == each
            assert repr(decoded) == repr(each), "assemble sorts by it"


missing = st.builds(Missing, st.sampled_from(State), st.text(), st.text())


@st.composite
def _drawn(draw: st.DrawFn) -> Observation:
    """Draw an observation of a healthy cluster with some of its evidence missing."""
    node = draw(st.sampled_from(healthy(draw(st.integers(1, 5))).nodes))
    observation = draw(st.sampled_from(of_node(node)))
    if isinstance(observation, NodeFiles):
        kept: dict[str, Any] = {name: draw(st.one_of(st.just(getattr(node, name)), missing)) for name in FILES}
        return NodeFiles(draw(st.none() | st.text()), draw(st.text()), **kept)
    if isinstance(observation, ServerAnswers):
        kept = {name: draw(st.one_of(st.just(getattr(node, name)), missing)) for name in ANSWERS}
        return ServerAnswers(draw(st.text()), draw(st.none() | st.text()), **kept)
    return observation


@given(st.one_of(st.builds(RouteProbe, st.text(), missing), _drawn()))
@settings(max_examples=200)
def test_any_observation_comes_back_equal(observation: Observation) -> None:
    assert through_json(observation) == observation


EVERY = (
    NodeFiles, ServerAnswers, RouteProbe, PortProbe, ResolverPack, LoadBalancerFile, GivenLog, UiAnswers,
    ServiceAnswer, GivenCredentials,
)  # fmt: skip


def anything(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type, or what annotations make of types
    """Draw any value of a type of the model, whatever it means."""
    made: Any = get_origin(kind) or kind
    if made in {Union, UnionType}:
        return st.one_of(*map(anything, get_args(kind)))
    if made is tuple and get_args(kind)[-1] is Ellipsis:
        return st.lists(anything(get_args(kind)[0]), max_size=2).map(tuple)
    if made is tuple:
        return st.tuples(*map(anything, get_args(kind)))
    if made is frozenset:
        return st.frozensets(anything(get_args(kind)[0]), max_size=2)
    if is_dataclass(made):
        make: Any = made
        given_types = dict(zip(getattr(made, "__parameters__", ()), get_args(kind), strict=True))
        hints = get_type_hints(made)
        hints = {field.name: given_types.get(hints[field.name], hints[field.name]) for field in fields(made)}
        return st.builds(make, **{name: anything(hint) for name, hint in hints.items()})
    return st.floats(allow_nan=False) if kind is float else st.from_type(kind)


@pytest.mark.parametrize("kind", EVERY)
@given(data=st.data())
@settings(max_examples=25)
def test_every_class_comes_back_equal_with_anything_in_it(kind: type[Observation], data: st.DataObject) -> None:
    observation = data.draw(anything(kind))
    assert through_json(observation) == observation


def test_the_classes_above_are_all_there_are() -> None:
    assert set(EVERY) == set(get_args(Observation))


def test_a_field_of_another_type_is_refused_with_its_place() -> None:
    document = json.loads(json.dumps(codec(Observation).encode(of_node(healthy(1).nodes[0])[1])))
    document["ServerAnswers"]["server"]["Seen"]["value"]["client_port"] = "4222"
    with pytest.raises(CodecError) as refused:
        codec(Observation).decode(document)
    assert str(refused.value) == ("$.ServerAnswers.server.Seen.value.client_port: expected an integer, found a text")


def test_a_truth_value_is_no_integer() -> None:
    with pytest.raises(CodecError, match="expected an integer, found true or false"):
        codec(int).decode(True)  # noqa: FBT003 - it is the value that is wrong


def test_an_unknown_field_is_refused_and_not_shown() -> None:
    with pytest.raises(CodecError) as refused:
        codec(Missing).decode({"state": "absent", "why": "", "\x1b[31m": 1})
    assert str(refused.value) == "$: expected the fields of Missing alone, found an unknown one"


def test_a_field_that_lacks_is_named() -> None:
    with pytest.raises(CodecError, match="expected why in it"):
        codec(Missing).decode({"state": "absent"})


@pytest.mark.parametrize("document", [None, [], "Seen", {}, {"Seen": {}, "Missing": {}}, {"Popen": {}}])
def test_only_the_classes_of_the_annotation_are_made(document: object) -> None:
    with pytest.raises(CodecError):
        codec(TEXT).decode(document)


def test_the_place_in_a_list_is_told() -> None:
    with pytest.raises(CodecError, match=r"\$\[1\]\[0\]: expected a text, found an integer"):
        codec(tuple[tuple[str, str], ...]).decode([["a", "b"], [1, "b"]])


def test_a_frozenset_has_one_spelling() -> None:
    assert codec(frozenset[str]).encode(frozenset({"b", "a", "c"})) == ["a", "b", "c"]


def test_a_file_name_that_is_no_unicode_comes_back() -> None:
    name = b"\xff.jwt".decode("utf-8", "surrogateescape")
    document = json.dumps(codec(TEXT).encode(Seen(name, "")))
    assert codec(TEXT).decode(json.loads(document)) == Seen(name, "")


@dataclass(frozen=True, slots=True)
class _Vague:
    value: int | str


def test_a_type_that_cannot_be_told_apart_is_found_at_once() -> None:
    with pytest.raises(TypeError, match="cannot be told apart"):
        codec(_Vague)
