"""Rules of others, on a real cluster, by the installed program: they work, and where broken they harm nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab.cluster import Lab

pytestmark = pytest.mark.cluster

DOCUMENT = Path(__file__).parents[2] / "docs" / "writing-a-check.md"
PROGRAM = Path(sys.executable).with_name("symphony-doctor")


def template(name: str) -> str:
    """Return a file of the document on writing a check."""
    found = re.search(rf"<!-- file: {re.escape(name)} -->\n```\w+\n(.*?)```\n", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def doctor(*arguments: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1"} | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def outcomes(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["code"]: (check["status"], check["reason"]) for check in report["checks"]}


class Run:
    """A diagnosis of one cluster, with and without rules of others."""

    def __init__(self, *arguments: str | Path) -> None:
        self.arguments = ("run", *arguments, "--format", "json")
        self.status, self.plain = self(*())

    def __call__(self, *more: str | Path, path: Path | None = None) -> tuple[int, dict[str, Any]]:
        """Return the exit status and the report; standard output holds it and nothing else."""
        done = doctor(*self.arguments, *more, path=path)
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, report

    def unharmed(self, report: dict[str, Any]) -> bool:
        """Tell whether every built-in rule came out as it does alone, with the same findings."""
        alone = outcomes(self.plain)
        others = set(outcomes(report)) - set(alone)
        findings = [each for each in report["findings"] if each["code"] not in others]
        kept = {code: outcome for code, outcome in outcomes(report).items() if code in alone}
        return kept == alone and findings == self.plain["findings"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a running cluster in which one node's symphony.config differs."""
    started = asyncio.run(Lab.create(tmp_path_factory.mktemp("plugins") / "lab", nodes=3))
    try:
        asyncio.run(started.break_("config-drift"))
        yield started
    finally:
        asyncio.run(started.stop())


@pytest.fixture(scope="module")
def offline(lab: Lab) -> Run:
    run = Run(*(part for node in lab.nodes for part in ("--node", node.directory)), "--offline")
    assert [each["code"] for each in run.plain["findings"] if each["cause"] is None] == ["CF008"]
    assert run.status == 1
    return run


@pytest.fixture(scope="module")
def live(lab: Lab) -> Run:
    return Run("--server", ",".join(node.client_url for node in lab.nodes))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory that the template was installed to, as a package with an entry point."""
    source, target = tmp_path_factory.mktemp("acme"), tmp_path_factory.mktemp("site")
    for name in ("acme_rules.py", "pyproject.toml"):
        (source / name).write_text(template(name))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--target", target, source],
        check=True, timeout=120,
    )  # fmt: skip
    return target


def test_the_template_in_a_directory_passes_on_a_real_cluster(live: Run, tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(template("acme_rules.py"))

    status, report = live("--checks-dir", tmp_path)

    assert outcomes(report)["ACME001"] == ("passed", "")
    assert live.unharmed(report)
    assert status == live.status


def test_the_template_in_a_directory_finds_what_it_is_for(live: Run, tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(template("acme_rules.py").replace("minor: int = 10", "minor: int = 999"))

    _, report = live("--checks-dir", tmp_path)

    assert sorted(each["nodes"] for each in report["findings"] if each["code"] == "ACME001") == [
        ["node1"],
        ["node2"],
        ["node3"],
    ]
    assert live.unharmed(report)


def test_the_template_in_a_directory_is_skipped_where_it_has_no_evidence(offline: Run, tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(template("acme_rules.py"))

    status, report = offline("--checks-dir", tmp_path)

    assert outcomes(report)["ACME001"][0] == "skipped"
    assert offline.unharmed(report)
    assert status == offline.status


def test_the_template_as_an_installed_package_runs(live: Run, installed: Path) -> None:
    status, report = live(path=installed)

    assert outcomes(report)["ACME001"] == ("passed", "")
    assert live.unharmed(report)
    assert status == live.status


def test_the_template_as_an_installed_package_is_listed_with_its_origin(installed: Path) -> None:
    lines = doctor("checks", "list", "-v", path=installed).stdout.splitlines()

    assert [line.split("  ")[-1].strip() for line in lines if line.startswith("ACME001")] == ["acme-rules 1.0"]


HEAD = """\
from symphony_doctor.api import Finding, Gap, Kind, Severity, Subject, check

"""
RULE = """\
@check("XY001", name="of-others", severity=Severity.ERROR, needs=(Kind.RUNNING,))
def of_others(cluster):
    '''A rule of others.'''
"""

UNLOADED = {
    "import error": ("import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
    "syntax error": ("def def", "SyntaxError"),
    "exit at import": ("raise SystemExit(0)", "SystemExit"),
    "bad metadata": (RULE.replace("(Kind.RUNNING,)", "'running'"), "expected a Kind"),
    "no number": (RULE.replace("cluster", "cluster, *, most"), "threshold most has no number"),
    "code taken": (RULE.replace("XY001", "CF008"), "code CF008 is already that of a rule of symphony-doctor"),
    "name taken": (RULE.replace("of-others", "config-drift"), "name config-drift of XY001 is already that of CF008"),
    "newer api": ("API_VERSION = 1000", "needs version 1000 of the rule API"),
    "nothing": ("", "it holds no rule"),
}
CRASHED = {
    "raises": ("raise ValueError('boom')", "ValueError: boom in of_others"),
    "returns nothing": ("pass", "TypeError: 'NoneType' object is not iterable"),
    "yields text": ("yield 'text'", "yielded a str"),
    "yields garbage": ("yield Finding(None, 3, 'x', 'node1', None, ())", "yielded a Finding that cannot be used"),
    "yields a gap of nothing": ("yield Gap(['node1'], None)", "yielded a Gap that cannot be used"),
    "yields for ever": (
        "while True: yield Finding('t', 'd', Subject('node', 'n'), (), (), ())",
        "yielded more than 100000 findings",
    ),
    "exits": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "changes the snapshot": ("cluster.nodes[0].name = 'other'; yield", "FrozenInstanceError"),
}


def module(text: str, directory: Path) -> Path:
    (directory / "others.py").write_text(HEAD + text)
    return directory


@pytest.mark.parametrize("what", UNLOADED)
def test_a_plugin_that_cannot_be_loaded_is_reported_and_harms_nothing(offline: Run, tmp_path: Path, what: str) -> None:
    text, reason = UNLOADED[what]
    if text.startswith("@check"):
        text += "    yield from ()\n"

    status, report = offline("--checks-dir", module(text, tmp_path))

    assert status == 4
    (problem,) = report["problems"]
    assert str(tmp_path) in problem
    assert reason in problem
    assert offline.unharmed(report)
    assert set(outcomes(report)) == set(outcomes(offline.plain))


@pytest.mark.parametrize("what", CRASHED)
def test_a_rule_that_crashes_is_reported_and_harms_nothing(offline: Run, tmp_path: Path, what: str) -> None:
    body, reason = CRASHED[what]

    status, report = offline("--checks-dir", module(f"{RULE}    {body}\n", tmp_path))

    assert status == 4
    assert outcomes(report)["XY001"][0] == "crashed"
    assert reason in outcomes(report)["XY001"][1]
    assert report["summary"]["crashed"] == 1
    assert offline.unharmed(report)


def test_a_crashed_rule_keeps_what_it_had_found(offline: Run, tmp_path: Path) -> None:
    body = "yield Finding('t', 'd', Subject('node', 'n'), (), (), ()); raise ValueError('boom')"

    status, report = offline("--checks-dir", module(f"{RULE}    {body}\n", tmp_path))

    assert [each["code"] for each in report["findings"] if each["code"] == "XY001"] == ["XY001"]
    assert (status, outcomes(report)["XY001"][0]) == (4, "crashed")
    assert offline.unharmed(report)


def test_a_broken_plugin_is_on_the_screen_too(lab: Lab, tmp_path: Path) -> None:
    directory = module("import no_such_module_at_all", tmp_path)

    done = doctor("run", "--node", lab.nodes[0].directory, "--offline", "--checks-dir", directory)

    assert done.returncode == 4
    assert "no_such_module_at_all" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_rules_that_print_do_not_spoil_the_document(offline: Run, tmp_path: Path) -> None:
    text = f"print('at import')\n{RULE}    print('in a rule')\n    yield from ()\n"

    status, report = offline("--checks-dir", module(text, tmp_path))

    assert outcomes(report)["XY001"] == ("passed", "")
    assert offline.unharmed(report)
    assert status == offline.status


def test_an_installed_package_that_is_broken_is_reported_and_harms_nothing(offline: Run, tmp_path: Path) -> None:
    info = tmp_path / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[symphony_doctor.checks]\nbuiltin = acme_rules_that_are_gone\n")

    status, report = offline(path=tmp_path)

    assert status == 4
    gone = "acme_rules_that_are_gone"
    (problem,) = report["problems"]
    assert problem == (
        f"rules of acme-rules 1.0: {gone} cannot be imported: ModuleNotFoundError: No module named '{gone}'"
    )
    assert offline.unharmed(report)


def test_rules_and_modules_that_never_return_meet_a_deadline(offline: Run, tmp_path: Path) -> None:
    (tmp_path / "hung.py").write_text("while True: pass\n")
    text = textwrap.dedent("""
        import threading

        @check("XY001", name="works-for-ever", severity=Severity.ERROR, needs=())
        def works_for_ever(cluster):
            '''A rule that works for ever.'''
            while True:
                pass
    """)

    status, report = offline("--checks-dir", module(text, tmp_path))

    assert status == 4
    assert outcomes(report)["XY001"] == ("crashed", "did not return within 20 s")
    assert report["problems"] == [f"rules of {tmp_path}: hung.py cannot be imported: it did not return within 10 s"]
    assert offline.unharmed(report)


def test_a_code_of_a_plugin_that_is_not_there_is_said_with_what_could_not_be_loaded(lab: Lab, tmp_path: Path) -> None:
    directory = module("import no_such_module_at_all", tmp_path)

    done = doctor("run", "--node", lab.nodes[0].directory, "--offline", "--checks-dir", directory, "--select", "XY001")

    assert done.returncode == 2
    assert "'XY001'" in done.stderr
    assert "no_such_module_at_all" in done.stderr
