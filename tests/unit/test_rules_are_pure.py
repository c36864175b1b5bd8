"""Rules import the api and nothing else: no input or output, no clock, no chance."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

RULES = sorted((Path(__file__).parents[2] / "checks").glob("*.py"))
PURE = {"__future__", "collections", "collections.abc", "dataclasses", "itertools", "math", "re", "shlex", "typing"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return names


def test_there_are_rules() -> None:
    assert len(RULES) > 8


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_imports(path: Path) -> None:
    assert imported(ast.parse(path.read_text())) <= PURE | {"symphony_doctor.api"}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_calls(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & IMPURE_CALLS
