"""meta.inf: as servers write it, encrypted, broken."""

import contextlib
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats.nkey import Kind, create_seed
from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.formats.stream_meta import EncryptedMetaError, StreamMeta, canonical, parse

FILE = "meta.inf"
# Written by nats-server 2.15.1.
WRITTEN = (
    b'{"Created":"2026-11-24T17:36:19.357644238Z","name":"KV_a","subjects":["$KV.a.>"],"retention":"limits",'
    b'"max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,'
    b'"discard":"old","storage":"file","num_replicas":3,"duplicate_window":120000000000,"compression":"none",'
    b'"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,'
    b'"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":false,'
    b'"metadata":{"_nats.req.level":"0","owner":"x"}}'
)


def mask(secret: str) -> str:
    return f"<{len(secret)}>"


def read(raw: bytes, file: str, *, has_key: bool | None = None) -> StreamMeta:
    return parse(raw, file, mask, has_key=has_key)


def flat(config: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return canonical(config, mask)


def changed(**changes: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    return json.dumps({**json.loads(WRITTEN), **changes}).encode()


def test_as_written_by_a_server() -> None:
    assert read(WRITTEN, FILE) == StreamMeta(
        name="KV_a",
        storage="file",
        num_replicas=3,
        subjects=("$KV.a.>",),
        mirror=None,
        sources=(),
        created="2026-11-24T17:36:19.357644238Z",
        config=(
            ("allow_rollup_hdrs", "true"),
            ("discard", '"old"'),
            ("duplicate_window", "120000000000"),
            ("max_bytes", "-1"),
            ("max_consumers", "-1"),
            ("max_msg_size", "-1"),
            ("max_msgs", "-1"),
            ("max_msgs_per_subject", "-1"),
            ("metadata.owner", '"x"'),
            ("name", '"KV_a"'),
            ("num_replicas", "3"),
            ("retention", '"limits"'),
            ("storage", '"file"'),
            ("subjects.0", '"$KV.a.>"'),
        ),
    )
    hash(read(WRITTEN, FILE))


def test_a_server_of_another_version_writes_the_same_configuration() -> None:
    older = json.loads(WRITTEN)
    for key in ("allow_msg_ttl", "consumer_limits", "compression", "sealed", "metadata"):
        del older[key]
    newer = {**json.loads(WRITTEN), "allow_batched": False, "persist_mode": "", "metadata": {"_nats.ver": "2.99"}}
    assert flat(older) == flat(newer)
    assert read(json.dumps(older).encode(), FILE).config == read(json.dumps(newer).encode(), FILE).config


def test_mirrors_and_sources() -> None:
    meta = read(changed(mirror={"name": "M", "external": {"api": "x"}}, sources=[{"name": "A"}, {"name": "B"}]), FILE)
    assert meta.mirror == "M"
    assert meta.sources == ("A", "B")
    assert ("mirror.external.api", '"x"') in meta.config
    assert read(changed(storage="memory", subjects=None), FILE).storage == "memory"


@pytest.mark.parametrize(
    ("raw", "line", "column", "expected"),
    [
        (b"", 1, 1, "a JSON object"),
        (b"\0" * 600, 1, 1, "a JSON object"),
        (b"[]", 1, 1, "a JSON object"),
        (b'{"name":"a",\n "storage" "file"}', 2, 12, "':'"),
        (WRITTEN[:100], 1, 94, "a closing double quote"),
        (b"[" * 100_000, 1, 1, "a JSON object"),
        (b'{"a":' * 100_000, 1, 1001, "at most 200 levels"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, 1, 1001, "at most 200 levels"),
        (b'{"name": "\\ud800"}', 1, 1, "a stream's configuration"),
        (changed(name=""), 1, 47, "name: the stream's name"),
        (changed(storage="disk"), 1, 1, "storage: "),
        (changed(num_replicas="3"), 1, 1, "num_replicas: a whole number"),
        (changed(num_replicas=True), 1, 1, "num_replicas: a whole number"),
        (changed(subjects="a"), 1, 1, "subjects: "),
        (changed(mirror="a"), 1, 1, "mirror: "),
        (changed(sources=[{}]), 1, 1, "sources: "),
        (changed(Created=5), 1, 2, "Created: a time"),
        (b"{}", 1, 1, "name: "),
        (b" " * (8 * 1024 * 1024 + 1), 1, 1, "at most"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken(raw: bytes, line: int, column: int, expected: str) -> None:
    with pytest.raises(FormatError) as raised:
        read(raw, FILE)
    assert not isinstance(raised.value, EncryptedMetaError)
    assert raised.value.expected.startswith(expected)
    assert raised.value.position.line == line
    if column > 1:
        assert raised.value.position.column == column


def test_encrypted() -> None:
    sealed = b"\x8f\xff" + os.urandom(500).replace(b"\0", b"\1")
    for has_key in (None, True):
        with pytest.raises(EncryptedMetaError) as raised:
            read(sealed, FILE, has_key=has_key)
        assert raised.value.position == Position(FILE, 1, 1)
    with pytest.raises(FormatError, match="UTF-8"):
        read(sealed, FILE, has_key=False)
    with pytest.raises(FormatError, match="UTF-8"):
        read(b"\xff" * 20 + bytes(100), FILE)


def test_a_readable_file_is_read_even_where_there_is_a_key() -> None:
    assert read(WRITTEN, FILE, has_key=True).name == "KV_a"


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
KEYS = ["name", "storage", "num_replicas", "subjects", "mirror", "sources", "Created", "metadata"]


@given(st.dictionaries(st.sampled_from(KEYS), values))
def test_any_json_is_a_meta_or_a_format_error(changes: dict[str, Any]) -> None:
    with contextlib.suppress(FormatError):
        hash(read(changed(**changes), FILE))


@given(st.binary(), st.sampled_from([None, True, False]))
def test_any_bytes_are_a_meta_or_a_format_error(raw: bytes, has_key: bool | None) -> None:  # noqa: FBT001
    with contextlib.suppress(FormatError):
        read(raw, FILE, has_key=has_key)


def test_secrets_in_what_people_wrote_are_masked() -> None:
    """Description and metadata are free text: by name, by looks, and as keys."""
    seed = create_seed(Kind.USER)
    written = {"description": f"for {seed}", "metadata": {"password": "hunter22", "note": "plain", seed: "x"}}
    assert flat(written) == (
        ("description", '"for <58>"'),
        ("metadata.<58>", '"x"'),
        ("metadata.note", '"plain"'),
        ("metadata.password", '"<8>"'),
    )
