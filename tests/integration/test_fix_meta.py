"""The meta group: a peer that is gone is removed, never one that answers; a quorum lost for good is forced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab import control
from symphony_doctor.lab.cluster import Lab

from .fixing import Repairer

pytestmark = pytest.mark.cluster

PROPOSAL = '''
"""Proposes to remove the peer named in the title: what a third party's rule does."""

from symphony_doctor.api import Finding, Kind, Remedy, Risk, Severity, Subject, check, known


@check("ZZ901", name="wants-peer-removed", severity=Severity.ERROR, needs=(Kind.JETSTREAM,))
def wants_peer_removed(cluster):
    """A peer is to be removed as long as any server counts it."""
    values, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    peers = {replica.name for seen in values.values() if seen.value.meta for replica in seen.value.meta.replicas}
    if not any("{peer}" in peer or ("{id}" and "{id}" in peer) for peer in peers):
        return
    yield Finding(
        title="Remove {peer}", detail="", subject=Subject("node", "{peer}"), nodes=(), evidence=(),
        remedies=(
            Remedy("Remove it", (), Risk.DESTRUCTIVE, "meta.remove-peer", (("peer", "{peer}"), ("peer_id", "{id}"))),
        ),
    )
'''


def meta(lab: Lab, node: str) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with lab.system_client(node) as system:
            answers = await control.ping(system, "JSZ", expect=len(lab.urls()))
            found: dict[str, Any] = answers[node]["meta_cluster"]
            return found

    return asyncio.run(ask())


def proposal(folder: Path, peer: str, peer_id: str = "") -> tuple[str, ...]:
    folder.mkdir()
    text = PROPOSAL.replace("{peer}", peer).replace("{id}", peer_id)
    (folder / "wants.py").write_text(text)
    return ("--checks-dir", str(folder), "--select", "ZZ901")


def test_a_ghost_is_removed_by_its_own_confirmation_and_a_live_peer_never(
    start: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = start()
    doctor = Repairer(lab)
    live = doctor.fix(*proposal(tmp_path / "live", "node2"), "--yes", "--yes-destructive", "node2")
    assert "meta.remove-peer is refused: node1 has a route to node2: never a peer that still answers" in live.stdout

    asyncio.run(lab.break_("ghost-peer"))
    leader = str(meta(lab, "node1")["leader"])
    ghost = next(each for each in meta(lab, leader)["replicas"] if each["name"] not in {"node1", "node2"})
    wanted = proposal(tmp_path / "ghost", "node3", ghost["peer"])
    only_yes = doctor.fix(*wanted, "--yes")
    assert "needs its own confirmation: --yes-destructive node3" in only_yes.stderr
    assert meta(lab, leader)["cluster_size"] == 3

    done = doctor.fix(*wanted, "--yes-destructive", "node3")
    assert "node3 is no peer any more" in done.stdout, done.stdout + done.stderr
    assert " fixed: Remove node3" in done.stdout
    assert done.returncode == 0
    assert meta(lab, leader)["cluster_size"] == 2
    assert "no step that could be undone" in doctor.undo().stderr


def test_a_quorum_that_is_lost_for_good_is_forced_and_only_then(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("quorum-lost"))
    survivor = lab.node("node1")
    arguments = ["--node", str(survivor.directory), "--creds", str(lab.system_credentials), "--yes", "--timeout", "3s"]
    sure = ["--yes-destructive", "symphony-cluster"]

    refused = doctor.call("fix", *arguments, *sure)
    assert "a majority could still come back: start node2, node3" in refused.stdout, refused.stdout + refused.stderr
    refused = doctor.call("fix", *arguments, *sure, "--lost", "node2")
    assert "--lost node3" in refused.stdout
    assert not meta(lab, "node1").get("leader")
    both = [*arguments, "--lost", "node2", "--lost", "node3"]
    unconfirmed = doctor.call("fix", *both)
    assert "needs its own confirmation: --yes-destructive symphony-cluster" in unconfirmed.stderr
    assert not meta(lab, "node1").get("leader")

    done = doctor.call("fix", *both, *sure)
    assert "the meta group has a leader again, and node2, node3 are removed" in done.stdout, done.stdout + done.stderr
    found = meta(lab, "node1")
    assert (found["leader"], found["cluster_size"]) == ("node1", 1)
