"""The nodes of a compose project, in a tree of files; no docker daemon is needed for any of this."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symphony_doctor.errors import InputError
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.compose_nodes import find_docker
from symphony_doctor.sources.docker_program import Docker, docker_of
from symphony_doctor.sources.found import FoundNode, Search

NO_DOCKER = Docker(None, {})

THREE = """\
x-symphony: &symphony
  image: registry.example.com/symphony:${TAG:-latest}
  restart: unless-stopped

services:
  node1:
    <<: *symphony
    volumes: ["./node1:/opt/symphony"]
    ports: ["127.0.0.1:14221:4222", "18081:8080"]
  node2:
    <<: *symphony
    volumes: ["./node2:/opt/symphony"]
    ports: ["127.0.0.1:14222:4222", "18082:8080"]
  proxy:
    image: nginx
    volumes: ["./nginx:/etc/nginx:ro"]
    ports: ["443:443"]
"""


class Place:
    """A machine's root, with a project in /srv/project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / "srv" / "My Project"
        self.project.mkdir(parents=True)

    def write(self, text: str, name: str = "compose.yaml") -> Path:
        file = self.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def node(self, path: Path) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        for name in ("symphony.config", "nats.config"):
            (path / name).write_text("{}")
        return path

    def volume(self, name: str) -> Path:
        return self.root / "var/lib/docker/volumes" / name / "_data"

    def find(
        self,
        project: str = "",
        docker: Docker = NO_DOCKER,
        working: Path | None = None,
        variables: dict[str, str] | None = None,
    ) -> Search:
        return find_docker(self.root, working or self.project, project, variables or {}, docker)

    def found(self, project: str = "", docker: Docker = NO_DOCKER, **variables: str) -> list[tuple[str | None, Path]]:
        found = self.find(project, docker, variables=variables).found
        return [(each.node.name, each.node.directory) for each in found]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_several_services_are_nodes_named_after_them(place: Place) -> None:
    place.write(THREE)
    for name in ("node1", "node2"):
        place.node(place.project / name)
    (place.project / "nginx").mkdir()
    search = place.find()
    assert [(each.node.name, each.node.directory) for each in search.found] == [
        ("node1", place.project / "node1"),
        ("node2", place.project / "node2"),
    ]
    assert search.found[0].why == (
        f"a mount, node1, of service node1 in {place.project}/compose.yaml; ports 4222 as 14221, 8080 as 18081"
    )
    container = search.found[1].node.container
    assert container is not None
    assert container.published(4222) == ("127.0.0.1", 14222)
    assert container.published(8080) == ("127.0.0.1", 18082)
    assert container.published(6222) is None


def test_one_service_has_the_name_of_its_server(place: Place) -> None:
    """A machine with one node has a service `symphony`, as every other machine has."""
    place.write("services: {symphony: {image: symphony, volumes: ['.:/opt/symphony']}}\n")
    place.node(place.project)
    assert place.found() == [(None, place.project)]
    assert "no port is published" in place.find().found[0].why


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"])
def test_a_file_is_found_upwards(name: str, place: Place) -> None:
    place.write("services: {symphony: {volumes: ['./data:/opt/symphony']}}\n", name)
    place.node(place.project / "data")
    below = place.project / "a" / "b"
    below.mkdir(parents=True)
    assert len(place.find(working=below).found) == 1


def test_files_that_variables_and_options_name(place: Place) -> None:
    place.write("services: {symphony: {volumes: ['./data:/opt/symphony']}}\n", "x/base.yaml")
    place.write("services: {symphony: {volumes: ['./other:/opt/symphony']}}\n", "x/more.yaml")
    data, other = place.node(place.project / "x/data"), place.node(place.project / "x/other")
    assert place.found(COMPOSE_FILE="x/base.yaml") == [(None, data)]
    # relative paths of all files count from the first
    assert place.found(COMPOSE_FILE="x/base.yaml:x/more.yaml") == [(None, other)]
    assert place.found(COMPOSE_FILE="x/base.yaml;x/more.yaml", COMPOSE_PATH_SEPARATOR=";") == [(None, other)]
    assert place.found("x/base.yaml") == [(None, data)]
    (place.project / "x/base.yaml").rename(place.project / "x/compose.yaml")
    assert place.found("./x") == [(None, data)]
    (place.project / ".env").write_text("COMPOSE_FILE=x/compose.yaml\n")
    assert place.found() == [(None, data)]


def test_variables(place: Place) -> None:
    """Those of .env, those of the shell before them, and defaults."""
    place.write(
        "services:\n  symphony:\n    volumes: ['${DATA:-./default}/n:/opt/symphony']\n"
        "    ports: ['${CLIENT:-4222}:4222']\n"
    )
    default, own, shell = (place.node(place.project / name / "n") for name in ("default", "own", "shell"))
    assert place.found() == [(None, default)]
    (place.project / ".env").write_text("BASE=own\nDATA=./${BASE}\nCLIENT=15000\n")
    assert place.found() == [(None, own)]
    container = place.find().found[0].node.container
    assert container is not None
    assert container.published(4222) == ("127.0.0.1", 15000)
    assert place.found(DATA="./shell") == [(None, shell)]
    assert place.found(BASE="shell") == [(None, shell)]


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("volumes: ['./etc/symphony.config:/x/symphony.config', './etc/nats.config:/x/nats.config']", "etc"),
        ("volumes: ['./all:/data']\n    command: [--config, /data/deep/er/nats.config]", "all/deep/er"),
        ("volumes: ['./all:/data']\n    working_dir: /data/deep", "all/deep"),
        ("volumes: ['./all:/data']\n    environment: [SYMPHONY_HOME=/data/home]", "all/home"),
        ("volumes: ['./all:/data']\n    env_file: some.env", "all/from-file"),
        ("volumes: ['./all:/data']", "all/config"),
        ("volumes: ['../elsewhere:/data']", "../elsewhere"),
    ],
)
def test_where_in_a_mount_a_node_is(service: str, path: str, place: Place) -> None:
    place.write(f"services:\n  symphony:\n    {service}\n")
    place.write("X=1\nSYMPHONY_HOME=/data/from-file\n", "some.env")
    node = place.node(place.project / path)
    found = place.found()
    assert [os.path.realpath(directory) for _, directory in found] == [os.path.realpath(node)]


def test_absolute_and_home_directories(place: Place) -> None:
    place.write("services:\n  a: {volumes: ['/data/a:/d']}\n  b: {volumes: ['~/b:/d']}\n")
    one, two = place.node(place.root / "data/a"), place.node(place.root / "home/me/b")
    assert place.found(HOME="/home/me") == [("a", one), ("b", two)]


@pytest.mark.parametrize(
    ("volumes", "project", "variables", "name"),
    [
        ("data:", "", {}, "myproject_data"),
        ("data:", "prod", {}, "prod_data"),
        ("data:", "", {"COMPOSE_PROJECT_NAME": "staging"}, "staging_data"),
        ("data: {name: exact}", "prod", {}, "exact"),
        ("data: {external: true, name: shared}", "", {}, "shared"),
    ],
)
def test_named_volumes(volumes: str, project: str, variables: dict[str, str], name: str, place: Place) -> None:
    place.write(f"services: {{symphony: {{volumes: ['data:/opt/symphony']}}}}\nvolumes:\n  {volumes}\n")
    node = place.node(place.volume(name))
    assert place.found(project, NO_DOCKER, **variables) == [(None, node)]


def test_a_project_named_in_the_file(place: Place) -> None:
    place.write("name: named\nservices: {symphony: {volumes: ['data:/d']}}\nvolumes: {data: }\n")
    node = place.node(place.volume("named_data"))
    assert place.found() == [(None, node)]


def test_a_volume_that_binds_a_directory(place: Place) -> None:
    place.write(
        "services: {symphony: {volumes: ['data:/d']}}\n"
        "volumes: {data: {driver_opts: {type: none, o: bind, device: /data/x}}}\n"
    )
    node = place.node(place.root / "data/x")
    assert place.found() == [(None, node)]


def test_what_is_elsewhere_in_the_container(place: Place) -> None:
    """Paths of nats.config are of the container: its mounts tell where they are; what is not mounted is not seen."""
    place.write(
        "services:\n  symphony:\n    volumes:\n      - ./config:/opt/symphony\n      - data:/opt/symphony/storage\n"
        "      - lost:/lost\nvolumes: {data: , lost: }\n"
    )
    node = place.node(place.project / "config")
    place.volume("myproject_data").mkdir(parents=True)
    search = place.find()
    container = search.found[0].node.container
    assert container is not None
    assert container.outside("storage", node) == place.volume("myproject_data")
    assert container.outside("/opt/symphony/storage/jetstream", node) == place.volume("myproject_data") / "jetstream"
    assert container.outside("accounts", node) == node / "accounts"
    assert container.outside("../symphony/./accounts", node) == node / "accounts"
    for path in ("/lost/x", "/var/lib/nats"):
        assert isinstance(container.outside(path, node), Missing)
    assert "volume myproject_lost is not in /var/lib/docker/volumes; there is no docker program" in search.told[0]


def program(folder: Path, script: str) -> Docker:
    """A docker program that answers as a script says."""
    folder.mkdir()
    file = folder / "docker"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return docker_of({"PATH": f"{folder}:{os.environ['PATH']}"})


def test_docker_tells_where_a_volume_is(place: Place, tmp_path: Path) -> None:
    place.write("services: {symphony: {volumes: ['data:/d']}}\nvolumes: {data: }\n")
    node = place.node(place.root / "mnt/docker/myproject_data/_data")
    docker = program(tmp_path / "bin", 'test "$1 $5" = "volume myproject_data" && echo /mnt/docker/$5/_data')
    assert place.found(docker=docker) == [(None, node)]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo Cannot connect to the Docker daemon >&2; exit 1", "no docker daemon answers"),
        ("echo no such volume: secret-x1 >&2; exit 1", "docker volume ended with status 1"),
        ("echo /not/here", "docker says /not/here, which is not on this machine"),
        ("echo", "tells no mountpoint"),
    ],
)
def test_docker_that_is_of_no_use(script: str, words: str, place: Place, tmp_path: Path) -> None:
    place.write("services: {symphony: {volumes: ['data:/d']}}\nvolumes: {data: }\n")
    search = place.find(docker=program(tmp_path / "bin", script))
    assert search.found == []
    assert words in "\n".join(search.looked)
    assert "x1" not in "\n".join(search.looked)


def test_docker_tells_which_project_runs(place: Place, tmp_path: Path) -> None:
    file = place.write("services: {symphony: {volumes: ['./data:/d']}}\n", "x/stack.yaml")
    node = place.node(place.project / "x/data")
    docker = program(tmp_path / "bin", f"printf 'prod\\t{file}\\nprod\\t{file}\\nother\\t/x.yaml\\n'")
    assert place.found("prod", docker) == [(None, node)]
    assert place.found("", docker) == []


def test_files_that_refer_to_others_are_resolved_by_docker(place: Place, tmp_path: Path) -> None:
    place.write("include: [more.yaml]\nservices: {}\n")
    node = place.node(place.root / "data/n")
    whole = '{"services": {"symphony": {"volumes": [{"type": "bind", "source": "/data/n", "target": "/d"}]}}}'
    assert place.found(docker=program(tmp_path / "bin", f"test $1 = compose && echo '{whole}'")) == [(None, node)]
    assert "includes or extends are looked at (there is no docker program to ask)" in place.find().told[0]


@pytest.mark.parametrize("text", ["services: [", "a", "services: {a: {volumes: ['${X:?needed}:/d']}}"])
def test_a_file_that_is_none(text: str, place: Place) -> None:
    file = place.write(text)
    with pytest.raises(InputError, match=f"--docker: {file}:"):
        place.find()


def test_a_file_that_is_named_and_not_there(place: Place) -> None:
    with pytest.raises(InputError, match=r"no\.yaml does not exist"):
        place.find(variables={"COMPOSE_FILE": "no.yaml"})
    assert place.find("./none").found == []


def test_nothing_is_found(place: Place) -> None:
    search = place.find()
    assert search.found == []
    assert "compose.yaml, compose.yml" in search.looked[0]
    assert "there is no docker program to ask" in search.looked[1]
    place.write("services: {symphony: {image: symphony}, web: {image: nginx, volumes: ['./x:/x']}}\n")
    assert "service symphony of" in "\n".join(place.find().looked)


REAL = """\
x-symphony: &symphony
  image: registry.example.com/symphony:${TAG:-latest}
  restart: unless-stopped
  env_file: [some.env]
services:
  node1:
    <<: *symphony
    volumes:
      - ./node1:/opt/symphony
      - data:/data
      - {type: bind, source: ../x, target: /x, read_only: true}
      - ~/h:/h
      - ${NONE:-./d}/e:/e:ro
    ports: ["127.0.0.1:14221:4222", "18081:8080", 22:22, "9000-9001:8000-8001", "6060:6060/udp", "[::1]:15000:5000"]
  node2:
    <<: *symphony
    network_mode: host
    volumes: ["./${BASE}2:/opt/symphony", "other:/data"]
volumes:
  data: {}
  other: {external: true, name: "shared_${BASE}"}
"""

OVERRIDE = """\
services:
  node2:
    volumes: ["./node3:/opt/symphony"]
    environment: {A: b}
"""


@pytest.mark.parametrize("override", [False, True])
def test_compose_itself_reads_files_as_they_are_read_here(override: bool, place: Place) -> None:  # noqa: FBT001
    """What `docker compose config` makes of a file leads to the same mounts and ports as the file itself."""
    place.root = Path("/")  # the paths that it tells are whole
    files = [place.write(REAL), *([place.write(OVERRIDE, "compose.override.yaml")] if override else [])]
    place.write("BASE=node\n", ".env")
    place.write("A=b\n", "some.env")
    for name in ("node1", "node2", "node3"):
        place.node(place.project / name)
    environment = dict(os.environ)
    whole = docker_of(environment).resolved(tuple(files), "prod")
    if isinstance(whole, str):
        pytest.skip(whole)
    ours = place.find("prod", variables=environment)
    for file in files:
        file.unlink()
    place.write(whole.decode())
    theirs = place.find("prod", variables=environment)
    assert len(ours.found) == 2
    assert [shape(each) for each in ours.found] == [shape(each) for each in theirs.found]


def shape(found: FoundNode) -> object:
    container = found.node.container
    assert container is not None
    mounts = sorted((str(each.target), str(each.source), each.why) for each in container.mounts)
    return found.node.name, found.node.directory, container.own_network, container.ports, mounts
