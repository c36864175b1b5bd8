"""Each action on a real cluster: it repairs the fault it is for, a fresh run is clean, undo puts it back."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable

import nats.errors
import pytest

from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.commands._repair_setting import reach_of
from symphony_doctor.formats import secret_values
from symphony_doctor.lab import breaking, layout
from symphony_doctor.lab.cluster import Lab
from symphony_doctor.model.action import Access
from symphony_doctor.remedies.access import log_in
from symphony_doctor.remedies.executor import doors_of
from symphony_doctor.remedies.hands import connected
from symphony_doctor.sources.credentials import Tls, creds_file
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.request import Request

from .fixing import Repairer, snapshot, stream_config, update_stream

pytestmark = pytest.mark.cluster


def test_set_replicas_repairs_undoes_and_changes_nothing_else(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    broken = asyncio.run(lab.break_("r1-bucket"))
    assert broken.stream is not None
    before = stream_config(lab, "alice", broken.stream)

    refused = doctor.fix("--yes")
    assert refused.returncode == 1
    assert f"it needs a user of account alice ({broken.account})" in refused.stdout
    assert stream_config(lab, "alice", broken.stream) == before

    planned = doctor.fix(*doctor.creds("alice"))
    assert "Scale KV_ext_legacy from 1 to 3 replicas" in planned.stdout
    assert "nothing was changed: there is no terminal" in planned.stderr
    dry = doctor.fix(*doctor.creds("alice"), "--yes", "--dry-run")
    assert "Plan " in dry.stdout
    assert stream_config(lab, "alice", broken.stream) == before
    assert not doctor.journal.exists()

    done = doctor.fix(*doctor.creds("alice"), "--yes")
    assert (done.returncode, " fixed: Scale" in done.stdout) == (0, True), done.stdout + done.stderr
    after = stream_config(lab, "alice", broken.stream)
    assert {**after, "num_replicas": 1} == before
    assert after["num_replicas"] == 3
    assert doctor.roots() == []
    assert doctor.phases() == ["planned", "began", "done"]

    undone = doctor.undo(*doctor.creds("alice"))
    assert undone.returncode == 0, undone.stderr
    assert stream_config(lab, "alice", broken.stream) == before
    assert doctor.roots() == ["JS001"]
    assert "cannot be undone: undone" in doctor.undo(doctor.entries()[0]["step"]).stderr


def test_a_user_made_of_the_nodes_own_seed_repairs_and_leaves_no_trace(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    stream = "KV_symphony_roles"
    update_stream(lab, "symphony", stream, num_replicas=1)
    nodes = tuple(node.directory for node in lab.nodes)
    configs = [path for node in nodes for path in (node / "symphony.config", node / "nats.config")]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in configs}

    done = doctor.fix("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stream_config(lab, "symphony", stream)["num_replicas"] == 3
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in configs} == before
    written = (doctor.journal / "journal.jsonl").read_text() + done.stdout + done.stderr
    assert not list(secret_values.find(written))
    assert "eyJ" not in written
    assert sorted(path.name for path in doctor.journal.iterdir()) == ["journal.jsonl"]
    assert (doctor.journal / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_made_user_can_do_nothing_but_what_its_step_needs(start: Callable[..., Lab]) -> None:
    lab = start()
    key, stream = lab.keys.identity.symphony.key, "KV_symphony_roles"
    request = Request(
        directories=tuple(NodeDirectory(node.directory) for node in lab.nodes),
        credentials=creds_file(lab.system_credentials),
    )
    allowed = f"$JS.API.STREAM.INFO.{stream}"

    async def use() -> None:
        cluster = await observe(request, new_secrets())
        login = log_in(Access(key, (allowed,)), reach_of(request, Wishes(), cluster), cluster, time.time())
        assert login.credentials is None
        async with connected(doors_of(cluster, Tls()), login, 5.0) as client:
            answer = await client.request(allowed, b"", timeout=5)
            assert json.loads(answer.data)["config"]["name"] == stream
            for subject in (f"$JS.API.STREAM.DELETE.{stream}", "$KV.symphony_roles.record-0", "$JS.API.INFO"):
                with pytest.raises((TimeoutError, nats.errors.Error)):
                    await client.request(subject, b"", timeout=0.5)

    asyncio.run(use())
    assert stream_config(lab, "symphony", stream)["num_replicas"] == 3


def test_resubmit_brings_an_absent_replica_back(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    broken = asyncio.run(lab.break_("absent-replica"))
    assert broken.stream is not None
    before = stream_config(lab, "dave", broken.stream)
    done = doctor.fix("--yes", *doctor.creds("dave"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not needed any more" in done.stdout or done.stdout.count(" fixed: ") >= 1
    assert stream_config(lab, "dave", broken.stream) == before
    assert doctor.until_healthy() == []
    assert "no step that could be undone" in doctor.undo().stderr


@pytest.mark.parametrize("faults", [("missing-jwt", "truncated-jwt"), ("empty-jwt", "stale-jwt", "foreign-jwt")])
def test_push_writes_every_resolvers_file_again(start: Callable[..., Lab], faults: tuple[str, ...]) -> None:
    """A server whose file was deleted or damaged under it takes the same JWT for known; it is written all the same."""
    lab = start()
    doctor = Repairer(lab)
    owner = breaking.user(lab, None)
    paths = [breaking.jwt_file(lab, node.name, owner.key) for node in lab.nodes]
    codes = {"missing-jwt": "AC001", "stale-jwt": "AC002"}
    for fault in faults:
        asyncio.run(lab.break_(fault))
        damaged = paths[1].read_bytes() if paths[1].exists() else None
        done = doctor.fix("--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert " fixed: Push" in done.stdout
        assert [path.read_text() for path in paths] == [owner.jwt] * 3
        assert doctor.roots() == []
        undone = doctor.call("fix", "undo", "--yes")
        assert undone.returncode == 0, undone.stderr
        assert (paths[1].read_bytes() if paths[1].exists() else None) == damaged
        assert doctor.roots() == [codes.get(fault, "AC003")]
        layout.write_private(paths[1], owner.jwt)


@pytest.mark.parametrize(
    ("fault", "code", "restart"),
    [
        ("cluster-name", "RT001", True),
        ("missing-route", "RT002", False),
        ("unknown-route", "RT005", False),
        ("config-drift", "CF008", False),
    ],
)
def test_config_set_edits_one_key_and_keeps_the_file(
    start: Callable[..., Lab],
    fault: str,
    code: str,
    restart: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_(fault))
    node = lab.node("node2")
    path = node.directory / ("symphony.config" if code == "CF008" else "nats.config")
    if path.name == "nats.config":
        text = path.read_text()
        path.write_text(f"# kept by hand\n{text.replace('port:', 'port   :', 1)}\n// the end\n")
    path.chmod(0o640)
    before = snapshot(node.directory)[str(path)]
    others = {name: state for name, state in snapshot(*(n.directory for n in lab.nodes)).items() if ".config" in name}

    done = doctor.fix("--yes", "--select", code)
    assert "sudo systemctl restart symphony" in done.stdout
    assert "docker compose restart symphony" in done.stdout
    after = snapshot(node.directory)[str(path)]
    assert after[1:] == before[1:], "mode, owner or times"
    changed = set(before[0].splitlines()) ^ set(after[0].splitlines())
    assert 1 <= len(changed) <= 2, changed
    kept = list(node.directory.glob(f"{path.name}.before-*"))
    assert [each.read_bytes() for each in kept] == [before[0]]
    now = {name: state for name, state in snapshot(*(n.directory for n in lab.nodes)).items() if name in others}
    assert {name for name in others if now[name] != others[name]} == {str(path)}
    if restart:
        assert "waits for the restart" in done.stdout
        assert done.returncode == 1
        asyncio.run(lab.restart_node("node2"))
    assert doctor.until_healthy() == []

    undone = doctor.call("fix", "undo", "--yes")
    assert undone.returncode == 0, undone.stderr
    assert snapshot(node.directory)[str(path)] == before
    assert [entry["phase"] for entry in doctor.entries()][-1] == "undone"


def test_a_secret_is_copied_and_never_shown(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("config-drift", key="oidc.clientsecret"))
    right = json.loads((lab.node("node1").directory / "symphony.config").read_text())["oidc"]["clientsecret"]
    done = doctor.fix("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"oidc.clientsecret: secret:[0-9a-f]{8} -> secret:[0-9a-f]{8}", done.stdout)
    fixed = json.loads((lab.node("node2").directory / "symphony.config").read_text())
    assert fixed["oidc"]["clientsecret"] == right
    assert fixed["network"]["uiport"] == lab.node("node2").ui_port
    shown = done.stdout + done.stderr + (doctor.journal / "journal.jsonl").read_text()
    assert right not in shown


def test_a_saved_report_is_repaired_only_as_far_as_it_still_holds(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("config-drift"))
    asyncio.run(lab.break_("missing-jwt"))
    saved = lab.root / "report.json"
    assert doctor.call("run", *doctor.arguments("both"), "--format", "json", "--output", saved).returncode == 1
    owner = breaking.user(lab, None)
    breaking.jwt_file(lab, "node2", owner.key).write_text(owner.jwt)
    asyncio.run(lab.break_("unknown-route"))
    done = doctor.fix("--report", saved, "--yes")
    assert "account.push is refused: a fresh look does not find it any more" in done.stdout
    assert "set oidc.issuer to the value of node1" in done.stdout
    assert "take a route out" not in done.stdout
    assert doctor.roots() == ["RT005"]


def test_run_with_fix_prints_the_document_alone_on_standard_output(start: Callable[..., Lab]) -> None:
    lab = start()
    doctor = Repairer(lab)
    asyncio.run(lab.break_("missing-jwt"))
    done = doctor.call("run", *doctor.arguments("both"), "--fix", "--yes", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, [finding["title"] for finding in report["findings"]]) == (0, []), done.stderr
    assert "Push the JWT" in done.stderr


def test_a_cluster_with_tls_is_repaired_by_way_of_its_authority(start: Callable[..., Lab]) -> None:
    """The authority that the servers are verified by for the diagnosis is that of the repair as well."""
    lab = start(tls=True)
    doctor = Repairer(lab)
    asyncio.run(lab.break_("r1-bucket"))
    done = doctor.fix(*doctor.creds("alice"), "--yes")
    assert (done.returncode, " fixed: Scale" in done.stdout) == (0, True), done.stdout + done.stderr
    assert doctor.until_healthy() == []
