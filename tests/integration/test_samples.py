"""Two samples of a real cluster: leaders that stay, leaders that move, and what a bundle keeps of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._gather import gather
from symphony_doctor.commands._observing import cluster_of
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.lab.leading import move_leaders
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Severity
from symphony_doctor.sources.collect import server_address
from symphony_doctor.sources.credentials import creds_file
from symphony_doctor.sources.observation import ServerAnswers
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Sample, Snapshot
from symphony_doctor.testing import judge

from .conftest import Doctor

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A healthy cluster of three."""
    made = asyncio.run(Lab.create(tmp_path_factory.mktemp("samples") / "lab"))
    yield made
    asyncio.run(made.stop())


async def look(lab: Lab) -> Snapshot:
    request = Request(servers=tuple(map(server_address, lab.urls())), credentials=creds_file(lab.system_credentials))
    return await gather(request, new_secrets())


def after(earlier: Snapshot, now: Snapshot) -> Snapshot:
    answers = tuple(each for each in earlier.observations if isinstance(each, ServerAnswers))
    return replace(now, earlier=Sample(earlier.observed_at, answers))


def test_js012_absent_on_a_cluster_at_rest(lab: Lab, tmp_path: Path) -> None:
    """All leaders stay; a bundle keeps both samples, and what follows from them."""
    doctor = Doctor(lab)
    status, report = doctor.run("both", "--samples", "2", "--interval", "500ms")
    assert (status, report["findings"]) == (0, [])
    assert next(each for each in report["checks"] if each["code"] == "JS012")["status"] == "passed"
    _, once = doctor.run("both")
    assert next(each for each in once["checks"] if each["code"] == "JS012")["reason"].startswith(
        "the servers were asked once"
    )


def test_js012_fault_leaders_move(lab: Lab) -> None:
    """Every leader moves to one node between two samples."""

    async def two_samples() -> tuple[str, Snapshot]:
        before = await look(lab)
        (leader,) = {
            each.jetstream.value.meta.leader
            for each in before.observations
            if isinstance(each, ServerAnswers) and isinstance(each.jetstream, Seen) and each.jetstream.value.meta
        }
        other = next(node.name for node in lab.nodes if node.name != leader)
        await move_leaders(lab, other)
        return other, after(before, await look(lab))

    name, snapshot = asyncio.run(two_samples())
    (finding,) = judge("JS012", cluster_of(snapshot)).findings
    assert "JSZ, meta_cluster" in {each.where for each in finding.evidence}
    assert {each.actual for each in finding.evidence} == {f"led by {name}"}
    assert finding.severity is None or finding.severity is Severity.INFO
