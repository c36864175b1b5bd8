"""What is left of a log: episodes, marks, places; and that every byte is read once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats.log_digest import MAX_TEXT, LogDigest
from symphony_doctor.formats.log_lines import Clock
from symphony_doctor.model.log import Log, LogEvent, LogKind

WAIT = "JetStream system temporarily unavailable"
READY = "Cluster ready clusterName=c routes=2"
CONFLICT = "127.0.0.1:6222 - rid:{} - cluster name from remote server conflicts"


def stamped(second: int, message: str) -> str:
    return f"[1] 2026/11/25 {10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}.5 [INF] {message}\n"


def digest(text: str | bytes, *, block: int = 65536, mixed: bool = True) -> tuple[Log, ...]:
    data = text.encode() if isinstance(text, str) else text
    reading = LogDigest("nats.log", lambda shown: shown.replace("hunter2", "secret:00000000"), mixed=mixed)
    reading.begin("nats.log", 0, Clock(UTC))
    for at in range(0, len(data), block):
        reading.feed(data[at : at + block])
    return reading.result(truncated=False)


def only(text: str | bytes, kind: LogKind) -> LogEvent:
    (log,) = digest(text)
    (event,) = (each for each in log.events if each.kind is kind)
    return event


def test_a_complaint_is_counted_with_its_times_and_its_last_place() -> None:
    event = only("".join(stamped(at, WAIT) for at in (0, 5, 20)), LogKind.QUORUM)
    assert event.first_at is not None
    assert event.last_at is not None
    assert (event.count, event.last_at - event.first_at, event.where) == (3, 20.0, "nats.log:3")
    assert WAIT in event.text


def test_quorum_ends_what_is_about_quorum_and_buckets() -> None:
    text = stamped(0, WAIT) + stamped(1, "failed to create KV jobs: timeout") + stamped(2, READY)
    (log,) = digest(text)
    assert [(event.kind, event.count, event.total) for event in log.events] == [
        (LogKind.BUCKET, 0, 1),
        (LogKind.QUORUM, 0, 1),
    ]
    assert log.quorum_at is not None
    (log,) = digest(text + stamped(3, WAIT))
    assert [event.count for event in log.events if event.kind is LogKind.QUORUM] == [1]


def test_a_new_start_forgets_what_was_before() -> None:
    (log,) = digest(stamped(0, WAIT) + stamped(1, READY) + stamped(2, "Starting nats-server"))
    assert (log.events, log.quorum_at) == ((), None)
    assert log.started_at == log.last_at


def test_an_orderly_stop_is_seen_and_so_is_the_next_start() -> None:
    stop = stamped(0, WAIT) + stamped(1, "Initiating Shutdown...") + stamped(1, "Server Exiting..")
    assert digest(stop)[0].stopped
    assert not digest(stop + stamped(9, "Starting nats-server"))[0].stopped


def test_a_long_silence_begins_a_new_episode() -> None:
    event = only(stamped(0, WAIT) + stamped(1, WAIT) + stamped(1000, WAIT), LogKind.QUORUM)
    assert (event.count, event.total, event.first_at) == (1, 3, event.last_at)


def test_routes_that_stand_are_counted_after_the_last_error() -> None:
    made = "127.0.0.1:6222 - rid:{} - Route connection created"
    closed = "127.0.0.1:6222 - rid:{} - Router connection closed: Cluster Name Conflict"
    text = "".join(
        stamped(at, made.format(at)) + stamped(at, CONFLICT.format(at)) + stamped(at, closed.format(at))
        for at in range(5)
    )
    assert only(text, LogKind.ROUTE).routes_since == 0
    text += stamped(6, made.format(60)) + stamped(6, made.format(61))
    assert only(text, LogKind.ROUTE).routes_since == 2
    in_flight = only(text + stamped(7, CONFLICT.format(70)), LogKind.ROUTE)
    assert (in_flight.count, in_flight.total) == (6, 6)
    event = only(text + stamped(20, CONFLICT.format(70)), LogKind.ROUTE)
    assert (event.count, event.total) == (1, 6)


def test_lines_without_a_time_have_that_of_the_line_before() -> None:
    event = only(stamped(7, "something else") + WAIT + "\n", LogKind.QUORUM)
    assert event.last_at == digest(stamped(7, "x"))[0].last_at


def test_a_log_without_times_is_counted_all_the_same() -> None:
    event = only(f"{WAIT}\n" * 4, LogKind.QUORUM)
    assert (event.count, event.first_at, event.last_at) == (4, None, None)


def test_services_that_are_mixed_are_kept_apart() -> None:
    text = (
        f"symphony-1  | {stamped(0, WAIT)}"
        f"other-1     | {stamped(1, READY)}"
        f"symphony-1  | {stamped(2, '  Name:     node1')}"
    )
    logs = {log.service: log for log in digest(text)}
    assert set(logs) == {"symphony-1", "other-1"}
    assert [event.count for event in logs["symphony-1"].events] == [1]
    assert logs["symphony-1"].server_name == "node1"
    assert digest(text, mixed=False)[0].service == ""


def test_what_is_shown_has_no_secret_no_control_and_an_end() -> None:
    event = only(stamped(0, f"{WAIT} password=hunter2 \x1b[2J\x00 {'y ' * 5000}"), LogKind.QUORUM)
    assert "hunter2" not in event.text
    assert "secret:00000000" in event.text
    assert event.text.isprintable()
    assert len(event.text) <= MAX_TEXT


def test_a_huge_line_is_bounded_and_the_next_one_is_read() -> None:
    text = b"[1] 2026/11/25 10:00:00 [INF] " + b"x" * 5_000_000 + b" Server Exiting\n" + stamped(1, WAIT).encode()
    (log,) = digest(text)
    assert not log.stopped
    assert [(event.count, event.where) for event in log.events] == [(1, "nats.log:2")]


def test_many_different_things_are_bounded() -> None:
    (log,) = digest("".join(stamped(at % 3000, f"failed to create KV bucket{at}: timeout") for at in range(500)))
    assert len(log.events) <= 65
    assert sum(event.total for event in log.events) == 500


def test_garbage_is_no_error() -> None:
    (log,) = digest(bytes(range(256)) * 500 + b"\n" + WAIT.encode() + b"\x00\xff")
    assert [event.count for event in log.events] == [1]


LINES = st.lists(
    st.sampled_from(
        [
            stamped(1, WAIT),
            stamped(2, READY),
            stamped(3, CONFLICT.format(3)),
            stamped(4, "127.0.0.1:1 - rid:4 - Route connection created"),
            stamped(5, "nothing"),
            stamped(6, "Starting nats-server"),
            "plain text\n",
            "\n",
        ]
    ),
    max_size=12,
)


@given(LINES, st.integers(min_value=1, max_value=300))
def test_blocks_make_no_difference(lines: list[str], block: int) -> None:
    whole = digest("".join(lines), block=1_000_000)
    assert _without_lookback(digest("".join(lines), block=block)) == _without_lookback(whole)


def _without_lookback(logs: tuple[Log, ...]) -> list[tuple[object, ...]]:
    return [(log.started_at, log.quorum_at, log.stopped, log.last_at, log.events) for log in logs]


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_every_byte_is_handed_over_once(block: int) -> None:
    text = "".join(stamped(at, WAIT) for at in range(50)).encode()
    reading = LogDigest("nats.log", str)
    reading.begin("nats.log", 0, Clock(UTC))
    handed: Iterable[bytes] = (text[at : at + block] for at in range(0, len(text), block))
    for each in handed:
        reading.feed(each)
    (log,) = reading.result(truncated=False)
    assert [(event.total, event.where) for event in log.events] == [(50, "nats.log:50")]
