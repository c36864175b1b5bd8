"""Clusters with TLS: how the doctor gets in, what it says where it cannot, and the ports beside client and route."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.formats.log_messages import read_message
from symphony_doctor.lab import certificates, starting
from symphony_doctor.lab.cluster import Lab

from .conftest import PROGRAM, Doctor
from .test_faults import above_info, roots

pytestmark = pytest.mark.cluster


def run(*arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [PROGRAM, "run", "--format", "json", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def reasons(report: dict[str, Any], code: str) -> str:
    return next(str(check["reason"]) for check in report["checks"] if check["code"] == code)


def test_without_the_authority_the_reason_names_the_option(start: Callable[..., Lab]) -> None:
    """Servers that cannot be verified are not asked; what needs no credentials is judged all the same."""
    lab = start(nodes=3, tls=True)
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    status, report, errors = run(*nodes, "--creds", str(lab.system_credentials))
    assert status == 3
    assert errors == ""
    assert above_info(report) == []
    assert "--tlsca FILE" in reasons(report, "JS003")
    outcome = {check["code"]: check["status"] for check in report["checks"]}
    assert {outcome[code] for code in ("RT003", "RT007", "SV003", "QU001")} == {"passed"}


def test_lg004_near_miss_the_doctors_own_look_at_a_route_port_with_tls(start: Callable[..., Lab]) -> None:
    """A look at the certificate of a route port leaves an error in that server's log: it is none of a route."""
    lab = start(nodes=3, tls=True)
    Doctor(lab).run("both")
    lines = [
        line
        for node in lab.nodes
        for line in (node.directory / "nats.log").read_text().splitlines()
        if "TLS route handshake error" in line
    ]
    assert lines
    assert [line for line in lines if read_message(line) is not None] == []


def test_another_authority_is_said_to_be_another(start: Callable[..., Lab], tmp_path: Path) -> None:
    """The file given is named where it is not the one that signed."""
    lab = start(nodes=1, tls=True)
    other = tmp_path / "other"
    other.mkdir()
    certificates.create_authority(other)
    authority = other / certificates.FOLDER / certificates.AUTHORITY
    status, report, _ = run(
        "--node", str(lab.nodes[0].directory), "--creds", str(lab.system_credentials), "--tlsca", str(authority)
    )
    assert status == 3
    assert f"{authority} did not sign it" in reasons(report, "JS003")


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_authority_that_is_none(content: bytes | None, tmp_path: Path) -> None:
    """A missing, empty or damaged file is an error of the command line that names it."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    status, report, errors = run("--server", "127.0.0.1:1", "--tlsca", str(file))
    assert (status, report) == (2, {})
    assert str(file) in errors
    assert "Traceback" not in errors


def test_a_context_brings_its_authority(start: Callable[..., Lab], tmp_path: Path) -> None:
    """``ca`` of a context of the nats command line is what --tlsca gives."""
    lab = start(nodes=3, tls=True)
    folder = tmp_path / "nats" / "context"
    folder.mkdir(parents=True)
    context = {
        "url": ",".join(node.client_url for node in lab.nodes),
        "creds": str(lab.system_credentials),
        "ca": str(lab.authority),
    }
    (folder / "lab.json").write_text(json.dumps(context))
    status, report, _ = run("--context", "lab", XDG_CONFIG_HOME=str(tmp_path))
    assert (status, above_info(report)) == (0, [])


def test_a_server_that_speaks_tls_first(start: Callable[..., Lab]) -> None:
    """With ``handshake_first`` a server says nothing before TLS: it is greeted by a handshake, and asked."""
    lab = start(nodes=1, tls=True)
    node = lab.nodes[0]
    _edit(node.directory, '  ca_file: "tls/ca.pem"\n', '  ca_file: "tls/ca.pem"\n  handshake_first: true\n')
    asyncio.run(lab.stop_node(node.name))
    state = lab.node_state(node.name)
    # the lab's own wait looks for a greeting in plain, and so does its UI before it calls itself healthy
    state.process = starting.start_server(lab.root, lab.state, state)
    lab.save()
    status, report, _ = run(
        "--node", str(node.directory), "--creds", str(lab.system_credentials), "--tlsca", str(lab.authority),
        "--wait", "30s", "--ignore", "UI001",
    )  # fmt: skip
    assert (status, above_info(report)) == (0, [])
    assert {"files", "nats", "info"} <= set(report["cluster"]["nodes"][0]["sources"])


def test_sv003_fault_websocket_port(start: Callable[..., Lab]) -> None:
    """The certificate of the WebSocket port has expired, that of the others has not."""
    lab = start(nodes=1, tls=True)
    node = lab.nodes[0]
    now = datetime.now(UTC)
    for name, days in (("web", -2), (node.name, 300)):
        certificates.write_certificate(
            lab.root, name, not_before=now - timedelta(days=90), not_after=now + timedelta(days=days)
        )
    for file in (certificates.CERTIFICATE, certificates.KEY):
        (lab.root / "web" / certificates.FOLDER / file).rename(node.directory / f"web-{file}")
    _edit(
        node.directory,
        "  no_tls: true\n",
        f'  tls {{\n    cert_file: "web-{certificates.CERTIFICATE}"\n    key_file: "web-{certificates.KEY}"\n  }}\n',
    )
    asyncio.run(lab.restart_node(node.name))
    for mode in ("both", "nats", "files"):
        _, report = Doctor(lab).run(mode)
        assert [(code, severity) for code, severity, _, _ in roots(report)] == [("SV003", "error")], mode
        assert "It is that of the websocket port" in report["findings"][0]["detail"], mode


def test_sv003_near_miss_renewed_and_loaded(start: Callable[..., Lab]) -> None:
    """After the certificate was renewed and the server restarted nothing is left of the finding."""
    lab = start(nodes=3, tls=True)
    broken = asyncio.run(lab.break_("certificate-expiring"))
    now = datetime.now(UTC)
    certificates.write_certificate(
        lab.root, broken.nodes[0], not_before=now - timedelta(hours=1), not_after=now + timedelta(days=31, hours=1)
    )
    status, report = Doctor(lab).run("both")
    assert [code for code, _, _, _ in roots(report)] == ["SV003"]
    assert "holds a later one, which is not loaded yet" in report["findings"][0]["detail"]
    asyncio.run(_restart(lab, broken.nodes[0]))
    status, report = Doctor(lab).run("both")
    assert (status, above_info(report)) == (0, [])


def test_no_key_is_read_and_no_key_is_shown(start: Callable[..., Lab]) -> None:
    """Key files are never opened: their time of access stays."""
    lab = start(nodes=1, tls=True)
    key = lab.nodes[0].directory / certificates.FOLDER / certificates.KEY
    os.utime(key, ns=(1, key.stat().st_mtime_ns))
    _, report = Doctor(lab).run("both")
    accessed = key.stat().st_atime_ns
    key.read_bytes()
    if key.stat().st_atime_ns == 1:
        pytest.skip("this file system keeps no time of access")
    assert accessed == 1
    assert "server-key.pem" not in json.dumps(report["findings"])


async def _restart(lab: Lab, name: str) -> None:
    await lab.restart_node(name)
    await lab.wait_healthy()


def _edit(directory: Path, old: str, new: str) -> None:
    path = directory / "nats.config"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
