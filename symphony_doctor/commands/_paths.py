"""Files and directories that options name, checked before anything is gathered."""

from __future__ import annotations

import os
from pathlib import Path

from symphony_doctor.errors import UsageError
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources.files import directory_at
from symphony_doctor.sources.log_files import LogFile
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.ssh_host import SCHEME, SshUrlError, parse


def load_balancers(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Check every ``--load-balancer``; what cannot be read or parsed is found out later, and said in the report."""
    return tuple(dict.fromkeys(balancer_file(path) for path in paths))


def balancer_file(path: Path, said: str = "--load-balancer") -> Path:
    """Check that there is something at a path that ``said`` names."""
    if not os.path.lexists(path):
        raise UsageError(f"{said}: {path} does not exist: expected an nginx or HAProxy configuration")
    return path


def log_file(text: str) -> LogFile:
    """Read one ``--log [NAME=]FILE``."""
    name, file = _named(text)
    path = Path(file)
    if not path.is_file():
        what = "does not exist" if not path.exists() else "is no file"
        raise UsageError(
            f"--log: {file} {what}: expected a node's log, or what `journalctl -o json` or `docker compose logs` wrote"
        )
    return LogFile(path, name)


def _named(text: str) -> tuple[str | None, str]:
    """Split ``[NAME=]PATH``: a path with an equals sign in it is a path, unless what stands before could be a name."""
    name, given, path = text.partition("=")
    return (name, path) if given and name and "/" not in name else (None, text)


def _node(text: str, *, sudo: bool) -> NodeDirectory:
    # a URL may have an equals sign in it, and no name has a colon
    name, directory = (None, text) if text.startswith(SCHEME) else _named(text)
    if not directory:
        raise UsageError(f"--node {text!r} names no directory: an empty variable of the shell?")
    return node_at(name, directory, sudo=sudo)


def node_at(name: str | None, directory: str, *, sudo: bool, said: str = "--node") -> NodeDirectory:
    """Return the node of a directory, here or on another host, that ``said`` names; raises ``UsageError``."""
    if directory.startswith(SCHEME):
        try:
            host, path = parse(directory, sudo=sudo)
        except SshUrlError as error:
            raise UsageError(f"{said}: {error}") from None
        return NodeDirectory(path, name, host=host)
    path = Path(directory)
    found = directory_at(path)
    if isinstance(found, Missing) and found.state is not State.DENIED:
        raise UsageError(f"{said}: {found.why}: expected a node's Symphony directory, with symphony.config in it")
    return NodeDirectory(path, name)


def node_directories(texts: tuple[str, ...], *, sudo: bool = False) -> tuple[NodeDirectory, ...]:
    """Read every ``--node``; one directory, or one name, is one node. ``sudo``: how those of other hosts are read."""
    found: list[NodeDirectory] = []
    places: dict[str, str] = {}
    for text in texts:
        node = _node(text, sudo=sudo)
        place = node.identity
        if place in places:
            raise UsageError(f"--node: {text} and {places[place]} are the same directory")
        if node.name is not None and any(node.name == other.name for other in found):
            raise UsageError(f"--node: two directories are named {node.name}")
        places[place] = text
        found.append(node)
    if sudo and all(node.host is None for node in found):
        raise UsageError("--sudo is for nodes of other hosts: give one by --node ssh://[USER@]HOST/DIR")
    return tuple(found)
