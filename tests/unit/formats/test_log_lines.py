"""Lines of logs in every wrapping, and messages of every kind."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symphony_doctor.formats.log_lines import MAX_LINE, Clock, read_line
from symphony_doctor.formats.log_messages import Said, Statement, finder, read_message, route_marks

UTC_CLOCK = Clock(UTC, datetime(2026, 11, 25, 23, 0, tzinfo=UTC).timestamp())
AT = datetime(2026, 11, 25, 22, 23, 14, tzinfo=UTC).timestamp()
KEY = "A" + "B" * 55


@pytest.mark.parametrize(
    ("raw", "service", "host", "at", "message"),
    [
        ("[12] 2026/11/25 22:23:14.123456 [INF] Server is ready", "", "", AT + 0.123456, "Server is ready"),
        ("[12] 2026/11/25 22:23:14 [INF] Server is ready", "", "", AT, "Server is ready"),
        ("2026/11/25 22:23:14 INFO Cluster ready routes=2", "", "", AT, "Cluster ready"),
        ("time=2026-11-25T22:23:14.5Z level=INFO msg=ready", "", "", AT + 0.5, "msg=ready"),
        ("2026-11-25T23:23:14+01:00 node1 symphony[1]: x", "", "", AT, "x"),
        ("2026-11-25T22:23:14,250 x", "", "", AT + 0.25, "x"),
        ("symphony-1  | [1] 2026/11/25 22:23:14 [INF] x", "symphony-1", "", AT, "x"),
        ("symphony-1  | 2026-11-25T22:23:14.123456789Z x", "symphony-1", "", AT + 0.123456789, "x"),
        ("\x1b[36msymphony-1  | \x1b[0mCluster ready", "symphony-1", "", None, "Cluster ready"),
        ("Nov 25 22:23:14 node1.example.com symphony[7]: Cluster ready", "", "node1.example.com", AT, "Cluster ready"),
        ("Cluster ready clusterName=c routes=2", "", "", None, "Cluster ready"),
        ("", "", "", None, ""),
    ],
)
def test_wrappings(raw: str, service: str, host: str, at: float | None, message: str) -> None:
    line = read_line(raw.encode(), UTC_CLOCK)
    assert (line.service, line.host) == (service, host)
    assert line.at == pytest.approx(at) if at is not None else line.at is None
    assert message in line.message


def test_a_journal_entry_has_its_own_time_and_host() -> None:
    entry = {"MESSAGE": "Cluster ready", "__REALTIME_TIMESTAMP": str(int(AT * 1e6)), "_HOSTNAME": "node2"}
    line = read_line(json.dumps(entry).encode(), UTC_CLOCK)
    assert (line.host, line.at, line.message) == ("node2", AT, "Cluster ready")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (list(b"Cluster \xff ready"), "Cluster \N{REPLACEMENT CHARACTER} ready"),
        (["one", "two"], "one two"),
        (None, ""),
        ([1, 5000], ""),
        ({}, ""),
    ],
)
def test_a_journal_message_may_be_no_string(message: object, text: str) -> None:
    entry = json.dumps({"MESSAGE": message, "__REALTIME_TIMESTAMP": "nonsense"})
    assert read_line(entry.encode(), UTC_CLOCK).message == text


def test_a_time_without_year_is_the_last_such_time_before_the_file_was_written() -> None:
    january = Clock(UTC, datetime(2027, 1, 2, tzinfo=UTC).timestamp())
    assert read_line(b"Dec 31 10:00:00 node1 symphony[7]: x", january).at == (
        datetime(2026, 12, 31, 10, tzinfo=UTC).timestamp()
    )


def test_a_time_without_zone_is_of_the_zone_that_is_told() -> None:
    east = Clock(timezone(timedelta(hours=2)))
    assert read_line(b"[1] 2026/11/26 00:23:14 [INF] x", east).at == AT


@pytest.mark.parametrize("raw", [b"2026/13/45 99:99:99 x", b"Xyz 99 10:00:00 a b: x", b"Feb 31 10:00:00 a b: x"])
def test_times_that_are_none(raw: bytes) -> None:
    assert read_line(raw, UTC_CLOCK).at is None


def test_a_zone_that_is_none_is_left_out() -> None:
    assert read_line(b"2026-11-25T22:23:14+99:99 x", UTC_CLOCK).at == AT


@given(st.binary(max_size=400))
def test_any_bytes_are_a_line(raw: bytes) -> None:
    line = read_line(raw, UTC_CLOCK)
    read_message(line.message)
    list(route_marks(raw))


@given(st.text(max_size=300))
def test_any_text_is_a_message(text: str) -> None:
    for prefix in ("failed to create KV ", "err_code 10039 ", "127.0.0.1:1 - rid:1 - TLS ", "dial tcp "):
        read_message(prefix + text)


def test_a_line_is_cut() -> None:
    assert len(read_line(b"x" * (3 * MAX_LINE), UTC_CLOCK).message) == MAX_LINE


@pytest.mark.parametrize(
    ("message", "statement"),
    [
        ("Starting nats-server", Statement(Said.STARTED)),
        ("  Name:     node1", Statement(Said.NAMED, "node1")),
        ("Initiating Shutdown...", Statement(Said.STOPPED)),
        ("Server Exiting..", Statement(Said.STOPPED)),
        ("JetStream cluster no metadata leader", Statement(Said.LEADERLESS)),
        ("JetStream cluster new metadata leader: node2/c", Statement(Said.QUORUM)),
        ("Self is new JetStream cluster metadata leader", Statement(Said.QUORUM)),
        ("Cluster ready clusterName=symphony-cluster routes=2", Statement(Said.QUORUM)),
        ('msg="Cluster ready" clusterName=c', Statement(Said.QUORUM)),
        ("Symphony ready url=nats://10.0.0.1:4222", Statement(Said.QUORUM)),
        ("waiting until Cluster ready", None),
        ("JetStream system temporarily unavailable", Statement(Said.QUORUM_WAIT)),
        ("retry: context deadline exceeded", Statement(Said.QUORUM_WAIT)),
        ('Get "https://login.example.com": context deadline exceeded', None),
        ("JetStream cluster stream 'A > KV_x' has NO quorum, stalled", Statement(Said.QUORUM_WAIT)),
        ("JetStream has not established contact with a meta leader", Statement(Said.QUORUM_WAIT)),
        ("Waiting for routing to be established...", Statement(Said.QUORUM_WAIT)),
        (f"account={KEY}: jetstream not enabled for account (err_code 10039)", Statement(Said.NO_JETSTREAM, KEY)),
        ("account=alice err_code=10039", Statement(Said.NO_JETSTREAM, "alice")),
        ("jetstream not enabled for account (err_code 10039)", Statement(Said.NO_JETSTREAM)),
        ('{"err_code":10039}', Statement(Said.NO_JETSTREAM)),
        ("connected to 127.0.0.1:10039", None),
        ("failed to create KV roles … context deadline exceeded", Statement(Said.BUCKET_FAILED, "roles")),
        ('failed to create KV bucket "jobs": timeout', Statement(Said.BUCKET_FAILED, "jobs")),
        ("failed to create KV: context deadline exceeded", Statement(Said.BUCKET_FAILED)),
        ("Failed to create KV bucket=KV_jobs err=timeout", Statement(Said.BUCKET_FAILED, "jobs")),
        (
            "Error trying to connect to route (attempt 7): dial tcp 10.0.0.2:6222: connect: connection refused",
            Statement(Said.ROUTE_ERROR, "unreachable", "10.0.0.2:6222"),
        ),
        (
            "Error trying to connect to route (attempt 1): dial tcp: lookup node2.example.com: no such host",
            Statement(Said.ROUTE_ERROR, "unreachable", "node2.example.com"),
        ),
        (
            "Error trying to connect to route (attempt 1): dial tcp [::1]:6222: connect: connection refused",
            Statement(Said.ROUTE_ERROR, "unreachable", "[::1]:6222"),
        ),
        (
            '10.0.0.2:51234 - rid:9 - Rejecting connection, cluster name "b" does not match "a"',
            Statement(Said.ROUTE_ERROR, "cluster name", "10.0.0.2"),
        ),
        (
            "10.0.0.2:6222 - rid:9 - cluster name from remote server conflicts",
            Statement(Said.ROUTE_ERROR, "cluster name", "10.0.0.2"),
        ),
        (
            '10.0.0.2:6222 - rid:9 - Remote server has a duplicate name: "node1"',
            Statement(Said.ROUTE_ERROR, "server name", "10.0.0.2"),
        ),
        (
            "10.0.0.2:6222 - rid:9 - TLS route handshake error: remote error: tls: bad certificate",
            Statement(Said.ROUTE_ERROR, "TLS", "10.0.0.2"),
        ),
        (
            "10.0.0.2:6222 - rid:9 - authentication error",
            Statement(Said.ROUTE_ERROR, "authorization", "10.0.0.2"),
        ),
        (
            "10.0.0.2:6222 - rid:9 - Route Error 'Authorization Violation'",
            Statement(Said.ROUTE_ERROR, "authorization", "10.0.0.2"),
        ),
        (
            f"10.0.0.2:6222 - rid:9 - Route Error 'Unable to lookup account \"{KEY}\": not found'",
            Statement(Said.ROUTE_ERROR, "account", "10.0.0.2"),
        ),
        ("10.0.0.9:6222 - rid:9 - TLS route handshake error: EOF", None),
        ("10.0.0.9:6222 - rid:9 - TLS route handshake error: tls: client didn't provide a certificate", None),
        ("10.0.0.9:4222 - cid:9 - authentication error", None),
        ("[1] 2026/11/25 22:23:14 [TRC] <<- MSG_PAYLOAD: context deadline exceeded", None),
        ("time=2026-11-25T22:23:14Z level=DEBUG msg='context deadline exceeded'", None),
        ("Listening for client connections on 127.0.0.1:4222", None),
    ],
)  # fmt: skip
def test_messages(message: str, statement: Statement | None) -> None:
    assert read_message(message) == statement
    if statement is not None:
        find = finder(message.encode())
        assert find is not None, "the search for interesting lines passes it over"


def test_routes_made_and_closed() -> None:
    log = (
        b"[1] 2026/11/25 22:23:14 [INF] 127.0.0.1:6222 - rid:8 - Route connection created\n"
        b"[1] 2026/11/25 22:23:15 [INF] 127.0.0.1:6222 - rid:8 - Router connection closed: Client Closed\n"
    )
    assert [statement for _, statement in route_marks(log)] == [
        Statement(Said.ROUTE_MADE, "8"),
        Statement(Said.ROUTE_CLOSED, "8"),
    ]


def test_most_lines_cost_one_search() -> None:
    assert finder(b"[1] 2026/11/25 22:23:14 [INF] nothing of interest\n" * 1000) is None
    assert isinstance(finder(b"Cluster ready"), re.Pattern)
