"""A real cluster behind configurations written for its ports, diagnosed by the program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab.cluster import Lab
from symphony_doctor.model.load_balancer import Service
from symphony_doctor.testing.load_balancers import page_examples

from .conftest import Doctor

pytestmark = pytest.mark.cluster

HAPROXY = """\
defaults
  mode http

frontend https
  bind :443
  use_backend symphony_ws if {{ path_beg /ws }}
  default_backend symphony_http

backend symphony_http
{ui}

backend symphony_ws
  balance source
{websocket}

listen nats
  mode tcp
  bind :4222
{client}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One healthy cluster for the whole module: only the configurations differ."""
    running = asyncio.run(Lab.create(tmp_path_factory.mktemp("behind") / "lab", nodes=3))
    yield running
    asyncio.run(running.stop())


def page(lab: Lab) -> str:
    return page_examples(
        {
            Service.UI: [f"127.0.0.1:{node.ui_port}" for node in lab.nodes],
            Service.WEBSOCKET: [f"127.0.0.1:{node.websocket_port}" for node in lab.nodes],
            Service.NATS: [f"127.0.0.1:{node.client_port}" for node in lab.nodes],
        }
    )


def haproxy(lab: Lab) -> str:
    def servers(port: Callable[[Any], int]) -> str:
        return "\n".join(f"  server {node.name} 127.0.0.1:{port(node)} check" for node in lab.nodes)

    return HAPROXY.format(
        ui=servers(lambda node: node.ui_port),
        websocket=servers(lambda node: node.websocket_port),
        client=servers(lambda node: node.client_port),
    )


def without(text: str, line: str) -> str:
    assert line in text
    return "\n".join(each for each in text.split("\n") if line not in each)


def diagnose(lab: Lab, tmp_path: Path, text: str, mode: str = "files") -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return the exit status, the one finding above info (empty without) and the outcome of each LB rule."""
    path = tmp_path / "proxy.conf"
    path.write_text(text)
    status, report = Doctor(lab).run(mode, "--load-balancer", str(path))
    found = [each for each in report["findings"] if each["severity"] != "info"]
    assert len(found) <= 1, found
    assert report["summary"]["crashed"] == 0
    outcomes = {each["code"]: each["status"] for each in report["checks"] if each["code"].startswith("LB")}
    return status, found[0] if found else {}, outcomes


def test_the_examples_of_the_page_are_healthy(lab: Lab, tmp_path: Path) -> None:
    passed = dict.fromkeys(("LB001", "LB002", "LB003", "LB004"), "passed")
    for mode in ("files", "both"):
        for text in (page(lab), haproxy(lab)):
            assert diagnose(lab, tmp_path, text, mode) == (0, {}, passed)
    # by NATS alone the UI ports are not known, and that was not asked for
    assert diagnose(lab, tmp_path, page(lab), "nats") == (0, {}, {**passed, "LB001": "skipped"})


def test_lb001_fault(lab: Lab, tmp_path: Path) -> None:
    """node3 is taken out of the upstream of the UI ports, in the words of nginx and of HAProxy."""
    address = f"127.0.0.1:{lab.nodes[2].ui_port}"
    for text, name in ((page(lab), "upstream symphony_http"), (haproxy(lab), "backend symphony_http")):
        status, found, _ = diagnose(lab, tmp_path, without(text, address))
        assert (status, found["code"], found["severity"], found["nodes"]) == (0, "LB001", "warning", ["node3"])
        assert found["title"] == f"{name} lacks node3"
        assert address in found["remedies"][0]["title"]


def test_lb001_fault_an_address_that_is_no_node(lab: Lab, tmp_path: Path) -> None:
    """A fourth server is in the upstream of the NATS ports, at a port where nobody listens."""
    last = f"server 127.0.0.1:{lab.nodes[2].client_port};"
    _, found, _ = diagnose(lab, tmp_path, page(lab).replace(last, f"{last} server 127.0.0.1:1;"))
    assert (found["code"], found["nodes"]) == ("LB001", [])
    assert found["title"] == "upstream nats_backend names 127.0.0.1:1, which is no node"


def test_lb002_fault(lab: Lab, tmp_path: Path) -> None:
    """ip_hash, or balance source, is taken out of the upstream of the WebSocket ports."""
    for text in (without(page(lab), "ip_hash"), without(haproxy(lab), "balance source")):
        status, found, _ = diagnose(lab, tmp_path, text)
        assert (status, found["code"], found["severity"]) == (1, "LB002", "error")
    _, found, _ = diagnose(lab, tmp_path, without(page(lab), "ip_hash"), "nats")
    assert found["code"] == "LB002"


@pytest.mark.parametrize("line", ["proxy_http_version", "proxy_set_header Upgrade", "proxy_set_header Connection"])
def test_lb003_fault(lab: Lab, tmp_path: Path, line: str) -> None:
    """One of the three lines that pass a handshake on is taken out of the location."""
    status, found, _ = diagnose(lab, tmp_path, without(page(lab), line))
    assert (status, found["code"], found["severity"]) == (1, "LB003", "error")
    assert [entry["expected"].startswith(line) for entry in found["evidence"]] == [True]


def test_lb004_fault(lab: Lab, tmp_path: Path) -> None:
    """The NATS ports are forwarded by a location of http, and by HAProxy in mode http."""
    inside = page(lab).replace("}\nstream {\n", "")
    inside = inside.replace("proxy_pass nats_backend;", "location / { proxy_pass http://nats_backend; }")
    for text in (inside, haproxy(lab).replace("mode tcp", "mode http")):
        status, found, _ = diagnose(lab, tmp_path, text)
        assert (status, found["code"], found["severity"]) == (0, "LB004", "warning")


def test_a_file_that_cannot_be_parsed_is_no_health(lab: Lab, tmp_path: Path) -> None:
    status, found, outcomes = diagnose(lab, tmp_path, page(lab).replace("ip_hash;", "ip_hash }"))
    assert (status, found) == (3, {})
    assert set(outcomes.values()) == {"skipped"}


def test_a_file_that_does_not_exist_is_a_wrong_command_line(lab: Lab, tmp_path: Path) -> None:
    done = Doctor(lab).run_raw("files", "--load-balancer", str(tmp_path / "none.conf"))
    assert done.returncode == 2
    assert f"--load-balancer: {tmp_path}/none.conf does not exist" in done.stderr
    assert done.stdout == ""


def test_without_a_load_balancer_its_rules_are_skipped(lab: Lab) -> None:
    status, report = Doctor(lab).run("files", "--select", "LB")
    assert status == 0
    assert {each["reason"] for each in report["checks"]} == {"no load balancer configuration (--load-balancer)"}
