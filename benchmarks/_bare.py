"""The floor for one Python process: list the directories of nodes, and read the files that a diagnosis reads.

Usage: _bare.py DIRECTORY...
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

UNREAD = frozenset({"msgs", "obs"})


def files(directory: str) -> Iterator[str]:
    """Yield configurations, account JWTs and meta.inf below a directory."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in UNREAD:
                    yield from files(entry.path)
            elif entry.name == "meta.inf" or entry.name.endswith((".jwt", ".config")):
                yield entry.path


def main(directories: list[str]) -> None:
    """Read everything once."""
    size = 0
    for directory in directories:
        for path in files(directory):
            with open(path, "rb") as file:  # noqa: PTH123 - the floor
                size += len(file.read())
    print(size)


if __name__ == "__main__":
    main(sys.argv[1:])
