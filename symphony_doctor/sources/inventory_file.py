"""Finds ``symphony-doctor.toml``: upwards from the working directory, then in the user's configuration folder.

Who can write such a file says whom the doctor connects to, and as whom. So one that is found, and not named, has to be
the user's own or root's, and closed to others.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from symphony_doctor.errors import InputError
from symphony_doctor.formats.inventory_name import NAME
from symphony_doctor.model.evidence import Missing
from symphony_doctor.sources.files import read_file

_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FoundInventory:
    """A file that was found; ``refused`` says why it is not used, and is empty where it is."""

    path: Path
    refused: str = ""


def find_inventory(working: Path, environment: Mapping[str, str]) -> FoundInventory | None:
    """Return the nearest file, if there is one."""
    for path in places(working, environment):
        try:
            status = path.stat()
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(status.st_mode):
            return FoundInventory(path, _refusal(status))
    return None


def places(working: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield where it is looked for, in that order."""
    for folder in (working, *working.parents):
        yield folder / NAME
    home = environment.get("HOME")
    base = environment.get("XDG_CONFIG_HOME") or (str(Path(home) / ".config") if home else "")
    if Path(base).is_absolute():
        yield Path(base) / "symphony-doctor" / NAME
        yield Path(base) / NAME


def _refusal(status: os.stat_result) -> str:
    if status.st_uid not in {0, os.geteuid()}:
        return "it is another user's"
    if status.st_mode & stat.S_IWOTH:
        return "everybody may write it"
    return ""


def read_raw(path: Path, said: str) -> bytes:
    """Read a file that ``said`` names; raises ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"{said}: {found.why}")
    return found.value
