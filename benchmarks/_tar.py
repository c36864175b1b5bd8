"""What `bundle collect` is measured against: `tar` of the files that it reads, piped into the same compressor.

Usage: _tar.py DIRECTORY OUTPUT. The compressor is Python's own gzip at the level that bundles have.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

LEVEL = 6


def main(directory: str, output: str) -> None:
    """Select, pack, compress."""
    find = subprocess.Popen(
        [shutil.which("find") or "find", ".", "-name", "meta.inf", "-o", "-name", "*.jwt", "-o", "-name", "*.config"],
        cwd=directory,
        stdout=subprocess.PIPE,
    )
    tar = subprocess.Popen(
        [shutil.which("tar") or "tar", "--create", "--files-from", "-"],
        cwd=directory,
        stdin=find.stdout,
        stdout=subprocess.PIPE,
    )
    if tar.stdout is None:
        raise SystemExit("tar has no output")
    with gzip.open(Path(output), "wb", compresslevel=LEVEL) as packed:
        shutil.copyfileobj(tar.stdout, packed)
    if find.wait() or tar.wait():
        raise SystemExit("find or tar failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
