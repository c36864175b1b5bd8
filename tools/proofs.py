"""Collects, from the text of the tests, which of them prove which rule, and what each says that it shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symphony_doctor.lab.faults import FAULTS

PROOFS = ("fault", "absent", "near_miss")
_NAME = re.compile(r"(?:^test|_and)_([a-z]{2,5}[0-9]{3})_(fault|absent|near_miss)(?=_|$)")
"""One test may be the proof of several rules: ``test_lg002_fault_and_lg003_fault``."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: ``shows`` is the first line of its docstring, ``real`` that servers or the whole program take part."""

    code: str
    kind: str
    name: str
    shows: str
    file: str
    real: bool


def proofs_of(tests: Path) -> dict[str, list[Proof]]:
    """Return every proof by the rule's code, in the order of files and lines."""
    found: dict[str, list[Proof]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file = str(path.relative_to(tests.parent))
        for proof in (*_expected(tree, file), *_functions(tree, file)):
            found.setdefault(proof.code, []).append(proof)
    return found


def _functions(tree: ast.Module, file: str) -> Iterator[Proof]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            shows = (ast.get_docstring(node) or "").partition("\n")[0].rstrip(".")
            for match in _NAME.finditer(node.name):
                yield Proof(match[1].upper(), match[2], node.name, shows, file, "/integration/" in f"/{file}")


def _expected(tree: ast.Module, file: str) -> Iterator[Proof]:
    """Read the table of the lab's faults: ``EXPECTED = {"fault": Expected("CODE", ...)}``."""
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if not isinstance(value, ast.Dict) or [getattr(each, "id", "") for each in targets] != ["EXPECTED"]:
            continue
        for key, call in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant):
                fault, code = str(key.value), str(call.args[0].value)
                yield Proof(code, "fault", fault, FAULTS[fault].description.rstrip("."), file, real=True)
