"""The wheel as users get it: complete, by way of the sdist, the same bytes every time, and it runs by itself."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from symphony_doctor import __version__

TREE = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "symphony_doctor", "checks", "docs/man")
EPOCH = "1700000000"


def build(directory: Path, *how: str) -> Path:
    """Build in a copy of the tree, so that nothing is written beside the sources, and return the wheel."""
    source = directory / "source"
    source.mkdir(parents=True)
    for part in PARTS:
        if (TREE / part).is_dir():
            (source / part).parent.mkdir(exist_ok=True)
            shutil.copytree(TREE / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(TREE / part, source / part)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", directory / "dist", *how, source],
        cwd=directory,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (directory / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel built from the sdist: the default of `build` and of pip."""
    return build(tmp_path_factory.mktemp("wheel"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name and ".data/" not in name}


def in_tree(pattern: str) -> set[str]:
    """Return the files of the tree by the names that the wheel has for them."""
    inside = {str(path.relative_to(TREE)) for path in (TREE / "symphony_doctor").rglob(pattern)}
    rules = {f"symphony_doctor/{path.relative_to(TREE)}" for path in (TREE / "checks").rglob(pattern)}
    return inside | rules


def test_every_module_of_the_tree_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    data = {
        "symphony_doctor/py.typed",
        "symphony_doctor/formats/nats_config/nats_config.lark",
        "symphony_doctor/reports/report-v1.schema.json",
        "symphony_doctor/reports/page.html.j2",
        "symphony_doctor/reports/page.css",
        "symphony_doctor/reports/page.js",
    }
    others = {str(path.relative_to(TREE)) for path in (TREE / "symphony_doctor").rglob("*.*") if path.is_file()}
    others = {name for name in others if not name.endswith((".py", ".pyc"))}

    assert data <= others
    assert names(wheel) == in_tree("*.py") | others


def test_the_man_pages_go_where_man_looks_for_them(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name.partition(".data/")[2] for name in archive.namelist() if ".data/" in name}
    assert found == {f"data/share/man/man1/{path.name}" for path in (TREE / "docs" / "man").glob("*.1")}
    assert "data/share/man/man1/symphony-doctor-run.1" in found


def test_the_rules_are_inside_the_package_and_not_beside_it(wheel: Path) -> None:
    assert {name.partition("/")[0] for name in names(wheel)} == {"symphony_doctor"}
    assert "symphony_doctor/checks/streams.py" in names(wheel)


def test_the_metadata_says_what_is_needed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            name.rpartition("/")[2]: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name and not name.endswith("/RECORD")
        }
    metadata = HeaderParser().parsestr(texts["METADATA"])

    assert (metadata["Name"], metadata["Requires-Python"]) == ("symphony-doctor", ">=3.11")
    assert metadata["License-Expression"] == "Apache-2.0"
    requirements = [text.partition(";")[0].strip() for text in metadata.get_all("Requires-Dist", [])]
    assert requirements
    assert [text for text in requirements if "<" not in text] == [], "every dependency has an upper bound"
    assert "symphony-doctor = symphony_doctor.entry:main" in texts["entry_points.txt"]
    assert "builtin = symphony_doctor.checks" in texts["entry_points.txt"]
    assert "LICENSE" in texts


def test_the_same_tree_gives_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)

    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_from_the_tree_is_that_from_the_sdist(wheel: Path, tmp_path: Path) -> None:
    assert names(build(tmp_path, "--wheel")) == names(wheel)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with the wheel; its dependencies are those of this one, its sources are not."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps",
         "--disable-pip-version-check", wheel],
        check=True, timeout=120,
    )  # fmt: skip
    (packages,) = (home / "lib").glob("python*/site-packages")
    # paths that a .pth names have none of their own .pth read: an editable install there stays out
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return home


def run(installed: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    program, *arguments = command
    done = subprocess.run(
        [installed / "bin" / program, *arguments],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_wheel_runs_without_the_source_tree(installed: Path) -> None:
    where = run(installed, "python", "-c", "import symphony_doctor.checks as c, symphony_doctor as s; print(s, c)")
    assert where.count(str(installed)) == 2
    assert str(TREE) not in where

    assert run(installed, "symphony-doctor", "--version") == f"symphony-doctor, version {__version__}\n"


def test_the_installed_wheel_has_every_rule(installed: Path) -> None:
    here = subprocess.run(
        [Path(sys.executable).with_name("symphony-doctor"), "checks", "list", "-v"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert run(installed, "symphony-doctor", "checks", "list", "-v") == here.stdout
    assert int(here.stdout.rstrip().rpartition("\n")[2].partition(" ")[0]) >= 31


def test_the_installed_wheel_reads_its_package_data(installed: Path) -> None:
    code = """
from symphony_doctor.formats.nats_config import parse
from symphony_doctor.model.report import Report
from symphony_doctor.reports import FORMATS
from symphony_doctor.reports.json_v1 import schema
page = FORMATS["html"](Report("0.1.0", 0.0, "east", (), (), (), ()))
print(page[-8:], schema()["$schema"])
print(parse(b"port: 4222", "nats.config", read_include=lambda name: b"", environment={}).entries)
"""

    said = run(installed, "python", "-c", code)

    assert said.startswith("</html>")
    assert "json-schema.org" in said
    assert "4222" in said
