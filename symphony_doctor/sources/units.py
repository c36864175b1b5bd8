"""The units of systemd that start Symphony: what they and their drop-ins say of its directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from symphony_doctor.formats.environment_file import variables_of
from symphony_doctor.formats.systemd_unit import Unit, parse, program, specified
from symphony_doctor.formats.words import split
from symphony_doctor.model.evidence import Seen
from symphony_doctor.sources.files import list_directory, read_file
from symphony_doctor.sources.found import Search, directories_in

FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
"""Where units are: a file in an earlier folder hides one of its name in a later one."""

_LIMIT = 256 * 1024
_MOST = 20_000
_SERVICE = re.compile(r"(?P<prefix>[^@]+)(?:@(?P<instance>[^@]*))?\.service")
_SYMPHONY = re.compile(r"symphony(?!-doctor)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class SymphonyUnit:
    """A unit that starts Symphony: the directories it may mean, best first, each with the setting that says so."""

    path: Path
    instance: str | None
    directories: tuple[tuple[str, str], ...]


def units(search: Search) -> Iterator[SymphonyUnit]:
    """Yield the units of Symphony, those of a template once for each instance."""
    files = _files(search)
    enabled = _enabled(search)
    for name in sorted({*files, *enabled}):
        match = _SERVICE.fullmatch(name)
        if match is None or match["instance"] == "":
            continue  # a template is started by its instances alone
        template = f"{match['prefix']}@.service" if match["instance"] else None
        file = files.get(name) or files.get(template or "")
        if file is None:
            continue
        texts = [_text(file), *(_text(each) for each in _drop_ins(search, name, template))]
        unit = parse(texts)
        command = [word for value in unit.settings.get("ExecStart", ()) for word in split(value)]
        if _SYMPHONY.search(name) or _SYMPHONY.search(PurePosixPath(program(command)).name):
            yield SymphonyUnit(file, match["instance"], tuple(_directories(search, unit, name, match["instance"])))


def _files(search: Search) -> dict[str, Path]:
    """Return every service by its name, as the folder that comes first has it."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for name in _names(search.at(folder)):
            if name.endswith(".service"):
                found.setdefault(name, search.at(folder) / name)
    return found


def _enabled(search: Search) -> set[str]:
    """Return the names of services that targets want: instances of templates stand nowhere else."""
    return {
        name
        for folder in FOLDERS
        for wants in _names(search.at(folder))
        if wants.endswith((".wants", ".requires"))
        for name in _names(search.at(folder) / wants)
        if name.endswith(".service")
    }


def _drop_ins(search: Search, name: str, template: str | None) -> list[Path]:
    """Return the drop-ins of a unit in the order of their names, which count over all folders."""
    found: dict[str, Path] = {}
    for unit in filter(None, (name, template)):
        for folder in FOLDERS:
            for file in _names(search.at(folder) / f"{unit}.d"):
                if file.endswith(".conf"):
                    found.setdefault(file, search.at(folder) / f"{unit}.d" / file)
    return [found[file] for file in sorted(found)]


def _directories(search: Search, unit: Unit, name: str, instance: str | None) -> Iterator[tuple[str, str]]:
    stem = name.removesuffix(".service")
    specifiers = {
        "i": instance or "", "I": instance or "", "p": stem.partition("@")[0], "n": name, "N": stem,
        "S": "/var/lib", "E": "/etc", "t": "/run", "%": "%",
    }  # fmt: skip
    home = _home(search, unit.last("User") or "root")
    if home is not None:
        specifiers["h"] = home

    def read(text: str) -> str:
        return specified(text, specifiers)

    working = read(unit.last("WorkingDirectory").lstrip("-")) or None
    working = home if working == "~" else working
    variables = _environment(search, unit, read)

    def expanded(word: str) -> str:
        return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], ""), read(word))

    for value in unit.settings.get("ExecStart", ()):
        words = [expanded(word) for word in split(value)]
        yield from ((each, "an argument of ExecStart") for each in directories_in(words[1:], working))
    if working is not None:
        yield working, "WorkingDirectory"
    yield from ((each, "Environment") for each in directories_in(list(variables.values()), None))
    for key, base in (("StateDirectory", "/var/lib"), ("ConfigurationDirectory", "/etc")):
        yield from ((f"{base}/{read(word).partition(':')[0]}", key) for word in unit.words(key))


def _environment(search: Search, unit: Unit, read: Callable[[str], str]) -> dict[str, str]:
    """Return the variables that the unit sets, and those of its files, which go before."""
    found = dict(each.partition("=")[::2] for each in map(read, unit.words("Environment")) if "=" in each)
    for file in map(read, unit.words("EnvironmentFile")):
        found |= variables_of(_text(search.at(file.lstrip("-"))))
    return found


def _home(search: Search, user: str) -> str | None:
    found = read_file(search.at("/etc/passwd"), _LIMIT)
    lines = found.value.decode("utf-8", "replace").splitlines() if isinstance(found, Seen) else []
    rows = (line.split(":") for line in lines)
    return next((row[5] for row in rows if len(row) > 5 and row[0] == user and row[5]), None)  # noqa: PLR2004


def _names(folder: Path) -> Iterable[str]:
    found = list_directory(folder, _MOST)
    return found.value if isinstance(found, Seen) else ()


def _text(file: Path) -> str:
    found = read_file(file, _LIMIT)
    return found.value.decode("utf-8", "replace") if isinstance(found, Seen) else ""
