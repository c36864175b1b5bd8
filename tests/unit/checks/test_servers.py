"""SV004: what the servers say of their own health."""

from __future__ import annotations

import json

import msgspec
import pytest

from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.server import Health
from symphony_doctor.sources import answers
from symphony_doctor.testing import changed, healthy, judge

from .judging import only, silent


def health_of(answer: dict[str, object]) -> Seen[Health]:
    """Read an answer as the source does."""
    return Seen(answers.health(msgspec.json.decode(json.dumps(answer).encode(), type=answers.Healthz)), "HEALTHZ")


def test_sv004_absent_on_three_nodes() -> None:
    """All servers answer ok."""
    assert silent("SV004", healthy())


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok"},
        {"status": "ok", "status_code": 200},
        {"status": "ok", "status_code": 200, "errors": []},
        {"status": "ok", "status_code": 200, "errors": None, "error": ""},
    ],
    ids=["2.10", "2.11", "2.12", "2.15"],
)
def test_sv004_near_miss_answers_of_other_versions(answer: dict[str, object]) -> None:
    """Each version writes its ok with other fields beside it."""
    assert silent("SV004", changed(healthy(), "node2", health=health_of(answer)))


def test_sv004_near_miss_a_server_that_did_not_answer() -> None:
    """A server that was not heard is not unhealthy by its own words."""
    outcome = judge("SV004", changed(healthy(), "node2", health=Missing(State.TIMED_OUT, "no answer")))
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": "unavailable", "error": "JetStream is not current with the meta leader"}, "is not current"),
        (
            {"status": "error", "status_code": 503, "errors": [{"type": "STREAM", "error": "stream not found"}]},
            "stream not found",
        ),
        ({"status": "unavailable", "status_code": 503}, "no reason given"),
    ],
    ids=["one error", "details", "no words"],
)
def test_sv004_fault_in_the_servers_words(answer: dict[str, object], words: str) -> None:
    """The server's own words are the title, with details or without."""
    finding = only("SV004", changed(healthy(), "node2", health=health_of(answer)))
    assert finding.nodes == ("node2",)
    assert words in finding.title
