"""The document on writing a check: what stands in it is what works."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from symphony_doctor import api
from symphony_doctor.engine import load, run

DOCUMENT = Path(__file__).parents[2] / "docs" / "writing-a-check.md"
TEXT = DOCUMENT.read_text()
PROGRAM = Path(sys.executable).with_name("symphony-doctor")


def block(name: str) -> str:
    """Return the file of that name as it stands in the document."""
    found = re.search(rf"<!-- file: {re.escape(name)} -->\n```\w+\n(.*?)```\n", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_template_is_short_and_imports_the_api_alone() -> None:
    template = block("acme_rules.py")
    imported = {node.module for node in ast.walk(ast.parse(template)) if isinstance(node, ast.ImportFrom)}

    assert len(template.splitlines()) < 30
    assert imported == {"symphony_doctor.api"}


def test_the_tests_of_the_template_pass(tmp_path: Path) -> None:
    for name in ("acme_rules.py", "test_acme_rules.py"):
        (tmp_path / name).write_text(block(name))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme_rules.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "said",
    [
        f"`symphony_doctor.api.VERSION` is {api.VERSION}.",
        f"takes longer than {load.DEADLINE:g} seconds to import",
        f"yields more than {run.MOST_FINDINGS:,} of them",
        f"takes longer\n  than {run.DEADLINE:g} seconds",
        f"`{load.GROUP}`",
    ],
)
def test_the_figures_are_those_of_the_code(said: str) -> None:
    assert said in TEXT


def test_the_template_is_explained_by_the_installed_program(tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(block("acme_rules.py"))

    done = subprocess.run(
        [PROGRAM, "checks", "explain", "ACME001", "--checks-dir", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ACME001 server-too-old (warning)\n")
    assert "minor = 10" in done.stdout
