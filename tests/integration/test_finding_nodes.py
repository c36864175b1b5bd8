"""--local and --docker on real servers: what is found is diagnosed as if it had been named."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .conftest import Doctor
from .program import Done, doctor, listing

pytestmark = pytest.mark.cluster

SYSTEMD = shutil.which("systemd-analyze")
NO_CONTEXT = {"XDG_CONFIG_HOME": "/nonexistent", "COMPOSE_FILE": "", "COMPOSE_PROJECT_NAME": ""}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A healthy cluster of three."""
    made = asyncio.run(Lab.create(tmp_path_factory.mktemp("finding") / "lab"))
    yield made
    asyncio.run(made.stop())


def run(folder: Path, *arguments: str | Path, **environment: str) -> Done:
    return doctor(
        "run", *arguments, "--format", "json", "-v", environment={**NO_CONTEXT, **environment}, directory=folder
    )


def as_containers(lab: Lab, folder: Path, *, published: tuple[str, ...] = ("client", "ui", "route")) -> Path:
    """Describe the running lab as a compose project: the configuration says ports and paths as they are in containers.

    The servers themselves are reached where their ports are `published`, as those of containers would be.
    """
    services = []
    for node in lab.nodes:
        address = lab.node_state(node.name).address
        config = folder / node.name
        shutil.copytree(node.directory, config, ignore=shutil.ignore_patterns("storage", "accounts"))
        text = (config / "nats.config").read_text()
        for state in lab.state.nodes:
            text = text.replace(f"127.0.0.1:{state.address.route_port}\n", f"{state.address.name}:6222\n")
            text = text.replace(f"127.0.0.1:{state.address.route_port},", f"{state.address.name}:6222,")
        text = text.replace(f"listen: {node.name}:6222", "listen: 0.0.0.0:6222").replace(
            "host: 127.0.0.1", "host: 0.0.0.0"
        )
        text = text.replace(f"port: {address.client_port}", "port: 4222").replace(
            f"port: {address.websocket_port}", "port: 9222"
        )
        text = text.replace('store_dir: "storage"', "store_dir: /data/storage").replace(
            '"accounts"', '"/data/accounts"'
        )
        (config / "nats.config").write_text(text)
        symphony = json.loads((config / "symphony.config").read_text())
        symphony["network"]["uiport"] = 8080
        (config / "symphony.config").write_text(json.dumps(symphony))
        ports = {
            "client": f"127.0.0.1:{address.client_port}:4222",
            "ui": f"127.0.0.1:{address.ui_port}:8080",
            "route": f"127.0.0.1:{address.route_port}:6222",
        }
        services.append(
            f"  {node.name}:\n    image: registry.example.com/symphony:1.0\n    volumes:\n"
            f"      - ./{node.name}:/opt/symphony\n      - {node.directory}:/data\n"
            f"    ports: {json.dumps([ports[each] for each in published])}\n"
        )
    file = folder / "compose.yaml"
    file.write_text("services:\n" + "".join(services))
    return file


@pytest.mark.parametrize("routes", [True, False], ids=["routes published", "routes not published"])
def test_a_compose_project(lab: Lab, tmp_path: Path, *, routes: bool) -> None:
    """All evidence of files and ports, in spite of other ports, paths and host names inside; and nothing is wrong."""
    file = as_containers(lab, tmp_path, published=("client", "ui", "route") if routes else ("client", "ui"))
    before = listing(tmp_path)
    done = run(tmp_path, "--docker", "--creds", lab.system_credentials, "--wait", "20s")
    assert listing(tmp_path) == before
    assert [finding for finding in done.report["findings"] if finding["severity"] != "info"] == []
    assert done.status == 0
    for node in done.report["cluster"]["nodes"]:
        assert {"files", "nats", "info", "http"} <= set(node["sources"]), node
    for code in ("AC001", "JS001", "JS002", "RT006", "UI001"):
        assert done.check(code)["status"] == "passed", done.check(code)
    assert done.check("RT003")["status"] == ("passed" if routes else "skipped")
    lines = done.err.splitlines()
    assert [line.partition(": node ")[2].partition("=")[0] for line in lines] == ["node1", "node2", "node3"]
    assert all(f"in {file}; ports 4222 as " in line for line in lines)


def test_a_compose_project_whose_ports_are_its_own(lab: Lab, tmp_path: Path) -> None:
    """What is not published is not asked, and nothing is concluded from its silence."""
    as_containers(lab, tmp_path, published=())
    done = run(tmp_path, "--docker")
    assert [finding for finding in done.report["findings"] if finding["severity"] != "info"] == []
    # no server could be asked, so health is not proven
    assert done.status == 3
    assert [node["sources"] for node in done.report["cluster"]["nodes"]] == [["files", "logs"]] * 3
    assert done.check("RT003")["status"] == "skipped"
    assert "not published" in done.check("RT003")["reason"]
    assert "no port is published" in done.err


def test_a_fault_in_a_compose_project(lab: Lab, tmp_path: Path) -> None:
    """A container of the network that nobody answers for is missed: what is published is really asked."""
    file = as_containers(lab, tmp_path)
    port = str(lab.node_state("node2").address.ui_port)
    text = file.read_text()
    file.write_text(text.replace(f"127.0.0.1:{port}:8080", "127.0.0.1:1:8080"))
    done = run(tmp_path, "--docker")
    assert [finding["nodes"] for finding in done.findings("UI001")] == [["node2"]]


@pytest.fixture
def origin_machine(origin: Path, tmp_path: Path) -> Path:
    """A home directory with a node of a stopped cluster."""
    shutil.copytree(origin / "node1", tmp_path / "home" / "symphony")
    return tmp_path / "home"


def test_local(origin_machine: Path, tmp_path: Path) -> None:
    """A usual place, and the current directory; --node for the same one changes nothing."""
    home = origin_machine
    expected = f"--local: node {home}/symphony: a usual place\n"
    done = run(tmp_path, "--local", "--offline", HOME=str(home))
    assert (done.status, done.err) == (0, expected)
    assert {node["name"]: node["sources"] for node in done.report["cluster"]["nodes"]}["node1"] == ["files", "logs"]
    done = run(home / "symphony", "--local", "--offline", HOME="/nonexistent")
    assert done.err == f"--local: node {home}/symphony: the current directory\n"
    done = run(tmp_path, "--local", "--node", home / "symphony", "--offline", HOME=str(home))
    assert (done.status, done.err) == (0, "")
    done = doctor("bundle", "collect", "--local", "--offline", environment={"HOME": str(home)}, directory=tmp_path)
    assert (done.status, done.err.splitlines()[0]) == (0, expected.strip())


def test_nothing_is_found(tmp_path: Path) -> None:
    """An error that lists where was looked."""
    for option, words in (
        ("--local", ("units of systemd", "running processes", "/opt/symphony", f"{tmp_path}/symphony", "--node DIR")),
        ("--docker", ("compose.yaml", f"in {tmp_path} and above", "--node DIR")),
    ):
        done = run(tmp_path, option, "--offline", HOME=str(tmp_path))
        assert (done.status, done.out) == (2, "")
        assert f"{option} found no node" in done.err
        for each in words:
            assert each in done.err


def test_secrets_of_a_compose_file_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "some.env").write_text("TOKEN=/env/file-secret-x1\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  symphony:\n    image: symphony\n    volumes: ['./data:/data']\n    working_dir: /data\n"
        "    environment: {PASSWORD: /data/pass-word-x1, OTHER: pass-word-x1}\n    command: [--secret, /data/word-x1]\n"
        "    env_file: some.env\n"
    )
    done = run(tmp_path, "--docker", "--offline")
    assert done.status == 2
    assert f"{tmp_path}/data (mounted by service symphony" in done.err
    assert "x1" not in done.err


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
def test_the_unit_files_of_the_tests_are_units(tmp_path: Path) -> None:
    """systemd itself reads the unit that the unit tests are about."""
    source = (Path(__file__).parents[1] / "unit" / "sources" / "test_local_nodes.py").read_text()
    match = re.search(r'UNIT = """\\\n(.*?)"""', source, re.DOTALL)
    assert match is not None
    unit = tmp_path / "symphony.service"
    unit.write_text(match[1].format(directory="/", command="/bin/true").replace("User=symphony\n", ""))
    done = subprocess.run([str(SYSTEMD), "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "symphony.service" in done.stderr) == (0, False), done.stderr


def test_all_commands_find_nodes(start: Callable[..., Lab], tmp_path: Path) -> None:
    """fix takes the same options."""
    lab = start(nodes=1)
    home = tmp_path / "home"
    home.mkdir()
    (home / "symphony").symlink_to(lab.nodes[0].directory)
    done = doctor(
        "fix", "--local", "--creds", lab.system_credentials, "--dry-run",
        environment={**NO_CONTEXT, "HOME": str(home)}, directory=tmp_path,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "--local: node " in done.err
    assert Doctor(lab).run("both")[0] == 0


def test_what_this_user_may_not_see(origin: Path, tmp_path: Path) -> None:
    """A directory that is closed may be a node's: it is not passed over in silence."""
    home = tmp_path / "home"
    shutil.copytree(origin / "node1", home / "symphony")
    (home / "symphony").chmod(0)
    environment = {**NO_CONTEXT, "HOME": str(home)}
    try:
        done = doctor("run", "--local", "--offline", environment=environment, directory=tmp_path, powerless=True)
        assert (done.status, done.out) == (2, "")
        assert f"{home}/symphony: permission denied; run as its owner or as root" in done.err
        (tmp_path / "compose.yaml").write_text("services: {symphony: {volumes: ['./home/symphony:/d']}}\n")
        done = doctor("run", "--docker", "--offline", environment=environment, directory=tmp_path, powerless=True)
        assert (done.status, done.out) == (2, "")
        assert f"{home}/symphony: permission denied; run as its owner or as root" in done.err
    finally:
        (home / "symphony").chmod(0o700)
