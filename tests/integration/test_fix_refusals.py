"""What is refused, each on a real cluster, and what an accident in the middle leaves behind."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable

import pytest

from symphony_doctor.lab.cluster import Lab
from symphony_doctor.remedies.lock import locked

from .conftest import PROGRAM
from .cutting import Cutter
from .fixing import Killer, Repairer, leader_of, stream_config, told, update_stream

pytestmark = pytest.mark.cluster

STREAM = "KV_symphony_roles"


def replicas(lab: Lab) -> int:
    count: int = stream_config(lab, "symphony", STREAM)["num_replicas"]
    return count


def test_nothing_touches_replicas_while_the_quorum_is_at_risk_or_lost(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    update_stream(lab, "symphony", STREAM, num_replicas=1)
    holder = leader_of(lab, "symphony", STREAM)
    first, second = [node.name for node in lab.nodes if node.name != holder]
    asyncio.run(lab.break_("dead-node", first))
    done = doctor.fix("--yes")
    assert done.returncode == 1
    assert "the quorum is at risk: 2 of 3 nodes are up" in done.stdout
    asyncio.run(lab.stop_node(second, kill=True))
    done = doctor.fix("--yes", "--yes-destructive", "symphony-cluster")
    assert "the quorum is lost, or not known: 1 of 3 nodes" in done.stdout
    assert "meta.rescue is refused" in done.stdout
    assert not doctor.journal.exists()


def test_nothing_but_the_identity_is_repaired_while_identities_differ(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("config-drift", "node3"))
    asyncio.run(lab.break_("operator-differs"))
    before = (lab.node("node3").directory / "symphony.config").read_bytes()
    done = doctor.fix("--yes")
    assert done.returncode == 1
    assert "operators differ between the nodes: nothing but the identity is repaired first" in done.stdout
    assert (lab.node("node3").directory / "symphony.config").read_bytes() == before


def answered_on_a_terminal(doctor: Repairer, meanwhile: Callable[[], None], *arguments: str) -> tuple[int, str]:
    """Run ``fix`` on a terminal, do something while it asks, then agree."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "fix", *doctor.arguments("both"), "--journal", doctor.journal, *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    asked = False
    end = time.monotonic() + 120
    while time.monotonic() < end:
        ready, _, _ = select.select([ours], [], [], 0.2)
        if ready:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        if b"[y/N]" in shown and not asked:
            asked = True
            meanwhile()
            os.write(ours, b"y\n")
    os.close(ours)
    return process.wait(60), shown.decode()


def test_a_step_is_refused_where_the_cluster_changed_since_the_evidence(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    update_stream(lab, "symphony", STREAM, num_replicas=1)
    _, shown = answered_on_a_terminal(doctor, lambda: update_stream(lab, "symphony", STREAM, num_replicas=2))
    assert "the cluster changed since the plan" in shown
    assert replicas(lab) == 2
    assert doctor.phases() == ["planned", "refused"]

    asyncio.run(lab.break_("config-drift"))
    path = lab.node("node2").directory / "symphony.config"

    def another_editor() -> None:
        path.write_text(path.read_text().replace("symphony-changed", "symphony-changed-again"))

    _, shown = answered_on_a_terminal(doctor, another_editor, "--select", "CF008")
    assert "the cluster changed since the plan" in shown
    assert "symphony-changed-again" in path.read_text()

    _, shown = answered_on_a_terminal(doctor, lambda: None, "--select", "CF008")
    assert " fixed: " in shown
    assert "symphony-changed" not in path.read_text()


def test_a_lock_that_another_doctor_holds_says_who(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("config-drift"))
    before = (lab.node("node2").directory / "symphony.config").read_bytes()
    doctor.journal.mkdir()
    for folder in (doctor.journal, lab.node("node2").directory):
        with locked([folder]):
            done = doctor.fix("--yes")
        assert done.returncode == 2
        assert f"another doctor is at work, process {os.getpid()} of " in done.stderr
        assert "nothing was changed" in done.stderr
        assert (lab.node("node2").directory / "symphony.config").read_bytes() == before
    assert doctor.fix("--yes").returncode == 0
    assert not list(lab.root.rglob("*.lock"))


@pytest.mark.parametrize("deliver", [False, True], ids=["before it is sent", "before it is answered"])
def test_a_connection_lost_in_the_middle_is_judged_by_another_look(start: Callable[..., Lab], deliver: bool) -> None:  # noqa: FBT001
    lab = start()
    doctor = Repairer(lab)
    update_stream(lab, "symphony", STREAM, num_replicas=1)
    cutter = Cutter(lab.node("node1").client_port, b"STREAM.UPDATE", deliver=deliver)
    with cutter.running() as port:
        arguments = ["--server", f"127.0.0.1:{port}", "--creds", str(lab.system_credentials)]
        done = doctor.call("fix", *arguments, *doctor.creds("symphony"), "--yes", "--timeout", "3s")
    assert cutter.cuts == 1
    assert "whether it was done shows in what follows" in done.stdout
    if deliver:
        assert " fixed: Scale" in done.stdout, done.stdout + done.stderr
        assert replicas(lab) == 3
    else:
        assert " failed: Scale" in done.stdout, done.stdout + done.stderr
        assert replicas(lab) == 1
        assert doctor.fix("--yes").returncode == 0
        assert replicas(lab) == 3


def test_killed_at_any_step_of_an_action_on_a_stream(start: Callable[..., Lab]) -> None:
    """The stream has its old or its new configuration, whole; the journal can be read and says which step it was."""
    lab = start()
    doctor = Repairer(lab)
    update_stream(lab, "symphony", STREAM, num_replicas=1)
    before = stream_config(lab, "symphony", STREAM)
    states, at, status = set(), 0, -9
    with Killer("fix", *doctor.arguments("both"), "--select", "JS001", "--yes") as killer:
        while status == -9:
            journal = lab.root / f"journal{at}"
            status = killer.kill(at, "--journal", journal)
            now = stream_config(lab, "symphony", STREAM)
            assert {**now, "num_replicas": 1} == before
            states.add(now["num_replicas"])
            log = told(journal)
            if now["num_replicas"] == 3:
                assert "interrupted" in log or "done" in log
                update_stream(lab, "symphony", STREAM, num_replicas=1)
            # what comes after the change is not worth a run for each line of the journal
            at += 1 if states == {1} else 3
    assert status == 0
    assert states == {1, 3}
    assert at > 8
