"""Bundles of every schema that there ever was, made of a real cluster with known faults, are still diagnosed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symphony_doctor.bundles.manifest import SCHEMA
from symphony_doctor.commands._observing import cluster_of
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.model.finding import Severity
from symphony_doctor.sources.bundle import read_bundle
from symphony_doctor.testing import installed_checks

FOLDER = Path(__file__).parents[3] / "fixtures" / "bundles"
ON = {1: "node3", 2: "node2"}
"""Which node held the only replica when the bundle was made."""
BUNDLES = sorted(FOLDER.glob("schema-*.tar.gz"))


def test_there_is_one_of_each_schema() -> None:
    numbers = [int(re.findall(r"\d+", path.name)[0]) for path in BUNDLES]
    assert sorted(numbers) == list(range(1, SCHEMA + 1))


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_it_is_of_its_schema_and_still_diagnosed(path: Path) -> None:
    """Made of three nodes after ``r1-bucket`` and ``missing-jwt`` in ``symphony-doctor lab``."""
    bundle = read_bundle(path)
    assert path.name == f"schema-{bundle.manifest.schema}.tar.gz"
    report = diagnose(installed_checks(), cluster_of(bundle.snapshot))
    found = {(each.code, each.finding.nodes) for each in report.findings if each.severity > Severity.INFO}
    assert found == {("AC001", ("node2",)), ("JS001", (ON[bundle.manifest.schema],))}
