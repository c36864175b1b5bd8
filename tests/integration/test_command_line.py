"""The command line: every exit status, what goes where, and how it ends when it is stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from .fake_server import listening, say
from .program import PROGRAM, Done, assert_clean, doctor, is_connected, session_members

pytestmark = pytest.mark.cluster

NODES = ("node1", "node2", "node3")
CRASHING = '''
from symphony_doctor.api import Cluster, Finding, Gap, Iterator, Severity, check

@check("XY001", name="crashing", severity=Severity.ERROR, needs=())
def crashing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """It crashes."""
    raise RuntimeError("on purpose")
    yield
'''


@pytest.fixture
def broken(origin: Path, tmp_path: Path) -> Path:
    """Copies of the directories with one fault that files show: CF008, an error; its cause is nothing else."""
    for name in NODES:
        shutil.copytree(origin / name, tmp_path / name)
    path = tmp_path / "node3" / "symphony.config"
    document = json.loads(path.read_bytes())
    document["rbac"]["default_role"] = "somebody-else"
    path.write_text(json.dumps(document))
    return tmp_path


def offline(root: Path, *more: str | Path) -> Done:
    return doctor("run", *node_options(root), "--offline", *more)


def node_options(root: Path) -> list[str]:
    return [argument for name in NODES for argument in ("--node", str(root / name))]


def test_status_0_healthy(origin: Path) -> None:
    done = offline(origin)
    assert (done.status, done.err) == (0, "")


def test_status_1_findings(broken: Path) -> None:
    done = offline(broken)
    assert (done.status, done.err) == (1, "")
    assert "CF008" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to look at: give --node DIR"),
        (["--select", "JS0001"], "no rule has the code, prefix or name 'JS0001'; did you mean JS001?"),
        (["--select", ""], "names no rule"),
        (["--server", ","], "names no address"),
        (["--node", ""], "names no directory"),
        (["--node", "n1="], "names no directory"),
        (["--ignore", "quorum-los"], "did you mean quorum-lost?"),
        (["--wait", "soon"], "'soon' is no duration: expected a positive number of seconds, or such as 500ms, 30s, 5m"),
        (["--timeout", "0"], "is no duration"),
        (["--timeout", "-1"], "is no duration"),
        (["--timeout", "nan"], "is no duration"),
        (["--offline", "--server", "127.0.0.1:4222"], "--offline touches no network"),
        (["--creds", "{root}/no.creds"], "/no.creds does not exist"),
        (["--creds", "{root}/node1/nats.config"], "is no credentials file: its JWT is not valid"),
        (["--creds", "{root}/node1"], "is a directory, expected a file"),
        (["--creds", "x", "--context", "y"], "--creds and --context exclude each other"),
        (["--context", "no-such-context"], "no-such-context.json does not exist; `nats context ls` lists the contexts"),
        (["--context", "../x"], "is no context name"),
        (["--node", "{root}/no-such-directory"], "no-such-directory does not exist"),
        (["--node", "{root}/node1/nats.config"], "nats.config is a file, expected a directory"),
        (["--node", "a={root}/node1", "--node", "a={root}/node2"], "two directories are named a"),
        (["--format", "yaml"], "'yaml' is not one of"),
        (["--fail-on", "fatal"], "'fatal' is not one of"),
        (["--no-such-option"], "No such option"),
        (["--checks-dir", "{root}/none"], "does not exist"),
        (["--output", "{root}/none/report.txt"], "--output: {root}/none/report.txt: no such file or directory"),
        (["--output", "{root}"], "is a directory"),
    ],
    ids=lambda value: " ".join(value).replace("{root}/", "") or "none" if isinstance(value, list) else "",
)
def test_status_2_command_line(arguments: list[str], words: str, origin: Path, tmp_path: Path) -> None:
    given = [each.replace("{root}", str(origin)) for each in arguments]
    if arguments and not {"--node", "--offline"} & set(arguments):
        given = [*node_options(origin), *given]
    done = doctor("run", *given, environment={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (done.status, done.out) == (2, "")
    assert words.replace("{root}", str(origin)) in done.err
    assert len(done.err.splitlines()) <= 5


def test_status_2_is_found_before_anything_is_looked_at(tmp_path: Path) -> None:
    """A wrong command line does not wait for a server."""
    with listening(say(b"")) as port:
        done = doctor("run", "--server", f"127.0.0.1:{port}", "--select", "ZZ", "--timeout", "20s")
    assert done.status == 2
    assert done.seconds < 15


def test_status_3_evidence_missing() -> None:
    """Nothing is found, and an address that was asked for did not answer: health is not proven."""
    done = doctor("run", "--server", "127.0.0.1:1")
    assert done.status == 3
    assert "127.0.0.1:1 refuses connections" in " ".join(done.out.split())


def test_status_4_a_rule_crashes(broken: Path, tmp_path: Path) -> None:
    """A rule of --checks-dir that crashes is reported as crashed; the others run, and 4 wins over 1."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(CRASHING)
    done = offline(broken, "--checks-dir", rules, "--format", "json")
    assert done.status == 4
    assert done.check("XY001")["status"] == "crashed"
    assert "RuntimeError: on purpose" in done.check("XY001")["reason"]
    assert "CF008" in done.codes
    shown = offline(broken, "--checks-dir", rules)
    assert shown.status == 4
    assert "XY001" in shown.out


def test_status_4_rules_that_cannot_be_loaded(origin: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text("import no_such_module\n")
    done = offline(origin, "--checks-dir", rules)
    assert done.status == 4
    assert "no_such_module" in done.out


def test_only_what_is_new_since_a_baseline(broken: Path, origin: Path, tmp_path: Path) -> None:
    """What the baseline has changes no status and is still told; against a healthy one everything is new."""
    healthy, ill = tmp_path / "healthy.json", tmp_path / "ill.json"
    assert offline(origin, "--format", "json", "--output", healthy).status == 0
    assert offline(broken, "--format", "json", "--output", ill).status == 1
    again = offline(broken, "--baseline", ill)
    assert again.status == 0
    assert "No new problem since " in again.out
    assert "Still there" in again.out
    new = offline(broken, "--baseline", healthy)
    assert new.status == 1
    assert ", new since " in new.out
    gone = offline(origin, "--baseline", ill)
    assert gone.status == 0
    assert "Gone" in gone.out


def test_a_baseline_that_is_no_report(origin: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    done = offline(origin, "--baseline", other)
    assert (done.status, done.out) == (2, "")
    assert f"{other} is no report of version 1" in done.err


@pytest.mark.parametrize("more", [[], ["--wait", "50s"]], ids=["looking", "waiting"])
def test_status_130_interrupted(more: list[str]) -> None:
    """Ctrl-C in the middle of a slow run: at once 130 and what is there, no traceback, no process left."""
    with listening(say(b"")) as port:
        command = [str(PROGRAM), "run", "--server", f"127.0.0.1:{port}", "--timeout", "50s", *more]
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with child:
            wait_for_connection(child.pid, port)
            began = time.monotonic()
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=20)
            seconds = time.monotonic() - began
        assert (child.returncode, err.strip()) == (
            130,
            "symphony-doctor: interrupted: the report has what was there by then",
        )
        assert "INTERRUPTED, so not complete" in out
        assert "interrupted before it was looked at" in out
        assert seconds < 1.0 + 2.0  # a second, and what a busy machine takes
        assert not session_members(child.pid)


def wait_for_connection(pid: int, port: int) -> None:
    """Wait until a process has a connection to a port of this machine."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if is_connected(pid, port):
            return
        time.sleep(0.02)
    raise AssertionError("it never connected")


def test_a_reader_that_goes_away_changes_no_status(broken: Path, origin: Path) -> None:
    """`| head -1` is no failure: nothing is said, and the status is that of the diagnosis."""
    for root, status in ((origin, 0), (broken, 1)):
        options = " ".join(node_options(root))
        script = f'"{PROGRAM}" run {options} --offline -v -v | (exec <&-); echo "${{PIPESTATUS[0]}}"'
        done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout, done.stderr) == (f"{status}\n", "")


def test_output_that_cannot_be_written(origin: Path) -> None:
    """A full disk behind standard output is said in a sentence; it is not taken for a written report."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "run", *node_options(origin), "--offline"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert_clean(done.stderr)
    assert done.returncode == 4
    assert "no space left on device" in done.stderr


def test_output_file(broken: Path, tmp_path: Path) -> None:
    """--output writes the document to the file, whole or not at all, and nothing to standard output."""
    file = tmp_path / "report.json"
    file.write_text("old")
    file.chmod(0o640)
    inode = file.stat().st_ino
    done = offline(broken, "--format", "json", "--output", file)
    assert (done.status, done.out) == (1, "")
    assert json.loads(file.read_text())["findings"]
    assert file.stat().st_ino != inode, "it was not replaced as a whole"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.json"]


def test_output_to_a_pipe_or_device(broken: Path) -> None:
    """What is no regular file is written to as it is: /dev/stdout, a FIFO."""
    done = offline(broken, "--format", "json", "--output", "/dev/stdout")
    assert done.status == 1
    assert "CF008" in done.codes
    assert Path("/dev/stdout").exists()


def test_output_without_permission(broken: Path) -> None:
    """A folder that may not be written to is named, before anything is diagnosed in vain or left behind."""
    folder = broken / "locked"
    folder.mkdir(mode=0o500)
    done = doctor("run", *node_options(broken), "--offline", "--output", folder / "report.txt", powerless=True)
    assert done.status == 2
    assert f"--output: {folder / 'report.txt'}: permission denied" in done.err
    assert not list(folder.iterdir())


@pytest.mark.parametrize("pattern", ["CF", "cf008", "config-drift", "JS,CF008"])
def test_select(pattern: str, broken: Path) -> None:
    """--select takes codes, prefixes in either case, and names, joined by commas."""
    done = offline(broken, "--select", pattern, "--format", "json")
    assert done.status == 1
    assert {check["code"][:2] for check in done.report["checks"]} <= {"CF", "JS"}
    assert "CF008" in done.codes


def test_ignore(broken: Path) -> None:
    done = offline(broken, "--select", "CF", "--ignore", "CF008", "--ignore", "CF009", "--format", "json")
    assert done.status == 0
    assert not {"CF008", "CF009"} & {check["code"] for check in done.report["checks"]}


def test_fail_on(broken: Path) -> None:
    """--fail-on sets from which severity on the status is 1."""
    assert offline(broken, "--fail-on", "critical").status == 0
    assert offline(broken, "--fail-on", "error").status == 1
    assert offline(broken, "--fail-on", "info").status == 1


def test_json_is_valid(broken: Path, origin: Path) -> None:
    """Standard output holds the document and nothing else; it is what the schema says."""
    schema = json.loads(resources.files("symphony_doctor.reports").joinpath("report-v1.schema.json").read_text())
    for root in (broken, origin):
        done = offline(root, "--format", "json", "-v")
        jsonschema.validate(done.report, schema)
        assert done.err == ""


def test_quiet_is_one_line(broken: Path, origin: Path) -> None:
    for root in (broken, origin):
        assert offline(root, "-q").out.count("\n") == 1


def test_verbose_lists_every_rule(origin: Path) -> None:
    quiet, verbose = offline(origin), offline(origin, "-v")
    assert "route-missing" not in quiet.out
    assert re.search(r"RT002\s+route-missing\s+passed", verbose.out)


def test_no_colour_in_a_pipe(broken: Path) -> None:
    """What goes into a pipe or a file has no colours, with and without NO_COLOR."""
    done = subprocess.run(
        [PROGRAM, "run", *node_options(broken), "--offline"],
        capture_output=True,
        timeout=60,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"},
    )
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize(("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal(environment: dict[str, str], colours: bool, broken: Path) -> None:  # noqa: FBT001
    """On a terminal there are colours, unless NO_COLOR is set."""
    command = " ".join([str(PROGRAM), "run", *node_options(broken), "--offline"])
    done = subprocess.run(
        ["/usr/bin/script", "-qec", command, "/dev/null"],
        capture_output=True,
        timeout=60,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        | {"TERM": "xterm-256color", **environment},
    )
    assert b"CF008" in done.stdout
    assert (b"\x1b[" in done.stdout) is colours


def test_ascii_output(broken: Path) -> None:
    """A terminal or a locale that knows ASCII alone is no reason to fail."""
    for format_ in ("terminal", "json"):
        done = doctor(
            "run", *node_options(broken), "--offline", "--format", format_, environment={"PYTHONIOENCODING": "ascii"}
        )
        assert done.status == 1
        assert done.out.isascii()


def test_a_page_is_the_same_in_a_file_and_in_a_pipe(broken: Path, tmp_path: Path) -> None:
    """--format html gives one page in UTF-8, whatever the locale is."""
    file = tmp_path / "report.html"
    assert offline(broken, "--format", "html", "--output", file).status == 1
    done = doctor(
        "run", *node_options(broken), "--offline", "--format", "html", environment={"PYTHONIOENCODING": "ascii"}
    )
    assert done.status == 1
    times = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}|<td class=.number.>[^<]*</td>|[0-9]+ \w+ before this")
    assert times.sub("", done.out) == times.sub("", file.read_text(encoding="utf-8"))
    assert "CF008" in done.out
    assert done.out.startswith("<!DOCTYPE html>")


def test_version_help_and_unknown_command() -> None:
    assert re.fullmatch(r"symphony-doctor, version [0-9.]+\n", doctor("--version").out)
    helped = doctor("--help")
    assert (helped.status, "Exit status: 0 healthy" in helped.out) == (0, True)
    wrong = doctor("runn")
    assert (wrong.status, wrong.out) == (2, "")
    assert "There is no command 'runn'. Did you mean run?" in wrong.err


def test_checks_list_and_explain() -> None:
    """`checks list` has every rule; `checks explain` tells one, by code or by name, and knows no other."""
    listed = doctor("checks", "list")
    assert listed.status == 0
    assert re.search(r"RT002\s+route-missing\s+warning", listed.out)
    by_code, by_name = doctor("checks", "explain", "RT002"), doctor("checks", "explain", "route-missing")
    assert by_code.out == by_name.out
    assert "By hand:" in by_code.out
    unknown = doctor("checks", "explain", "RT02")
    assert (unknown.status, unknown.out) == (2, "")
    assert "did you mean RT002?" in unknown.err


def test_import_without_a_warning() -> None:
    """Every command can be imported with all warnings as errors."""
    code = "import importlib; [importlib.import_module(f'symphony_doctor.commands.{n}') for n in %r]"
    from symphony_doctor.commands._main import COMMANDS

    modules = tuple(name.replace("-", "_") for name in COMMANDS)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code % (modules,)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupted_run_reports_what_was_read_and_concludes_nothing_from_the_rest(tmp_path: Path) -> None:
    """One of two nodes answers never: what its files tell is found, and that it is down is not."""
    for name, port in (("node1", 1), ("node2", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "symphony.config").write_text("{")
        (tmp_path / name / "nats.config").write_text(f'server_name: {name}\nlisten: "127.0.0.1:{port}"\n')
    with listening(say(b"")) as port:
        (tmp_path / "node2" / "nats.config").write_text(f'server_name: node2\nlisten: "127.0.0.1:{port}"\n')
        nodes = [f"--node={tmp_path / name}" for name in ("node1", "node2")]
        child = subprocess.Popen(
            [PROGRAM, "run", *nodes, "--timeout", "50s", "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with child:
            wait_for_connection(child.pid, port)
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate(timeout=20)
    report = json.loads(out)

    assert child.returncode == 130
    assert report["interrupted"] is True
    assert [node["sources"][0] for node in report["cluster"]["nodes"]] == ["files", "files"]
    assert "CF001" in {found["code"] for found in report["findings"]}
    undecided = {each["code"]: each for each in report["checks"] if each["status"] == "skipped"}
    assert undecided["QU001"]["unproven"] is True
    assert "node2: interrupted before it was looked at" in undecided["QU001"]["reason"]
