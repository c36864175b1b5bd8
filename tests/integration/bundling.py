"""Bundles of a lab: made, unpacked, and compared with the run that made them."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

from symphony_doctor.formats.secret_scan import scan

from .conftest import PROGRAM, Doctor


def collect(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Make a bundle; it must work."""
    done = subprocess.run(
        [PROGRAM, "bundle", "collect", "--interval", "200ms", *arguments, "--output", path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def unpacked(path: Path) -> dict[str, bytes]:
    """Return every file of a bundle."""
    found = {}
    with tarfile.open(path) as packed:
        for member in packed:
            content = packed.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found


def the_bundle_says_the_same(doctor: Doctor, path: Path) -> None:
    """A bundle of this moment has no secret, and by it the findings are those of the run that made it, to the byte."""
    collect(path, *doctor.arguments("both"))
    files = unpacked(path)
    made = json.loads(files["report.json"])

    _, report = doctor.run_with("--bundle", str(path))

    assert json.dumps(report["findings"]) == json.dumps(made["findings"])
    assert report["summary"] == made["summary"]
    assert [(name, each) for name, content in files.items() for each in scan(content)] == []
