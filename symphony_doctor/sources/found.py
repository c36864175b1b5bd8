"""What looking for nodes comes to: directories with the reason why each was taken, and where nothing was."""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from symphony_doctor.sources.node_directory import NodeDirectory

FILES = ("symphony.config", "nats.config")
"""A directory with one of them is a node's."""


@dataclass(frozen=True, slots=True)
class FoundNode:
    """A node's directory, and how it was found."""

    node: NodeDirectory
    why: str


@dataclass(slots=True)
class Search:
    """A search under way. ``root`` stands before every absolute path: ``/``, or a tree that a test has built.

    ``told`` is what is to be known of nodes that were found.
    """

    root: Path
    found: list[FoundNode] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def at(self, path: str | PurePosixPath | Path) -> Path:
        """Return where an absolute path of the system is."""
        return self.root / str(path).lstrip("/")

    def is_node(self, directory: Path) -> bool:
        """Tell whether a directory holds a configuration; where that is forbidden to see, note it."""
        for name in FILES:
            try:
                if stat.S_ISREG((directory / name).stat().st_mode):
                    return True
            except PermissionError:
                self.note(f"{directory}: permission denied; run as its owner or as root")
                return False
            except (OSError, ValueError):
                continue
        return False

    def take(self, directory: Path, why: str, name: str | None = None) -> bool:
        """Take a directory if it is a node's, once; tell whether it is one."""
        if not self.is_node(directory):
            return False
        place = os.path.realpath(directory)
        if all(os.path.realpath(each.node.directory) != place for each in self.found):
            self.found.append(FoundNode(NodeDirectory(directory, name), why))
        return True

    def note(self, where: str) -> None:
        """Remember where was looked, for who is told that nothing was found."""
        if where not in self.looked:
            self.looked.append(where)


def directories_in(words: list[str], base: str | None) -> list[str]:
    """Return the directories that words of a command line may mean: paths, and those of files that are named.

    ``--option=PATH`` is looked into; relative paths count from ``base``.
    """
    found: list[str] = []
    for word in words:
        option, equals, value = word.partition("=")
        text = value if equals and ("/" not in option) else word
        if not text or text.startswith("-") or "\0" in text or (base is None and not text.startswith("/")):
            continue
        path = posixpath.normpath(PurePosixPath(base or "/") / text)
        found.append(path)
        # a word without a slash may be anything: a file only by its name
        if "/" in text or text.endswith((".config", ".conf")):
            found.append(posixpath.dirname(path))
    return list(dict.fromkeys(found))
