"""The installed program, run with bounds; what it may never show; and what a directory holds."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("symphony-doctor")
MEMORY = 2 << 30
"""Bytes of address space that a run gets: it needs a sixth of that, and each thread may set some aside."""

_SEED = re.compile(r"\bS[NCOAUX][A-Z2-7]{56}\b")
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True)
class Done:
    """One run that has ended."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        """The document, where the format is JSON."""
        assert self.out, (self.status, self.err)
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def codes(self) -> set[str]:
        """The codes of all findings."""
        return {finding["code"] for finding in self.report["findings"]}

    def findings(self, code: str) -> list[dict[str, Any]]:
        """The findings of one rule."""
        return [finding for finding in self.report["findings"] if finding["code"] == code]

    def check(self, code: str) -> dict[str, Any]:
        """What became of one rule."""
        return next(each for each in self.report["checks"] if each["code"] == code)


def doctor(
    *arguments: str | Path,
    environment: dict[str, str] | None = None,
    directory: Path | None = None,
    powerless: bool = False,
    within: float = 60.0,
) -> Done:
    """Run it to its end with bounded memory; no run may show a traceback or a seed, whatever it was given.

    ``powerless`` takes from root what an ordinary user has not: reading what permissions forbid.
    """
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        timeout=within,
        check=False,
        cwd=directory,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        preexec_fn=bounds(powerless=powerless),
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert_clean(out + err)
    return Done(done.returncode, out, err, time.monotonic() - began)


def assert_clean(text: str) -> None:
    """No traceback and no seed is in what was printed."""
    assert "Traceback" not in text, text
    assert "failed by itself" not in text, text
    assert not _SEED.search(text), text


def bounds(*, powerless: bool = False) -> Callable[[], None]:
    """Return what bounds a child before it starts."""
    library = ctypes.CDLL(None)

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if powerless:
            # from the bounding set: root has it no more once the program is executed
            for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
                library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    return prepare


def listing(root: Path) -> dict[str, tuple[int, int, int, str]]:
    """All that is below a directory: mode, size, time of change, and the content's hash."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        regular = stat.S_ISREG(status.st_mode) and status.st_size < MEMORY // 2
        content = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
        found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found


def session_members(session: int) -> list[int]:
    """The processes of a session that are left."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(each.parent.name))
    return found


def is_connected(pid: int, port: int) -> bool:
    """Whether a process, or another one of its network, has a connection to a port."""
    there = f":{port:04X}"
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return any(line[2].endswith(there) and line[3] == "01" for line in lines)
