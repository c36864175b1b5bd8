"""``--docker [PROJECT]``: the nodes that a compose file describes, found by what their services mount.

Files are read without Docker. Where volumes are not in their usual place, or files refer to others, the docker program
is asked; what it cannot tell is said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from symphony_doctor.errors import InputError
from symphony_doctor.formats import compose_file
from symphony_doctor.formats.environment_file import variables_of
from symphony_doctor.formats.interpolation import interpolate
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.sources.container import Container, Mounted
from symphony_doctor.sources.docker_program import Docker
from symphony_doctor.sources.files import is_directory, read_file
from symphony_doctor.sources.found import FILES, FoundNode, Search, directories_in
from symphony_doctor.sources.node_directory import NodeDirectory

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""In the order in which Compose looks for them."""

_OVERRIDES = tuple(name.replace(".y", ".override.y") for name in NAMES)
_VOLUMES = "/var/lib/docker/volumes"
_LIMIT = 256 * 1024
_INSIDE = ("symphony", "config", "conf", "etc", "data")
"""Where in a mounted directory a configuration may be."""

_SYMPHONY = re.compile(r"symphony(?!-doctor)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Files:
    """Compose files of a project, its directory and its variables."""

    paths: tuple[Path, ...]
    directory: Path
    variables: Mapping[str, str]


def find_docker(root: Path, working: Path, project: str, environment: Mapping[str, str], docker: Docker) -> Search:
    """Look for the nodes of the compose project that ``working`` is in, or that ``project`` names or leads to.

    Raises ``InputError`` for files that are no compose files.
    """
    search = Search(root)
    if "/" in project:
        # no name of a project has one
        files, project = _at(search, working / project, environment), ""
    else:
        files = _files(search, working, project, environment, docker)
    if files is None:
        return search
    described = _described(files, project, docker, search)
    name = project or files.variables.get("COMPOSE_PROJECT_NAME") or described.name or _normalized(files.directory.name)
    places = _Places(search, files, described, name, docker)
    nodes = [found for service in described.services for found in _of_service(places, service)]
    for found in nodes:
        # one node is named by its server: its service has the same name on every machine
        node = found.node if len(nodes) > 1 else NodeDirectory(found.node.directory, None, found.node.container)
        search.found.append(FoundNode(node, found.why))
    return search


def _files(
    search: Search, working: Path, project: str, environment: Mapping[str, str], docker: Docker
) -> _Files | None:
    separator = environment.get("COMPOSE_PATH_SEPARATOR") or ":"
    named = environment.get("COMPOSE_FILE") or _own_variables(working).get("COMPOSE_FILE", "")
    paths = tuple(working / part for part in named.split(separator) if part)
    if paths:
        return _with_variables(paths, environment)
    for folder in (working, *working.parents):
        found = _in_folder(folder)
        if found:
            return _with_variables(found, environment)
    search.note(f"{', '.join(NAMES)} in {working} and above")
    running = docker.compose_files(project)
    if isinstance(running, str):
        search.note(f"projects that run ({running})")
        return None
    search.note("projects that run")
    told = {name: files for name, files in running if not project or name == project}
    if len(told) > 1:
        told = {name: files for name, files in told.items() if _SYMPHONY.search(name)}
    if len(told) != 1:
        return None
    return _with_variables(tuple(Path(file) for file in next(iter(told.values()))), environment)


def _at(search: Search, place: Path, environment: Mapping[str, str]) -> _Files | None:
    """Return the compose file that a path is, or that is in the directory that it is."""
    found = (place,) if place.is_file() else _in_folder(place)
    search.note(str(place))
    return _with_variables(found, environment) if found else None


def _in_folder(folder: Path) -> tuple[Path, ...]:
    for name in NAMES:
        if (folder / name).is_file():
            return (folder / name, *[folder / each for each in _OVERRIDES if (folder / each).is_file()][:1])
    return ()


def _own_variables(directory: Path) -> dict[str, str]:
    own = read_file(directory / ".env", _LIMIT)
    return variables_of(own.value.decode("utf-8", "replace")) if isinstance(own, Seen) else {}


def _with_variables(paths: tuple[Path, ...], environment: Mapping[str, str]) -> _Files:
    directory = paths[0].parent
    # the shell's variables go before those of the file, and may be used in it
    own = _own_variables(directory)
    known = {**own, **environment}
    return _Files(paths, directory, {**{name: _expanded(value, known) for name, value in own.items()}, **environment})


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    try:
        return interpolate(value, variables)
    except ValueError:
        return value


def _described(files: _Files, project: str, docker: Docker, search: Search) -> compose_file.Project:
    contents = []
    for path in files.paths:
        found = read_file(path, _LIMIT)
        if isinstance(found, Missing):
            raise InputError(f"--docker: {found.why}")
        contents.append((found.value, str(path)))
    try:
        described = compose_file.parse(contents, files.variables)
        if described.is_whole:
            return described
        whole = docker.resolved(files.paths, project)
        if isinstance(whole, bytes):
            return compose_file.parse([(whole, f"docker compose config of {files.paths[0]}")], {})
    except FormatError as error:
        raise InputError(f"--docker: {error}") from None
    search.told.append(f"not the files that {files.paths[0]} includes or extends are looked at ({whole})")
    search.note(f"not the files that {files.paths[0]} includes or extends ({whole})")
    return described


def _normalized(name: str) -> str:
    """Return the name that Compose gives a project in a directory."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a project's mounts are on this machine."""

    search: Search
    files: _Files
    project: compose_file.Project
    name: str
    docker: Docker

    def mounted(self, mount: compose_file.Mount) -> Mounted:
        """Return a mount with its directory here, or why there is none."""
        if not mount.is_volume:
            written = mount.source.replace("~", self.files.variables.get("HOME", "~"), 1)
            return Mounted(mount.target, self._here(written))
        volume = self.project.volumes.get(mount.source, compose_file.Volume(None, None))
        if volume.device is not None:
            return Mounted(mount.target, self._here(volume.device))
        name = volume.name or f"{self.name}_{mount.source}"
        usual = self.search.at(_VOLUMES) / name / "_data"
        if is_directory(usual) or _is_closed(usual):
            return Mounted(mount.target, usual)
        told = self.docker.mountpoint(name)
        if isinstance(told, Path) and is_directory(self.search.at(told)):
            return Mounted(mount.target, self.search.at(told))
        why = told if isinstance(told, str) else f"docker says {told}, which is not on this machine"
        why = f"volume {name} is not in {_VOLUMES}; {why}"
        self.search.told.append(f"{why}: what is in it is not seen")
        self.search.note(why)
        return Mounted(mount.target, None, why)

    def _here(self, written: str) -> Path:
        path = Path(written)
        return self.search.at(path) if path.is_absolute() else _clean(self.files.directory / path)


def _clean(path: Path) -> Path:
    """Take ``.`` and ``..`` out of a path, as Compose does."""
    return Path(os.path.normpath(path))


def _is_closed(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _of_service(places: _Places, service: compose_file.Service) -> Iterator[FoundNode]:
    """Yield the node of a service, if what it mounts is one."""
    looks_like = bool(_SYMPHONY.search(service.name) or _SYMPHONY.search(service.image))
    if not service.mounts:
        if looks_like:
            places.search.note(f"service {service.name} of {places.files.paths[0]}, which mounts nothing")
        return
    container = Container(
        service.names,
        tuple(places.mounted(each) for each in service.mounts),
        service.ports,
        own_network=not service.host_network,
    )
    for directory, said in _candidates(places, service, container):
        if places.search.is_node(directory):
            yield FoundNode(
                NodeDirectory(directory, service.name, container),
                f"{said} of service {service.name} in {places.files.paths[0]}{_ports(service)}",
            )
            return
    if looks_like:
        # its arguments and variables may hold secrets: they are not repeated
        for mount in container.mounts:
            if mount.source is not None:
                places.search.note(f"{mount.source} (mounted by service {service.name} of {places.files.paths[0]})")


def _candidates(places: _Places, service: compose_file.Service, container: Container) -> Iterator[tuple[Path, str]]:
    sources = [each.source for each in container.mounts if each.source is not None]
    yield from ((each.parent, f"{each.name}, mounted,") for each in sources if each.name in FILES)
    values = [*service.values, service.directory]
    for name in service.env_files:
        found = read_file(places.files.directory / name, _LIMIT)
        values += variables_of(found.value.decode("utf-8", "replace")).values() if isinstance(found, Seen) else ()
    named = [*directories_in([*service.words], service.directory or None), *directories_in(values, None)]
    for inside in named:
        outside = container.outside(inside, Path("/"))
        if isinstance(outside, Path):
            yield outside, inside
    yield from ((each, f"a mount, {each.name},") for each in sources)
    yield from ((each / name, f"{name} in a mount") for each in sources for name in _INSIDE)


def _ports(service: compose_file.Service) -> str:
    if service.host_network:
        return ""
    shown = ", ".join(f"{inside} as {outside}" for inside, _, outside in service.ports)
    return f"; ports {shown}" if shown else "; no port is published: its servers are not asked from here"
