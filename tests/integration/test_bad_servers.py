"""Servers of any condition behind an address: each is named, within the deadline, and the rest is judged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .fake_server import Behave, after_connect, greeting, listening, reset, say, say_and_close, without_end
from .program import Done, doctor

pytestmark = pytest.mark.cluster

TIMEOUT = 3.0
SLACK = 12.0
"""Seconds that a busy machine may take beside the waiting."""
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nno"

NO_GREETING: dict[str, tuple[Behave, str]] = {
    "never-speaks": (say(b""), "accepts connections and says nothing"),
    "closes": (say_and_close(b""), "closes connections without a word"),
    "resets": (reset, "resets connections"),
    "garbage": (say(b"\x00\xff\x13\x37\r\n"), "does not speak NATS"),
    "http": (say_and_close(HTTP), "does not speak NATS"),
    "half-a-line": (say(b'INFO {"server_id": "N'), "accepts connections and says nothing"),
    "endless-without-newline": (without_end(b"", b"x" * 65536), "does not speak NATS"),
    "endless-info": (without_end(b'INFO {"server_id": "', b"N" * 65536), "does not speak NATS"),
    "huge-info": (say(greeting(server_name="n" * 3_000_000)), "does not speak NATS"),
    "no-json": (say(b"INFO {server_id: N}\r\n"), "does not speak NATS"),
    "json-bomb": (say(b"INFO " + b'{"a":' * 8000 + b"\r\n"), "does not speak NATS"),
    "wrong-types": (say(greeting(server_name=7, connect_urls={"a": 1})), "does not speak NATS"),
    "no-id": (say(greeting(server_id=None)), "does not speak NATS"),
    "route-port": (say(greeting(client_id=None)), "another kind of NATS port"),
}
WITH_CREDENTIALS = {"never-speaks", "garbage", "endless-without-newline", "resets", "wrong-types"}
GREETS: dict[str, tuple[Behave, str]] = {
    "then-nothing": (say(greeting()), "did not finish the connection"),
    "then-closes": (after_connect(greeting(), lambda connection: connection.close()), ""),
    "then-resets": (after_connect(greeting(), reset), "resets connections"),
    "then-garbage": (after_connect(greeting(), say(b"\x00\x01 what\r\n")), ""),
    "then-endless": (without_end(greeting(), b"y" * 65536), "connection failed"),
    "then-endless-lines": (without_end(greeting(), b"+OK\r\n" * 8192), ""),
    "then-denies": (after_connect(greeting(), say(b"-ERR 'Authorization Violation'\r\n")), "does not accept"),
    "then-pong-alone": (after_connect(greeting(), say(b"PONG\r\n")), "did not finish the connection"),
    "then-wrong-answer": (after_connect(greeting(), say(b"PONG\r\nMSG _INBOX.x 1 4\r\nnope\r\n")), ""),
    "then-huge-message": (
        after_connect(greeting(), without_end(b"PONG\r\nMSG a 1 4000000000\r\n", b"z" * 65536)),
        "did not finish the connection",
    ),
    "odd-values": (say(greeting(nonce=7, max_payload="x", headers=[], tls_required=None)), "connection failed"),
    "wants-tls": (say(greeting(tls_required=True)), "did not finish the connection"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of three whose node2 was stopped: its ports are for what the tests put there."""

    async def make() -> Lab:
        made = await Lab.create(tmp_path_factory.mktemp("servers") / "lab")
        await made.break_("dead-node", "node2")
        return made

    made = asyncio.run(make())
    yield made
    asyncio.run(made.stop())


def run(lab: Lab, *more: str | Path) -> Done:
    nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
    done = doctor("run", *nodes, "--format", "json", "--timeout", f"{TIMEOUT}", *more)
    assert done.seconds < 3 * TIMEOUT + SLACK
    assert done.report["summary"]["crashed"] == 0
    return done


def roots(done: Done) -> list[tuple[str, list[str]]]:
    return [(found["code"], found["nodes"]) for found in done.report["findings"] if found["cause"] is None]


@pytest.mark.parametrize("case", NO_GREETING)
def test_qu002_fault_what_answers_is_no_server(case: str, lab: Lab) -> None:
    """Whatever it is that answers at a node's address, the node counts as down, and the address is named."""
    behave, words = NO_GREETING[case]
    port = lab.node("node2").client_port
    credentials = ["--creds", str(lab.system_credentials)] if case in WITH_CREDENTIALS else []
    with listening(behave, port):
        done = run(lab, *credentials)
    assert done.status == 1
    assert roots(done) == [("QU002", ["node2"])]
    told = json.dumps(done.findings("QU002")[0]["evidence"])
    assert f"127.0.0.1:{port}" in told
    assert words in told
    assert done.check("JS001")["status"] == "passed"


@pytest.mark.parametrize("case", GREETS)
def test_a_server_that_only_greets(case: str, lab: Lab) -> None:
    """A server that greets and answers nothing further: what it was to be asked is not taken for well."""
    behave, words = GREETS[case]
    port = lab.node("node2").client_port
    with listening(behave, port):
        done = run(lab, "--creds", lab.system_credentials)
    assert done.status in {1, 3}
    missing = next(node["missing"] for node in done.report["cluster"]["nodes"] if node["name"] == "node2")
    assert any(f"127.0.0.1:{port}" in line and words in line for line in missing), missing
    assert done.check("QU001")["status"] == "passed"
    assert done.check("SV004")["status"] != "passed"


def test_three_that_hang_cost_one_deadline(tmp_path: Path) -> None:
    """All addresses are asked at once, each under its own deadline: three that hang take no longer than one."""
    with listening(say(b"")) as one, listening(say(b"")) as two, listening(say(b"")) as three:
        servers = ",".join(f"127.0.0.1:{port}" for port in (one, two, three))
        done = doctor("run", "--server", servers, "--format", "json", "--timeout", "8s")
    assert done.status == 3
    assert done.seconds < 8 + SLACK
    assert all(f"127.0.0.1:{port} accepts connections" in done.out for port in (one, two, three))


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("127.0.0.1:1", "refuses connections"),
        ("no-such-host.invalid:4222", "does not resolve"),
        ("127.0.0.1:70000", "with a port from 1 to 65535"),
        ("127.0.0.1:0", "expected a port from 1 to 65535"),
        ("127.0.0.1:port", "is no address"),
        ("nats://", "is no address"),
        ("a b:4222", "does not resolve"),
        ("x" * 300 + ":4222", "is no host name"),
        ("ftp://127.0.0.1:1", "is no address"),
    ],
)
def test_a_wrong_address(server: str, words: str, lab: Lab) -> None:
    """An address that leads nowhere is named, and says in which way; nothing is taken for healthy."""
    done = doctor("run", "--server", server, "--timeout", f"{TIMEOUT}")
    assert done.status in {2, 3}
    assert words in " ".join((done.out + done.err).split())
    assert server[:20] in done.out + done.err
    assert done.seconds < TIMEOUT + SLACK


def test_a_name_server_that_hangs(tmp_path: Path) -> None:
    """A name that is never resolved costs the deadline, and does not keep the doctor from ending."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket, time\ndef hang(host, *rest, **more):\n    time.sleep(60)\nsocket.getaddrinfo = hang\n"
    )
    servers = "node1.example.com:4222,node2.example.com:4222,node3.example.com:4222"
    done = doctor("run", "--server", servers, "--timeout", "2s", environment={"PYTHONPATH": str(tmp_path)})
    assert done.status == 3
    assert done.seconds < 2 + SLACK
    assert "node1.example.com:4222" in done.out


def test_a_password_in_an_address() -> None:
    """Credentials in a URL are not used: that is said, and they are not repeated."""
    done = doctor("run", "--server", "nats://admin:pass-word-x1@127.0.0.1:99999")
    assert done.status == 2
    assert "give credentials by --creds or --context" in done.err
    assert "pass-word-x1" not in done.err


def test_a_flood_is_cut_off(lab: Lab) -> None:
    """A server that sends without end costs bounded memory however long the deadline is."""
    flood = without_end(b"PONG\r\nMSG a 1 4000000000\r\n", b"z" * 1_000_000)
    with listening(after_connect(greeting(), flood), lab.node("node2").client_port):
        nodes = [argument for node in lab.nodes for argument in ("--node", str(node.directory))]
        done = doctor("run", *nodes, "--creds", lab.system_credentials, "--timeout", "8s", "-q", within=40)
    assert done.status in {1, 3}
    assert done.err == ""


def test_one_of_four_addresses_is_silent(lab: Lab) -> None:
    """An address that was asked for and is silent is told though every member of the cluster answers."""
    with listening(say(b"")) as port:
        servers = ",".join([*lab.urls("node1", "node3"), f"127.0.0.1:{port}"])
        done = doctor("run", "--server", servers, "--creds", lab.system_credentials, "--timeout", f"{TIMEOUT}")
    assert done.status != 0
    assert f"127.0.0.1:{port}" in done.out
