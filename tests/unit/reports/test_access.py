"""What this access can see: a table of nodes by sources, reasons, and what would let blind rules decide."""

from __future__ import annotations

import pytest

from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.cluster import Cluster, Kind
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.reports.access import access_page
from symphony_doctor.testing import healthy, installed_checks, without

DENIED = Missing(State.DENIED, "/accounts: permission denied; run as its owner or as root")
UNASKED = Missing(State.NOT_ASKED, "no system-account credentials (--creds, --context)")


def page(cluster: Cluster, width: int = 80) -> str:
    checks = installed_checks()
    return access_page(cluster, diagnose(checks, cluster), checks, width=width)


def rows(text: str) -> dict[str, str]:
    return {line.split()[0]: line for line in text.splitlines() if line and not line.startswith((" ", "-"))}


def test_full_access() -> None:
    text = page(healthy())
    for source in ("files", "log", "INFO", "NATS", "HTTP"):
        assert rows(text)[source].split()[1:] == ["yes"] * 3
    assert f"{len(installed_checks())} of {len(installed_checks())} rules can decide" in text
    assert "blind" not in text


def test_one_directory_that_may_not_be_read() -> None:
    text = page(without(healthy(), Kind.ACCOUNT_FILES, ["node2"], DENIED))
    assert "4 of 5, denied" in rows(text)["files"]
    assert "node2: /accounts: permission denied; run as its owner or as root" in " ".join(text.split())
    assert "--node DIR" in text


@pytest.mark.parametrize("kind", [Kind.SERVER, Kind.JETSTREAM])
def test_without_credentials(kind: Kind) -> None:
    text = page(without(healthy(), kind, missing=UNASKED))
    assert "--creds FILE or --context NAME: a user of the system account" in " ".join(text.split())
    assert text.count("no system-account credentials") == 1


def test_what_two_sources_could_tell_names_both() -> None:
    cluster = healthy()
    for kind in (Kind.OPERATOR, Kind.SYMPHONY_CONFIG, Kind.SERVER):
        cluster = without(cluster, kind, missing=UNASKED)
    blind = page(cluster, 200)
    line = next(at for at, text in enumerate(blind.splitlines()) if "ID001" in text)
    assert ", or --creds FILE" in blind.splitlines()[line + 1]


def test_no_node_at_all() -> None:
    text = page(Cluster(0.0, "", (), unseen=("127.0.0.1:1 refuses connections",)))
    assert "nothing: no node of a cluster was seen" in text
    assert "127.0.0.1:1 refuses connections" in text
    assert f"0 of {len(installed_checks())} rules can decide" in text


@pytest.mark.parametrize("width", [1, 40, 80, 300])
def test_any_width_and_hostile_names(width: int) -> None:
    cluster = without(healthy(), Kind.LOG, missing=Missing(State.UNREADABLE, "bad\x1b[31m name\nof a file"))
    text = page(cluster, width)
    assert "\x1b" not in text
    assert text.isascii()
