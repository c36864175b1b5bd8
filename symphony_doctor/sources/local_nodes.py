"""``--local``: the nodes of this machine, found by systemd's units, by running processes, and in the usual places."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from symphony_doctor.model.evidence import Seen
from symphony_doctor.sources.files import list_directory, read_file
from symphony_doctor.sources.found import Search, directories_in
from symphony_doctor.sources.units import units

USUAL = ("/opt/symphony", "/var/lib/symphony")

_PROGRAM = re.compile(r"symphony(?!-doctor)[\w.-]*")
_INTERPRETERS = re.compile(r"(java|node|python[\d.]*|sh|bash|env)")
_COMMAND_LIMIT = 256 * 1024
_MOST_PROCESSES = 200_000


def find_local(root: Path, home: Path | None, working: Path) -> Search:
    """Look for the nodes of this machine below ``root``; ``home`` and ``working`` are places as they are."""
    search = Search(root)
    _by_units(search)
    _by_processes(search)
    for path in USUAL:
        _usual(search, search.at(path), "a usual place")
    if home is not None:
        _usual(search, home / "symphony", "a usual place")
    _usual(search, working, "the current directory")
    return search


def _usual(search: Search, directory: Path, why: str) -> None:
    search.note(str(directory))
    search.take(directory, why)


def _by_units(search: Search) -> None:
    search.note("units of systemd with symphony in their name or program")
    for unit in units(search):
        search.note(f"what {unit.path} names")
        for directory, said in unit.directories:
            if search.take(search.at(directory), f"{said} of {unit.path}", unit.instance):
                break


def _by_processes(search: Search) -> None:
    search.note("running processes of symphony")
    processes = search.at("/proc")
    names = list_directory(processes, _MOST_PROCESSES)
    here = _link(processes / "self" / "ns" / "mnt")
    for number in sorted(filter(str.isdecimal, names.value if isinstance(names, Seen) else ()), key=int):
        process = processes / number
        words = _command(process / "cmdline")
        if not _is_symphony(words):
            continue
        namespace = _link(process / "ns" / "mnt")
        if here and namespace and here != namespace:
            search.note(f"process {number}, which runs in a container: --docker looks into those")
            continue
        working = _link(process / "cwd")
        if working is None:
            search.note(f"process {number}, whose working directory is not shown to this user: run as root")
        places = [(working, "working directory")] if working is not None else []
        places += [(each, "an argument") for each in directories_in(words[1:], working)]
        for directory, said in places:
            if search.take(search.at(directory), f"{said} of process {number} ({Path(words[0]).name})"):
                break


def _is_symphony(words: list[str]) -> bool:
    """Tell by the program, or by what an interpreter runs, whether it is Symphony and not this doctor."""
    return any(_PROGRAM.fullmatch(os.path.basename(word)) for word in _programs(words))  # noqa: PTH119 - may be no path


def _programs(words: list[str]) -> Iterator[str]:
    yield from words[:1]
    if words and _INTERPRETERS.fullmatch(os.path.basename(words[0])):  # noqa: PTH119 - as above
        yield from (word for word in words[1:6] if not word.startswith("-"))


def _command(file: Path) -> list[str]:
    found = read_file(file, _COMMAND_LIMIT)
    text = found.value.decode("utf-8", "replace") if isinstance(found, Seen) else ""
    return text.rstrip("\0").split("\0") if text else []


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 - what it says is no path of this process
    except OSError:
        return None
