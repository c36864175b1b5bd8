"""symphony-doctor.toml on a real cluster: found, named, refused, and what goes before it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from symphony_doctor.lab.cluster import Lab

from .program import Done, doctor

pytestmark = pytest.mark.cluster

NO_CONTEXT = {"XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A healthy cluster of three."""
    made = asyncio.run(Lab.create(tmp_path_factory.mktemp("inventory") / "lab"))
    yield made
    asyncio.run(made.stop())


def write(folder: Path, lab: Lab, more: str = "", *, nodes: bool = True, head: str = "") -> Path:
    """Write an inventory of the lab."""
    text = [head, f'creds = "{lab.system_credentials}"' if nodes else ""]
    text += [f'[nodes.{node.directory.name}]\ndir = "{node.directory}"' for node in lab.nodes if nodes]
    path = folder / "symphony-doctor.toml"
    path.write_text("\n".join([*text, more]))
    return path


def run(folder: Path, *arguments: str | Path, command: str = "run", **environment: str) -> Done:
    more = ("--format", "json") if command == "run" else ()
    return doctor(command, *arguments, *more, environment={**NO_CONTEXT, **environment}, directory=folder)


def sources(done: Done) -> dict[str, list[str]]:
    return {node["name"]: node["sources"] for node in done.report["cluster"]["nodes"]}


def test_it_is_found_upwards_and_gives_nodes_and_credentials(lab: Lab, tmp_path: Path) -> None:
    """From a folder below it; what was taken is said."""
    path = write(tmp_path, lab)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    done = run(below)
    assert (done.status, done.report["findings"]) == (0, [])
    assert len(sources(done)) == 3
    assert all({"files", "nats", "http"} <= set(each) for each in sources(done).values())
    assert done.err == f"inventory {path}: nodes node1, node2, node3; credentials by creds\n"


@pytest.mark.parametrize("command", ["streams", "diff", "self-test"])
def test_every_command_that_looks_takes_it(lab: Lab, tmp_path: Path, command: str) -> None:
    write(tmp_path, lab)
    done = run(tmp_path, command=command)
    assert done.status == 0
    assert "node1" in done.out
    assert "node3" in done.out


def test_it_is_found_in_the_configuration_folder(lab: Lab, tmp_path: Path) -> None:
    """The nearest one upwards goes before it."""
    (tmp_path / "config" / "symphony-doctor").mkdir(parents=True)
    write(tmp_path / "config" / "symphony-doctor", lab)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert len(sources(run(elsewhere, XDG_CONFIG_HOME=str(tmp_path / "config")))) == 3
    (elsewhere / "symphony-doctor.toml").write_text(f'nodes.one.dir = "{lab.nodes[0].directory}"\n')
    done = run(elsewhere, "--offline", XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert [name for name, each in sources(done).items() if "files" in each] == ["one"]
    assert run(elsewhere, "--no-inventory").status == 2


def test_the_command_line_goes_before_it(lab: Lab, tmp_path: Path) -> None:
    """--node: nothing but how to judge is taken; --offline: no server is asked."""
    write(tmp_path, lab)
    done = run(tmp_path, "--node", lab.nodes[0].directory)
    assert not any("nats" in each for each in sources(done).values())
    assert [name for name, each in sources(done).items() if "files" in each] == ["node1"]
    assert "nothing, as the command line says what to look at" in done.err
    offline = run(tmp_path, "--offline")
    assert set(map(tuple, sources(offline).values())) == {("files", "logs")}


def test_profiles_and_addresses_of_nodes(lab: Lab, tmp_path: Path) -> None:
    """A node by its addresses alone: its server and its UI are the same node."""
    first = lab.nodes[0]
    ui = first.ui_url
    profile = f'[profiles.one.nodes.one]\nnats = "{lab.urls()[0]}"\nui = "{ui}"\n'
    write(tmp_path, lab, profile)
    done = run(tmp_path, "--profile", "one")
    assert "http" in sources(done)["node1"]
    assert "nats" in sources(done)["node1"]
    assert not any("files" in each for each in sources(done).values())
    wrong = run(tmp_path, "--profile", "two")
    assert (wrong.status, wrong.out) == (2, "")
    assert "there is no profile 'two'" in wrong.err


def test_thresholds_judge(lab: Lab, tmp_path: Path) -> None:
    """A limit below what every cluster has finds something; also where the command line names the nodes."""
    write(tmp_path, lab, "[thresholds.CF005]\nmost_seconds = 1\n", nodes=False)
    nodes = [part for node in lab.nodes for part in ("--node", node.directory)]
    assert "CF005" in run(tmp_path, *nodes, "--offline").codes
    assert "CF005" not in run(tmp_path, *nodes, "--offline", "--no-inventory").codes


def test_mutes_are_shown_counted_and_change_no_status(lab: Lab, tmp_path: Path) -> None:
    """What a threshold makes of a healthy cluster is found, then muted."""
    faulty = "[thresholds.CF005]\nmost_seconds = 1\n"
    nodes = [part for node in lab.nodes for part in ("--node", node.directory)]
    write(tmp_path, lab, faulty, nodes=False)
    before = run(tmp_path, *nodes, "--offline", "--fail-on", "info")
    severities = {each["severity"] for each in before.findings("CF005")}
    assert before.status == 1
    muted = '[[mutes]]\ncode = "CF005"\nobject = "*"\nreason = "small lab"\nuntil = 2999-12-31\n'
    write(tmp_path, lab, faulty + muted + f'severity = "{severities.pop()}"\n', nodes=False)
    after = run(tmp_path, *nodes, "--offline", "--fail-on", "info")
    assert (after.findings("CF005"), after.report["summary"]["muted"]) == ([], len(before.findings("CF005")))
    assert {each["code"] for each in after.report["muted"]} == {"CF005"}
    assert after.status in {0, 3}
    assert "1 threshold; 1 mute" in after.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nodes.a.dir = 5", "symphony-doctor.toml:1:15: nodes.a.dir: expected a text in quotes, found a number"),
        ("a = ", "symphony-doctor.toml:1:5: expected TOML"),
        ('nodes.a.dir = "no-such"', "symphony-doctor.toml:1:15: nodes.a.dir: "),
        ("nodes.a.sudo = true", "symphony-doctor.toml:1:16: nodes.a.sudo: it is for `dir`"),
        ('nodes.a.ui = "http://x:1"', "symphony-doctor.toml:1:1: nodes.a: expected dir, nats or both"),
        ('nodes.a.nats = "nats://u:SECRET@h:1"', "symphony-doctor.toml:1:16: nodes.a.nats: a URL with a user in it"),
        ('nodes.a.nats="h:1"\nnodes.a.ui = "http://u:SECRET@h:1"', "symphony-doctor.toml:2:14: nodes.a.ui: expected"),
        ('nodes.a = {dir = "x", ssh = "h"}', "symphony-doctor.toml:1:18: nodes.a.dir: beside ssh expected an absolute"),
        ('nodes.a = {dir = "/x", ssh = "u:SECRET@h"}', "symphony-doctor.toml:1:30: nodes.a.ssh: a password in the URL"),
        ('servers = ["h:1"]\ncreds = "none.creds"', "symphony-doctor.toml:2:9: creds: "),
        ('servers = ["h:1", "h:x"]', "symphony-doctor.toml:1:11: servers: 'h:x' is no address"),
        ('servers = ["h:1"]\ncontext = "none"', "symphony-doctor.toml:2:11: context none: "),
        ('servers = ["h:1"]\ncreds = "a"\nnkey = "b"', "exclude each other"),
        ('servers = ["h:1"]\n[thresholds.JS03]\nx = 1', "no rule has the code 'JS03'; did you mean JS003?"),
        ('servers = ["h:1"]\n[thresholds.JS003]\nx = 1', "symphony-doctor.toml:3:5: thresholds.JS003.x: JS003"),
        ('"\\u001b[31mred" = 1', "unknown key"),
        ('servers = ["h:1"]\n[[mutes]]\ncode = "js3"\nobject = "*"\nreason = "r"\nuntil = 2999-01-01',
         "symphony-doctor.toml:2:1: mutes[0]: no rule has the code 'js3'; did you mean JS003?"),
        ('[[mutes]]\ncode = "JS003"\nuntil = "soon"', "toml:1:1: mutes[0] lacks object, reason"),
        ('[[mutes]]\ncode = "JS003"\nuntil = "soon"', "toml:3:9: mutes[0].until: expected a day such as 2027-01-31"),
        ("", "symphony-doctor.toml names no node and no server"),
        ("[profiles.live]", "--profile takes live"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "symphony-doctor.toml").write_text(text)
    done = run(tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert "SECRET" not in done.err
    assert "\x1b" not in done.err


def test_a_file_that_others_may_write_is_not_used_unless_it_is_named(lab: Lab, tmp_path: Path) -> None:
    path = write(tmp_path, lab)
    path.chmod(0o666)
    done = run(tmp_path)
    assert done.status == 2
    assert "is not used: everybody may write it" in done.err
    assert len(sources(run(tmp_path, "--inventory", path))) == 3


def test_init_writes_what_run_takes(lab: Lab, tmp_path: Path) -> None:
    """One node's directory leads to the others: by their routes, and with what their servers advertise."""
    first = lab.nodes[0]
    made = doctor(
        "init", "--node", first.directory, "--creds", lab.system_credentials,
        directory=tmp_path, environment=NO_CONTEXT,
    )  # fmt: skip
    assert (made.status, made.out) == (0, "")
    text = (tmp_path / "symphony-doctor.toml").read_text()
    assert f'creds = "{lab.system_credentials}"' in text
    assert "[nodes.node2]\nnats = " in text
    assert f"node node1: dir {first.directory}" in made.err
    done = run(tmp_path)
    assert (done.status, len(sources(done))) == (0, 3)
    assert all("nats" in each for each in sources(done).values())


def test_init_replaces_nothing_unless_it_is_told_to(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "symphony-doctor.toml"
    path.write_text("mine")
    arguments = ("init", "--node", lab.nodes[0].directory, "--offline")
    refused = doctor(*arguments, directory=tmp_path, environment=NO_CONTEXT)
    assert (refused.status, path.read_text()) == (2, "mine")
    assert "--force replaces it" in refused.err
    done = doctor(*arguments, "--force", directory=tmp_path, environment=NO_CONTEXT)
    assert done.status == 0
    # what was not reached is a proposal: the file can be used as it is
    assert "# [nodes." in path.read_text()
    assert run(tmp_path, "--offline").status in {0, 3}
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_init_takes_a_context_that_leads_there(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "nats" / "context"
    folder.mkdir(parents=True)
    (folder / "here.json").write_text(f'{{"url": "{lab.urls()[0]}", "creds": "{lab.system_credentials}"}}')
    (folder / "other.json").write_text('{"url": "nats://127.0.0.1:1", "password": "SECRETVALUE"}')
    around = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    output = tmp_path / "new.toml"
    made = doctor("init", "--node", lab.nodes[0].directory, "--output", output, environment=around, directory=tmp_path)
    assert made.status == 0
    text = output.read_text()
    assert 'context = "here"' in text
    assert "SECRET" not in text
    assert '127.0.0.1:1"' not in text
    done = run(tmp_path, "--inventory", output, **around)
    assert done.status == 0
    assert all("nats" in each for each in sources(done).values())


def test_init_prints_the_schema_and_says_that_there_is_nothing(tmp_path: Path) -> None:
    printed = doctor("init", "--print-schema", directory=tmp_path, environment=NO_CONTEXT)
    assert (printed.status, list(tmp_path.iterdir())) == (0, [])
    assert '"title": "symphony-doctor.toml"' in printed.out
    wrong = doctor("init", "--node", tmp_path / "none", directory=tmp_path, environment=NO_CONTEXT)
    assert (wrong.status, list(tmp_path.iterdir())) == (2, [])
