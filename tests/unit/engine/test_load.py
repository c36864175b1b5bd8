from __future__ import annotations

import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from symphony_doctor import api
from symphony_doctor.engine.load import (
    GROUP,
    Broken,
    Loaded,
    Provider,
    directory_provider,
    installed_providers,
    load,
)

RULE = '''
from symphony_doctor.api import Kind, Severity, check

@check("{code}", name="{name}", severity=Severity.ERROR, needs=(Kind.RUNNING,))
def rule(cluster):
    """A rule."""
    yield from ()
'''


@pytest.fixture(autouse=True)
def _imported() -> Iterator[None]:
    """Forget what a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def rule(code: str, name: str = "") -> str:
    return RULE.format(code=code, name=name or f"rule-{code.lower()}")


def directory(path: Path, **modules: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in modules.items():
        (path / f"{name}.py").write_text(textwrap.dedent(text))
    return path


def loaded(path: Path, **modules: str) -> Loaded:
    return load([directory_provider(directory(path, **modules))])


def codes(result: Loaded) -> list[str]:
    return [check.code for check in result.checks]


def errors(result: Loaded) -> list[str]:
    return [broken.error for broken in result.broken]


def test_a_directory_of_rules_is_loaded_sorted_by_code(tmp_path: Path) -> None:
    result = loaded(tmp_path, b=rule("XY001"), a=rule("XY002"))

    assert (codes(result), result.broken) == (["XY001", "XY002"], ())
    assert {check.origin for check in result.checks} == {str(tmp_path)}


def test_helpers_are_imported_relatively_and_give_no_rules(tmp_path: Path) -> None:
    result = loaded(tmp_path, _names="NAME = 'from-a-helper'", rules=f"from ._names import NAME\n{rule('XY001')}")
    aside = loaded(tmp_path / "aside", _rules=rule("XY009"), rules=rule("XY001"))

    assert (codes(result), errors(result)) == (["XY001"], [])
    assert (codes(aside), errors(aside)) == (["XY001"], [])


def test_two_directories_have_their_own_modules_and_helpers(tmp_path: Path) -> None:
    one = directory(
        tmp_path / "one", _code="CODE = 'XY001'", same=rule("XY001").replace('"XY001"', "CODE") + "\n", a=""
    )
    two = directory(tmp_path / "two", _code="CODE = 'XY002'", same=rule("XY002").replace('"XY002"', "CODE"))
    for path in (one, two):
        text = (path / "same.py").read_text()
        (path / "same.py").write_text(f"from ._code import CODE\n{text}")

    result = load([directory_provider(one), directory_provider(two)])

    assert (codes(result), errors(result)) == (["XY001", "XY002"], [])


def test_the_same_directory_twice_is_the_same_rules(tmp_path: Path) -> None:
    path = directory(tmp_path / "rules", a=rule("XY001"))

    result = load([directory_provider(path), directory_provider(tmp_path / "other" / ".." / "rules")])

    assert (codes(result), result.broken) == (["XY001"], ())


def test_a_module_that_imports_anothers_rule_does_not_take_it(tmp_path: Path) -> None:
    result = loaded(tmp_path, a=rule("XY001"), b="from .a import rule")

    assert (codes(result), result.broken) == (["XY001"], ())


@pytest.mark.parametrize("modules", [{}, {"_private": rule("XY001")}, {"notes": "TEXT = 'no rule'"}])
def test_a_directory_without_a_rule_is_said_to_be_so(tmp_path: Path, modules: dict[str, str]) -> None:
    assert loaded(tmp_path, **modules) == Loaded((), (Broken(str(tmp_path), "it holds no rule"),))


NEWER = (
    f"needs version {{}} of the rule API and this doctor has version {api.VERSION}: a newer symphony-doctor is needed"
)
BROKEN = {
    "import error": ("import no_such_module", "bad.py cannot be imported: ModuleNotFoundError: No module named"),
    "syntax error": ("def (", "bad.py cannot be imported: SyntaxError: invalid syntax (bad.py, line 1)"),
    "raises": (
        "\n\nraise ValueError('boom')",
        "bad.py cannot be imported: ValueError: boom in <module>, line 3 of bad.py",
    ),
    "exits": ("import sys\nsys.exit(0)", "bad.py cannot be imported: SystemExit: 0 in <module>, line 2 of bad.py"),
    "interrupts": ("raise KeyboardInterrupt", "bad.py cannot be imported: KeyboardInterrupt in <module>"),
    "null byte": ("X = '\0'", "bad.py cannot be imported: SyntaxError: source code string cannot contain null bytes"),
    "code": (rule("bad"), "rule code 'bad': expected capital letters and three digits, such as XY001"),
    "code that is no text": (rule("XY001").replace('"XY001"', "3"), "rule code 3: expected capital letters"),
    "name": (rule("XY001", "Bad Name"), "rule XY001: name 'Bad Name': expected lower case words joined by hyphens"),
    "no docstring": (
        rule("XY001").replace('"""A rule."""', ""),
        "its function has no docstring, which is its explanation",
    ),
    "severity": (
        rule("XY001").replace("Severity.ERROR", "'error'"),
        "rule XY001: severity: 'error': expected a Severity",
    ),
    "needs": (rule("XY001").replace("Kind.RUNNING", "'running'"), "rule XY001: needs: 'running': expected a Kind"),
    "needs nothing": (rule("XY001").replace("(Kind.RUNNING,)", "None"), "TypeError: 'NoneType' object is not iterable"),
    "threshold": (
        rule("XY001").replace("cluster)", "cluster, *, most)"),
        "rule XY001: threshold most has no number as default",
    ),
    "explained by": (
        rule("XY001").replace("needs=", "explained_by=['QU001'], needs="),
        "rule XY001: explained_by: 'QU001': expected a Because",
    ),
    "a newer api by its version": (
        f"API_VERSION = {api.VERSION + 1}\n{rule('XY001')}",
        f"bad.py {NEWER.format(api.VERSION + 1)}",
    ),
    "a newer api by a name": (
        "from symphony_doctor.api import Future",
        f"name 'Future' from 'symphony_doctor.api': version {api.VERSION} of the rule API does not have it; perhaps",
    ),
    "an api version that is none": ("API_VERSION = '1'", "bad.py: API_VERSION is '1': expected a whole number"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_module_is_a_value_and_the_rest_is_loaded(tmp_path: Path, what: str) -> None:
    text, error = BROKEN[what]

    result = loaded(tmp_path, bad=text, good=rule("XY002"), zoo=rule("XY003"))

    assert codes(result) == ["XY002", "XY003"]
    assert [broken.origin for broken in result.broken] == [str(tmp_path)]
    assert error in errors(result)[0]


@pytest.mark.parametrize("version", [1, api.VERSION])
def test_an_older_or_equal_api_version_is_taken(tmp_path: Path, version: int) -> None:
    result = loaded(tmp_path, a=f"API_VERSION = {version}\n{rule('XY001')}")

    assert (codes(result), result.broken) == (["XY001"], ())


def test_a_module_that_never_ends_its_import_is_left_behind(tmp_path: Path) -> None:
    release = threading.Event()
    sys.modules["_release"] = type(sys)("_release")
    sys.modules["_release"].event = release  # type: ignore[attr-defined]
    path = directory(tmp_path, bad="from _release import event\nevent.wait()", good=rule("XY002"))

    result = load([directory_provider(path)], deadline=2.0)
    release.set()

    assert codes(result) == ["XY002"]
    assert errors(result) == ["bad.py cannot be imported: it did not return within 2 s"]


def test_what_a_module_prints_at_import_does_not_reach_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = loaded(tmp_path, noisy=f"print('noise')\n{rule('XY001')}")

    assert codes(result) == ["XY001"]
    assert capsys.readouterr() == ("", "noise\n")


def test_the_first_rule_with_a_code_keeps_it(tmp_path: Path) -> None:
    one = directory(tmp_path / "one", a=rule("XY001", "first"))
    two = directory(tmp_path / "two", a=rule("XY001", "second"), b=rule("XY002"))

    result = load([directory_provider(one), directory_provider(two)])

    assert [(check.code, check.name) for check in result.checks] == [("XY001", "first"), ("XY002", "rule-xy002")]
    assert result.broken == (Broken(str(two), f"code XY001 is already that of a rule of {one}"),)


def test_the_first_rule_with_a_name_keeps_it(tmp_path: Path) -> None:
    result = loaded(tmp_path, a=rule("XY001", "same"), b=rule("XY002", "same"))

    assert codes(result) == ["XY001"]
    assert errors(result) == ["name same of XY002 is already that of XY001"]


def package(path: Path, name: str, init: str = "", **modules: str) -> Provider:
    directory(path / name, __init__=init, **modules)
    return Provider(name, f"{name} 1.0")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that modules are imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_package_is_loaded_with_all_its_public_modules(site: Path) -> None:
    provider = package(site, "rules_of_a_package", rule("XY001"), a=rule("XY002"), _b=rule("XY003"))

    result = load([provider])

    assert (codes(result), result.broken) == (["XY001", "XY002"], ())
    assert result.checks[0].origin == "rules_of_a_package 1.0"


def test_a_single_module_is_loaded(site: Path) -> None:
    directory(site, rules_of_a_module=rule("XY001"))

    assert codes(load([Provider("rules_of_a_module", "x 1.0")])) == ["XY001"]


@pytest.mark.parametrize("value", ["no_such_package_at_all", "os:path", "", ".relative", "json.no_such_module"])
def test_an_entry_point_that_leads_nowhere_is_a_value(value: str) -> None:
    (broken,) = load([Provider(value, "x 1.0")]).broken

    assert broken.origin == "x 1.0"
    assert "cannot be imported" in broken.error


def test_a_package_for_a_newer_api_is_not_gone_into(site: Path) -> None:
    provider = package(site, "rules_of_the_future", "API_VERSION = 99", a="raise ValueError('imported')")

    assert errors(load([provider])) == [f"rules_of_the_future {NEWER.format(99)}"]


def test_the_built_in_rules_come_by_an_entry_point_and_first() -> None:
    first, *_ = installed_providers()

    assert (first.module, first.directory) == (GROUP, None)
    assert first.origin.startswith("symphony-doctor ")


def test_an_entry_point_of_someone_else_called_builtin_is_not_first(site: Path) -> None:
    info = site / "aaa_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aaa-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nbuiltin = aaa_rules\n")

    found = installed_providers()

    assert found[0].module == GROUP
    assert Provider("aaa_rules", "aaa-rules 1.0") in found[1:]
