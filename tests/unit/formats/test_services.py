"""Answers of services, whose field names are not public."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symphony_doctor.formats.cluster_info import replica_count
from symphony_doctor.formats.health import MOST_WORDS, complaints


def masked(_secret: str) -> str:
    return "secret:00000000"


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ({"replicas": 3}, 3),
        ({"nodes": 5, "replicaCount": 5}, 5),
        ({"data": {"num_replicas": 1, "nodes": 2}}, 1),
        ([{"Replicas": 3}], 3),
        ({"cluster": {"replicas": 1}, "recommended_replicas": 3}, 3),
        ({"replicas": ["node1", "node2"]}, None),
        ({"replicas": "3"}, None),
        ({"replicas": True}, None),
        ({"replicas": -1}, None),
        ({"nodes": 3}, None),
        (3, None),
    ],
)
def test_a_replica_count_is_taken_where_one_is(document: object, count: int | None) -> None:
    assert replica_count(json.dumps(document).encode()) == count


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_tells_nothing(body: bytes) -> None:
    assert replica_count(body) is None
    assert complaints(body, masked) == ()


def test_components_that_are_not_well_are_named_before_the_whole() -> None:
    document = {
        "status": "degraded",
        "version": "1.4.9",
        "components": {"nats": {"status": "healthy"}, "messaging": {"status": "unhealthy", "ok": False}},
    }
    assert complaints(json.dumps(document).encode(), masked) == (
        "components.messaging.status: unhealthy",
        "components.messaging.ok: false",
        "status: degraded",
    )


def test_no_secret_is_shown() -> None:
    document = {
        "error": "nats://admin:hunter2-very-secret@node1:4222 refused",
        "token": "abcdefghijklmnopqrstuvwxyz012345",
    }
    assert "hunter2" not in str(complaints(json.dumps(document).encode(), masked))
    assert "abcdefgh" not in str(complaints(json.dumps(document).encode(), masked))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_document_gives_a_few_short_lines(document: object) -> None:
    found = complaints(json.dumps(document).encode(), masked)
    assert len(found) <= MOST_WORDS
    assert all("\n" not in line for line in found)
