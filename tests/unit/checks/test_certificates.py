"""SV003 on snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Certificate, Cluster, Evidence, Missing, Port, PortCertificate, Seen, Severity, State
from symphony_doctor.model.report import Status
from symphony_doctor.testing import NOW, changed, healthy, judge

DAY = 86_400.0


def ending(days: float, digest: str = "one") -> Certificate:
    return Certificate("CN=node", "CN=authority", ("node",), NOW - 10 * DAY, NOW + days * DAY, digest)


def entry(
    found: Evidence[Certificate] | Certificate, port: Port = Port.CLIENT, *, live: bool = True
) -> PortCertificate:
    evidence = Seen(found, "node:1") if isinstance(found, Certificate) else found
    return PortCertificate(port, "node:1" if live else "tls/server.pem", evidence, live)


def shown(*entries: PortCertificate, nodes: tuple[str, ...] = ("node2",)) -> Cluster:
    cluster = healthy(3)
    for name in nodes:
        cluster = changed(cluster, name, certificates=Seen(entries, ""))
    return cluster


def found(cluster: Cluster) -> list[tuple[tuple[str, ...], Severity | None]]:
    return [(finding.nodes, finding.severity) for finding in judge("SV003", cluster).findings]


def test_sv003_absent_no_tls() -> None:
    """No port has TLS."""
    assert judge("SV003", healthy(3)).result.status is Status.PASSED


def test_sv003_absent_long_valid() -> None:
    """Certificates that are valid for another year."""
    assert judge("SV003", shown(entry(ending(365)))).result.status is Status.PASSED


@pytest.mark.parametrize("port", Port)
def test_sv003_fault_expired(port: Port) -> None:
    """The certificate of any port has expired: an error."""
    assert found(shown(entry(ending(-1), port))) == [(("node2",), Severity.ERROR)]


def test_sv003_fault_not_valid_yet() -> None:
    """A certificate that is valid from tomorrow on is refused today: an error."""
    assert found(shown(entry(replace(ending(90), not_before=NOW + DAY)))) == [(("node2",), Severity.ERROR)]


def test_sv003_fault_soon() -> None:
    """A certificate that ends in thirty days is a warning."""
    assert found(shown(entry(ending(30)))) == [(("node2",), Severity.WARNING)]


def test_sv003_fault_one_finding_a_certificate() -> None:
    """One certificate on all ports of all nodes is one finding that lists them."""
    entries = [entry(ending(3), port) for port in (Port.CLIENT, Port.ROUTE, Port.WEBSOCKET)]
    assert found(shown(*entries, nodes=("node1", "node2", "node3"))) == [
        (("node1", "node2", "node3"), Severity.WARNING)
    ]


def test_sv003_fault_by_the_servers_word() -> None:
    """Where the port could not be reached, the end that the server tells of is enough."""
    told = Certificate("", "", None, None, NOW + 3 * DAY)
    assert found(shown(entry(told), entry(told, Port.ROUTE))) == [(("node2",), Severity.WARNING)] * 2


def test_sv003_fault_renewed_and_not_loaded() -> None:
    """The file was renewed, the server still shows the old one: the finding says which file."""
    cluster = shown(entry(ending(2)), entry(ending(365, "new"), live=False))
    assert "tls/server.pem holds a later one" in judge("SV003", cluster).findings[0].detail


def test_sv003_near_miss_thirty_one_days() -> None:
    """A certificate that is valid for another 31 days."""
    assert found(shown(entry(ending(31)))) == []


def test_sv003_near_miss_just_issued() -> None:
    """A certificate that was issued this second."""
    assert found(shown(entry(replace(ending(90), not_before=NOW)))) == []


def test_sv003_finding_in_spite_of_a_gap() -> None:
    """A port that could not be looked at does not hide the other's certificate."""
    lost = entry(Missing(State.TIMED_OUT, "no answer"), Port.WEBSOCKET)
    assert found(shown(entry(ending(-1)), lost)) == [(("node2",), Severity.ERROR)]
    assert judge("SV003", shown(entry(ending(90)), lost)).result.status is Status.SKIPPED
