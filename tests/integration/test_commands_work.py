"""The commands that findings print are run as they are printed, with the real nats CLI: the finding is gone then."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab import breaking, layout
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.cluster import Lab

from .conftest import Doctor
from .test_faults import roots

NATS = shutil.which("nats", path=f"/usr/local/bin{os.pathsep}{os.environ.get('PATH', '')}")

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(NATS is None, reason="the nats command line is not installed"),
]


def printed(report: dict[str, Any], code: str, remedy: str) -> list[str]:
    """Return the commands of the remedy whose title begins so."""
    finding = next(each for each in report["findings"] if each["code"] == code)
    return next(list(each["commands"]) for each in finding["remedies"] if each["title"].startswith(remedy))


def paste(lab: Lab, commands: list[str], credentials: Path, home: Path) -> None:
    """Run commands in a shell without a terminal, as if pasted, with credentials as a context would bring them."""
    assert NATS is not None
    environment = {
        "PATH": f"{Path(NATS).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "NATS_URL": ",".join(node.client_url for node in lab.nodes),
        "NATS_CREDS": str(credentials),
    }
    for command in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def gone(lab: Lab, within: float = 30.0) -> None:
    """Wait until a run shows no problem any more: replicas take a moment to fill."""
    deadline = time.monotonic() + within
    while roots(report := Doctor(lab).run("both")[1]):
        assert time.monotonic() < deadline, roots(report)


def name_of(lab: Lab, broken: Broken) -> str:
    return next(account.name for account in lab.keys.users if account.key == broken.account)


def test_js001_scale_up(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=3)
    broken = asyncio.run(lab.break_("r1-bucket"))
    commands = printed(Doctor(lab).run("both")[1], "JS001", "Scale the stream")
    assert commands == ["nats kv edit ext_legacy --replicas 3"]
    paste(lab, commands, lab.credentials_of(name_of(lab, broken)), tmp_path)
    gone(lab)


def test_js001_scale_up_a_plain_stream(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=3)
    owner = lab.keys.users[0]

    async def create() -> None:
        from symphony_doctor.lab import buckets

        async with lab.client(owner.name) as client:
            await buckets.create_streams(client, [{"name": "orders", "subjects": ["orders.>"], "num_replicas": 1}])

    asyncio.run(create())
    commands = printed(Doctor(lab).run("both")[1], "JS001", "Scale the stream")
    assert commands == ["nats stream edit orders --replicas 3 -f"]
    paste(lab, commands, lab.credentials_of(owner.name), tmp_path)
    gone(lab)


def test_js003_send_the_configuration_again(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=3)
    broken = asyncio.run(lab.break_("absent-replica"))
    commands = printed(Doctor(lab).run("both")[1], "JS003", "Send the stream's configuration again")
    paste(lab, commands, lab.credentials_of(name_of(lab, broken)), tmp_path)
    gone(lab)


@pytest.mark.parametrize("fault", ["missing-jwt", "stale-jwt", "truncated-jwt", "foreign-jwt", "empty-jwt"])
def test_push_an_account(fault: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=3)
    asyncio.run(lab.break_(fault))
    (finding,) = Doctor(lab).run("both")[1]["findings"]
    assert [remedy["title"].partition(" ")[0] for remedy in finding["remedies"]] == ["Push"]
    for remedy in finding["remedies"]:
        paste(lab, remedy["commands"], lab.system_credentials, tmp_path)
    gone(lab)


def test_ac001_push_to_a_server_that_never_had_it(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(nodes=3)
    key = lab.add_account("dave")
    account = next(each for each in lab.keys.users if each.key == key)
    for name in ("node1", "node3"):
        layout.write_private(breaking.jwt_file(lab, name, key), account.jwt)
    finding = next(each for each in Doctor(lab).run("both")[1]["findings"] if each["code"] == "AC001")
    assert finding["nodes"] == ["node2"]
    paste(lab, finding["remedies"][-1]["commands"], lab.system_credentials, tmp_path)
    gone(lab)
