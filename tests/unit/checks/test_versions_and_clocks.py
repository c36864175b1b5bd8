"""SV001, SV002 and SV005 on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Cluster, Seen, Severity
from symphony_doctor.testing import NOW, changed, healthy, judge

HOUR = 3600.0


def with_server(cluster: Cluster, name: str, **changes: float) -> Cluster:
    node = cluster.node(name)
    assert node is not None
    assert isinstance(node.server, Seen)
    return changed(cluster, name, server=Seen(replace(node.server.value, **changes), "VARZ"))  # type: ignore[arg-type]


def clocks(*offsets: float, round_trip: float = 0.01) -> Cluster:
    cluster = healthy(len(offsets))
    for number, offset in enumerate(offsets, 1):
        cluster = with_server(cluster, f"node{number}", clock_offset=offset, round_trip=round_trip)
    return cluster


def odd(cluster: Cluster) -> list[tuple[tuple[str, ...], Severity | None]]:
    return [(finding.nodes, finding.severity) for finding in judge("SV002", cluster).findings]


def test_sv001_absent_same_version() -> None:
    """All servers run one version."""
    assert judge("SV001", healthy(3)).findings == ()


def test_sv001_fault_middle_of_an_upgrade() -> None:
    """One server is newer: it is the odd one, and the other two are to be upgraded."""
    finding = judge("SV001", changed(healthy(3), "node2", version=Seen("2.15.2", "VARZ"))).findings[0]
    assert finding.nodes == ("node2",)
    assert finding.remedies[0].title.startswith("Upgrade node1 and node3 to 2.15.2")


def test_sv001_fault_versions_are_numbers() -> None:
    """2.9.25 is older than 2.15.1, and a pre-release older than its release."""
    cluster = changed(healthy(3), "node2", version=Seen("2.9.25", "VARZ"))
    assert judge("SV001", cluster).findings[0].remedies[0].title.startswith("Upgrade node2 to 2.15.1")
    cluster = changed(healthy(3), "node2", version=Seen("2.15.1-RC.1", "VARZ"))
    assert judge("SV001", cluster).findings[0].remedies[0].title.startswith("Upgrade node2 to 2.15.1")


def test_sv001_near_miss_from_other_sources() -> None:
    """One version from VARZ, the same from a greeting."""
    assert judge("SV001", changed(healthy(3), "node2", version=Seen("2.15.1", "node2:4222"))).findings == ()


def test_sv002_absent_same_time() -> None:
    """All clocks agree."""
    assert odd(clocks(0.001, -0.001, 0.0)) == []


@pytest.mark.parametrize("offset", [1.1, -1.1, 86_400])
def test_sv002_fault_one_clock(offset: float) -> None:
    """One clock is more than a second ahead, or behind."""
    assert odd(clocks(0.0, offset, 0.0)) == [(("node2",), None)]


def test_sv002_fault_between_servers_only() -> None:
    """Two clocks are each within a second of this machine, and further than that from each other."""
    assert odd(clocks(-0.9, 0.9, 0.8)) == [(("node1",), None)]


def test_sv002_fault_two_nodes() -> None:
    """Of two servers that disagree, this machine's clock decides."""
    assert odd(clocks(30.0, 0.1)) == [(("node1",), None)]


def test_sv002_near_miss_nine_tenths() -> None:
    """A clock that is 0.9 s ahead."""
    assert odd(clocks(0.0, 0.9, 0.0)) == []


def test_sv002_near_miss_slow_answer() -> None:
    """An answer that took two seconds may be from any moment in between."""
    assert odd(clocks(0.0, 1.9, 0.0, round_trip=2.0)) == []


def test_sv002_near_miss_this_machine_is_wrong() -> None:
    """All servers agree, and only this machine's clock differs: worth knowing, and no fault of the cluster."""
    assert odd(clocks(30.0, 30.2, 29.9)) == [((), Severity.INFO)]


def test_sv005_absent_none() -> None:
    """No consumer was ever slow."""
    assert judge("SV005", healthy(3)).findings == ()


def test_sv005_fault_many_in_a_short_time() -> None:
    """Three slow consumers in two hours."""
    finding = judge("SV005", with_server(healthy(3), "node2", slow_consumers=3)).findings[0]
    assert finding.nodes == ("node2",)
    assert "in the 2 hours since its start" in finding.title


def test_sv005_fault_routes_are_named() -> None:
    """That routes are among them is said."""
    cluster = with_server(healthy(3), "node2", slow_consumers=9, slow_routes=2)
    assert "2 routes to other servers among them" in judge("SV005", cluster).findings[0].detail


def test_sv005_near_miss_one_client() -> None:
    """One suspended laptop."""
    assert judge("SV005", with_server(healthy(3), "node2", slow_consumers=1)).findings == ()


def test_sv005_near_miss_old_count() -> None:
    """Fifty slow consumers of a server that has run for ninety days: less than one a day."""
    cluster = with_server(healthy(3), "node2", slow_consumers=50, started_at=NOW - 90 * 24 * HOUR)
    assert judge("SV005", cluster).findings == ()
