"""Compose files, as people write them."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from symphony_doctor.formats import compose_file
from symphony_doctor.formats.compose_file import Mount, Project, Service, Volume
from symphony_doctor.formats.position import FormatError


def parse(*texts: str, **variables: str) -> Project:
    return compose_file.parse([(text.encode(), f"compose{index}.yaml") for index, text in enumerate(texts)], variables)


def service(text: str, **variables: str) -> Service:
    return parse("services:\n  symphony:\n" + text, **variables).services[0]


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        ("8080", []),
        ('"8080:8080"', [(8080, "", 8080)]),
        ("14222:4222", [(4222, "", 14222)]),
        # in YAML 1.1 this is 22 * 60 + 22
        ("22:22", [(22, "", 22)]),
        ('"127.0.0.1:14222:4222"', [(4222, "127.0.0.1", 14222)]),
        ('"[::1]:14222:4222"', [(4222, "::1", 14222)]),
        ('"127.0.0.1::4222"', []),
        ('"6060:6060/udp"', []),
        ('"14222:4222/tcp"', [(4222, "", 14222)]),
        ('"9000-9001:8000-8001"', [(8000, "", 9000), (8001, "", 9001)]),
        ('"${PORT:-18080}:8080"', [(8080, "", 18080)]),
        ('{target: 4222, published: "14222", host_ip: 127.0.0.1}', [(4222, "127.0.0.1", 14222)]),
        ("{target: 4222, published: 14222, protocol: udp}", []),
    ],
)
def test_ports(written: str, ports: list[tuple[int, str, int]]) -> None:
    assert list(service(f"    ports:\n      - {written}\n").ports) == ports


@pytest.mark.parametrize(
    ("written", "mounts"),
    [
        ("./data:/opt/symphony", [Mount("./data", PurePosixPath("/opt/symphony"), is_volume=False)]),
        ("../x:/opt/symphony:ro,z", [Mount("../x", PurePosixPath("/opt/symphony"), is_volume=False)]),
        ("~/x:/d", [Mount("~/x", PurePosixPath("/d"), is_volume=False)]),
        ("/srv/${NAME}:/d", [Mount("/srv/n1", PurePosixPath("/d"), is_volume=False)]),
        ("data:/d", [Mount("data", PurePosixPath("/d"), is_volume=True)]),
        ("/d", []),
        ("{type: bind, source: ./x, target: /d}", [Mount("./x", PurePosixPath("/d"), is_volume=False)]),
        (
            "{type: volume, source: data, target: /d, read_only: true}",
            [Mount("data", PurePosixPath("/d"), is_volume=True)],
        ),
        ("{type: tmpfs, target: /d}", []),
    ],
)
def test_mounts(written: str, mounts: list[Mount]) -> None:
    assert list(service(f"    volumes:\n      - {written}\n", NAME="n1").mounts) == mounts


def test_what_services_are_started_with() -> None:
    text = (
        "    image: registry/symphony:1\n    container_name: s1\n    hostname: h1\n    working_dir: /opt/symphony\n"
        "    network_mode: host\n    environment:\n      SYMPHONY_HOME: ${BASE}/x\n      SECRET: ${SECRET:?demanded}\n"
        "    command: --config /etc/symphony\n    env_file: [a.env, {path: b.env, required: false}]\n"
        "    networks:\n      default:\n        aliases: [node1]\n"
    )
    found = service(text, BASE="/srv")
    assert (found.image, found.directory, found.host_network) == ("registry/symphony:1", "/opt/symphony", True)
    assert found.names == {"symphony", "s1", "h1", "node1"}
    assert found.words == ("--config", "/etc/symphony")
    assert found.values == ("/srv/x", "")
    assert found.env_files == ("a.env", "b.env")
    assert service("    command: --config '/my own/nats.config'\n").words == ("--config", "/my own/nats.config")
    found = service("    environment: [A=/x, B]\n    command: [--dir, '/y']\n")
    assert (found.words, found.values) == (("--dir", "/y"), ("/x", ""))


def test_volumes() -> None:
    found = parse(
        "name: prod\nservices: {}\nvolumes:\n  a:\n  b: {name: $N}\n  c: {external: true, name: there}\n"
        "  d: {driver: local, driver_opts: {type: none, o: bind, device: /srv/d}}\n",
        N="other",
    )
    assert found.name == "prod"
    assert found.volumes == {
        "a": Volume(None, None), "b": Volume("other", None), "c": Volume("there", None), "d": Volume(None, "/srv/d"),
    }  # fmt: skip


def test_anchors_and_merges() -> None:
    found = parse(
        "x-node: &node\n  image: symphony\n  volumes: ['./d:/d']\n"
        "services:\n  one:\n    <<: *node\n    ports: ['1:2']\n  two: *node\n"
    )
    assert [each.image for each in found.services] == ["symphony", "symphony"]
    assert found.services[0].ports == ((2, "", 1),)


def test_an_override_goes_before_the_file() -> None:
    base = "services:\n  symphony:\n    image: a\n    volumes: ['./a:/d', './b:/e']\n    ports: ['1:10']\n"
    override = "services:\n  symphony:\n    image: b\n    volumes: ['./c:/d']\n    ports: !override ['2:20']\n"
    found = parse(base, override).services[0]
    assert found.image == "b"
    assert [(each.source, str(each.target)) for each in found.mounts] == [("./c", "/d"), ("./b", "/e")]
    assert found.ports == ((20, "", 2),)
    assert parse(base, "services: {symphony: {ports: ['3:30']}}\n").services[0].ports == ((10, "", 1), (30, "", 3))
    assert parse(base, "services: {symphony: {ports: !reset null}}\n").services[0].ports == ()


@pytest.mark.parametrize(
    "text", ["include: [x.yaml]\nservices: {}\n", "services: {a: {extends: {file: x, service: b}}}\n"]
)
def test_files_that_refer_to_others_are_not_whole(text: str) -> None:
    assert not parse(text).is_whole
    assert parse("services: {a: {image: b}}\n").is_whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a compose file, with services"),
        ("- a\n", "expected a compose file, with services"),
        ("services: [\n", "compose0.yaml:2:1: expected YAML"),
        ("services: a\n", "built otherwise"),
        ("services: {a: b}\n", "built otherwise"),
        ("services: {a: {ports: ['x']}}\n", "a port that is none"),
        ("services: {a: {ports: ['1-9999:1-9999']}}\n", "a range of more than"),
        ("services: {a: {volumes: ['${X:?needed}:/d']}}\n", "the variable X is not set"),
        ("a: !!python/object/apply:os.system ['true']\n", "expected YAML"),
        ("[" * 5000, "expected YAML"),
        ("\x00", "expected YAML"),
    ],
)
def test_what_is_no_compose_file(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words.replace("[", r"\[")):
        parse(text)


def test_aliases_of_aliases_cost_nothing() -> None:
    """A file that would be huge written out: nothing of it is looked at."""
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert parse("\n".join([*lines, "services: {a: {image: b}}", ""])).services[0].image == "b"
