"""The nodes of a machine: units, processes and usual places, in a tree of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symphony_doctor.sources.local_nodes import find_local

UNIT = """\
[Unit]
Description=Cirata Symphony
After=network-online.target

[Service]
User=symphony
WorkingDirectory={directory}
ExecStart={command}
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""


class Machine:
    """A tree that stands for the root of a machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def node(self, path: str, *files: str) -> Path:
        for name in files or ("symphony.config", "nats.config"):
            self.file(f"{path}/{name}", "{}")
        return self.root / path.lstrip("/")

    def file(self, path: str, content: str) -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def unit(self, name: str, directory: str = "", command: str = "/usr/bin/symphony", folder: str = "etc") -> None:
        self.file(f"/{folder}/systemd/system/{name}", UNIT.format(directory=directory, command=command))

    def process(self, number: int, *words: str, cwd: str | None = None, namespace: str = "mnt:[1]") -> None:
        folder = self.root / "proc" / str(number)
        self.file(f"/proc/{number}/cmdline", "".join(f"{word}\0" for word in words))
        if cwd is not None:
            (folder / "cwd").symlink_to(cwd)
        (folder / "ns").mkdir()
        (folder / "ns" / "mnt").symlink_to(namespace)

    def found(self, working: str = "/root") -> list[tuple[str, str | None, str]]:
        search = find_local(self.root, self.root / "home" / "me", self.root / working.lstrip("/"))
        root = str(self.root)
        return [
            (str(each.node.directory).removeprefix(root), each.node.name, each.why.replace(root, ""))
            for each in search.found
        ]

    def looked(self) -> str:
        return "\n".join(find_local(self.root, self.root / "home" / "me", self.root / "root").looked)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_working_directory_of_a_unit(machine: Machine) -> None:
    machine.node("/srv/sym")
    machine.unit("symphony.service", "/srv/sym")
    assert machine.found() == [("/srv/sym", None, "WorkingDirectory of /etc/systemd/system/symphony.service")]


@pytest.mark.parametrize(
    "command",
    [
        "/usr/bin/symphony --config /srv/sym/symphony.config",
        "/usr/bin/symphony --config=/srv/sym",
        '/usr/bin/symphony -c "/srv/sym"',
        "/usr/bin/symphony --config ../sym/nats.config",
        "/usr/bin/symphony --config symphony.config --data ../sym/storage",
        "-/usr/bin/symphony serve \\\n  # the directory\n  /srv/sym",
    ],
)
def test_arguments_of_a_unit(command: str, machine: Machine) -> None:
    machine.node("/srv/sym")
    (machine.root / "srv" / "other").mkdir()
    machine.unit("symphony.service", "/srv/other", command)
    assert machine.found() == [("/srv/sym", None, "an argument of ExecStart of /etc/systemd/system/symphony.service")]


def test_an_argument_goes_before_the_working_directory(machine: Machine) -> None:
    machine.node("/srv/sym")
    machine.node("/srv/other")
    machine.unit("symphony.service", "/srv/other", "/usr/bin/symphony --config /srv/sym")
    assert [path for path, _, _ in machine.found()] == ["/srv/sym"]


def test_drop_ins(machine: Machine) -> None:
    """They go before the unit, in the order of their names over all folders; an administrator's hide others."""
    for name in ("old", "vendor", "new", "hidden"):
        machine.node(f"/srv/{name}")
    machine.unit("symphony.service", "/srv/old", folder="usr/lib")
    machine.file("/lib/systemd/system/symphony.service.d/10-dir.conf", "[Service]\nWorkingDirectory=/srv/vendor\n")
    machine.file("/lib/systemd/system/symphony.service.d/90-dir.conf", "[Service]\nWorkingDirectory=/srv/hidden\n")
    machine.file("/etc/systemd/system/symphony.service.d/90-dir.conf", "[Service]\nWorkingDirectory=/srv/new\n")
    assert [path for path, _, _ in machine.found()] == ["/srv/new"]


def test_the_unit_of_an_administrator_hides_the_packages(machine: Machine) -> None:
    machine.node("/srv/one")
    machine.node("/srv/two")
    machine.unit("symphony.service", "/srv/one", folder="lib")
    machine.unit("symphony.service", "/srv/two")
    assert [path for path, _, _ in machine.found()] == ["/srv/two"]


def test_instances_of_a_template(machine: Machine) -> None:
    """Each is a node of its own, named as the instance."""
    for name in ("n1", "n2"):
        machine.node(f"/srv/{name}")
    machine.unit("symphony@.service", "/srv/%i", "/usr/bin/symphony --node %i")
    wants = machine.root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    for name in ("n1", "n2"):
        (wants / f"symphony@{name}.service").symlink_to("../symphony@.service")
    machine.file("/etc/systemd/system/symphony@n2.service.d/x.conf", "[Service]\nNice=5\n")
    assert [(path, name) for path, name, _ in machine.found()] == [("/srv/n1", "n1"), ("/srv/n2", "n2")]


@pytest.mark.parametrize(
    "drop_in",
    [
        "Environment=SYMPHONY_HOME=/srv/sym",
        'Environment="A=b" "SYMPHONY_HOME=/srv/sym"',
        "EnvironmentFile=-/etc/default/symphony",
        "Environment=BASE=/srv\nExecStart=\nExecStart=/usr/bin/symphony --config ${BASE}/sym/symphony.config",
        "StateDirectory=sym",
        "ConfigurationDirectory=sym",
        "WorkingDirectory=~",
        "WorkingDirectory=-%h",
        "WorkingDirectory=%S/%p/../sym",
    ],
)
def test_other_settings_of_a_unit(drop_in: str, machine: Machine) -> None:
    for path in ("/srv/sym", "/var/lib/sym", "/etc/sym", "/home/symphony"):
        machine.node(path)
    (machine.root / "var/lib/symphony").mkdir()
    machine.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nsymphony:x:9:9::/home/symphony:/bin/false\n")
    machine.file("/etc/default/symphony", "# where\nSYMPHONY_HOME=/srv/sym\n")
    machine.unit("symphony.service")
    machine.file("/etc/systemd/system/symphony.service.d/x.conf", f"[Service]\n{drop_in}\n")
    assert len(machine.found()) == 1


def test_units_of_others(machine: Machine) -> None:
    """A unit is Symphony's by its name or by its program; the doctor's own is not."""
    machine.node("/srv/sym")
    machine.unit("backup.service", "/srv/sym", "/usr/bin/tar -c /srv/sym")
    machine.unit("symphony-doctor.service", "/srv/sym", "/usr/bin/symphony-doctor run --node /srv/sym")
    assert machine.found() == []
    machine.unit("messaging.service", "/srv/sym", "/opt/bin/symphony-server")
    assert [path for path, _, _ in machine.found()] == ["/srv/sym"]


def test_running_processes(machine: Machine) -> None:
    for name in ("one", "two", "three", "four"):
        machine.node(f"/srv/{name}")
    (machine.root / "proc" / "self" / "ns").mkdir(parents=True)
    (machine.root / "proc" / "self" / "ns" / "mnt").symlink_to("mnt:[1]")
    machine.process(7, "/usr/bin/symphony", "serve", cwd="/srv/one")
    machine.process(11, "java", "-jar", "/opt/symphony.jar", "--dir", "two", cwd="/srv")
    machine.process(12, "/usr/bin/python3", "/usr/bin/symphony-doctor", "run", cwd="/srv/three")
    machine.process(13, "tail", "-f", "/srv/three/symphony.config", cwd="/srv/three")
    machine.process(14, "symphony", cwd="/srv/four", namespace="mnt:[2]")
    machine.process(15, "symphony")
    assert machine.found() == [
        ("/srv/one", None, "working directory of process 7 (symphony)"),
        ("/srv/two", None, "an argument of process 11 (java)"),
    ]
    assert "process 14, which runs in a container: --docker looks into those" in machine.looked()
    assert "process 15, whose working directory is not shown to this user: run as root" in machine.looked()


def test_usual_places(machine: Machine) -> None:
    machine.node("/opt/symphony")
    machine.node("/home/me/symphony", "nats.config")
    machine.node("/work", "symphony.config")
    assert machine.found("/work") == [
        ("/opt/symphony", None, "a usual place"),
        ("/home/me/symphony", None, "a usual place"),
        ("/work", None, "the current directory"),
    ]


def test_one_directory_is_one_node(machine: Machine) -> None:
    machine.node("/opt/symphony")
    (machine.root / "srv").symlink_to(machine.root / "opt")
    machine.unit("symphony.service", "/srv/symphony")
    machine.process(7, "symphony", cwd="/opt/symphony")
    assert [path for path, _, _ in machine.found("/opt/symphony")] == ["/srv/symphony"]


def test_where_was_looked(machine: Machine) -> None:
    machine.unit("symphony.service", "/srv/sym")
    (machine.root / "opt/symphony").mkdir(parents=True)
    looked = machine.looked()
    for words in (
        "etc/systemd/system/symphony.service",
        "running processes",
        "opt/symphony",
        "var/lib/symphony",
        "tmp",
    ):
        assert words in looked
    assert machine.found() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_closed_directory(machine: Machine) -> None:
    directory = machine.node("/opt/symphony")
    directory.chmod(0)
    try:
        assert "permission denied" in machine.looked()
    finally:
        directory.chmod(0o700)


def test_garbage(machine: Machine) -> None:
    """Files that are none, names that are none, directories in place of files: nothing is found and nothing raises."""
    for folder in ("etc/systemd/system/symphony.service", "proc/9/cmdline", "opt/symphony/nats.config"):
        (machine.root / folder).mkdir(parents=True)
    unit = machine.root / "lib/systemd/system/symphony-x.service"
    unit.parent.mkdir(parents=True)
    unit.write_bytes(b"[Service]\nWorkingDirectory=\x00\xff\nExecStart='\x00/x --y=/\xff\n")
    machine.process(10, "symphony", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "/x\n", cwd="/gone")
    assert machine.found() == []
