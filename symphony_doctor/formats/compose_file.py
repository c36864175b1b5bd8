"""Compose files: what their services mount, publish and are started with. Only these keys are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from symphony_doctor.formats.interpolation import interpolate
from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.formats.words import split

_PORT = re.compile(
    r"(?:(?P<host>\[[^\]]*\]|[^:\[\]]*):)??(?:(?P<published>[\d-]*):)?(?P<target>[\d-]+)(?:/(?P<protocol>\w+))?"
)
_WIDEST = 1024
"""Ports in one range."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory or file of a container: ``source`` is a path as it is written, or the key of a volume."""

    source: str
    target: PurePosixPath
    is_volume: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service: ``words`` are its command, ``values`` its environment's; ``ports`` are (inside, host, outside)."""

    name: str
    image: str
    mounts: tuple[Mount, ...]
    ports: tuple[tuple[int, str, int], ...]
    names: frozenset[str]
    directory: str
    words: tuple[str, ...]
    values: tuple[str, ...]
    env_files: tuple[str, ...]
    host_network: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume. ``name`` is what Docker calls it where that is written, ``device`` the directory it binds."""

    name: str | None
    device: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """What one or several files say together. ``is_whole`` is false where they refer to further files."""

    name: str | None
    services: tuple[Service, ...]
    volumes: Mapping[str, Volume]
    is_whole: bool


def parse(files: Iterable[tuple[bytes, str]], variables: Mapping[str, str]) -> Project:
    """Read files, each with where it is from; later ones go before earlier ones. Raises ``FormatError``."""
    document: dict[str, Any] = {}
    where = ""
    for content, where in files:
        document = _merged(document, _load(content, where))
    try:
        return _project(document, lambda value: interpolate(_text(value), variables))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        found = str(error) if type(error) is ValueError else "something that is built otherwise"
        raise FormatError(Position(where, 1, 1), "a compose file", found) from None


def _load(content: bytes, where: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only where there is a compose file: start-up time

    class Loader(yaml.SafeLoader):
        """Leaves scalars as they are written: in YAML 1.1 the port 22:22 is a number of base 60."""

        yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("<<"))]}  # noqa: RUF012 - as there

    # Compose's own tags, which say how files are merged
    Loader.add_constructor("!override", _untagged)
    Loader.add_constructor("!reset", lambda _loader, _node: None)
    try:
        document = yaml.load(content, Loader)  # noqa: S506 - a loader that is safe
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Position(where, mark.line + 1, mark.column + 1) if mark is not None else Position(where, 1, 1)
        raise FormatError(place, "YAML", error.problem or "something else") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise FormatError(Position(where, 1, 1), "YAML", "something else") from None
    if not isinstance(document, dict):
        raise FormatError(Position(where, 1, 1), "a compose file, with services", "something else")
    return document


def _untagged(loader: Any, node: Any) -> Any:  # noqa: ANN401 - of a library imported late
    if type(node).__name__ == "MappingNode":
        return _Mapping(loader.construct_mapping(node, deep=True))
    if type(node).__name__ == "SequenceNode":
        return _List(loader.construct_sequence(node, deep=True))
    return loader.construct_scalar(node)


class _Mapping(dict[str, Any]):
    """One that replaces what an earlier file has (``!override``)."""


class _List(list[Any]):
    """One that replaces what an earlier file has (``!override``)."""


def _merged(base: dict[str, Any], other: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Join two files: mappings by key, lists one behind the other."""
    found = dict(base)
    for key, value in other.items():
        before = found.get(key)
        if isinstance(value, _Mapping | _List):
            found[key] = value
        # services, a service, its environment: nothing that is looked at is deeper
        elif isinstance(before, dict) and isinstance(value, dict) and depth < 4:  # noqa: PLR2004
            found[key] = _merged(before, value, depth + 1)
        elif isinstance(before, list) and isinstance(value, list) and key not in {"command", "entrypoint"}:
            found[key] = [*before, *value]
        else:
            found[key] = value
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _project(document: dict[str, Any], read: Callable[[Any], str]) -> Project:
    services = document.get("services") or {}
    return Project(
        read(document.get("name")) or None,
        tuple(_service(str(name), each or {}, read) for name, each in services.items()),
        {str(name): _volume(each or {}, read) for name, each in (document.get("volumes") or {}).items()},
        "include" not in document and not any("extends" in (each or {}) for each in services.values()),
    )


def _volume(volume: Mapping[str, Any], read: Callable[[Any], str]) -> Volume:
    options = volume.get("driver_opts") or {}
    binds = "bind" in read(options.get("o")).split(",") or "rbind" in read(options.get("o")).split(",")
    external = volume.get("external")
    name = volume.get("name") or (external.get("name") if isinstance(external, dict) else None)
    return Volume(read(name) or None, (read(options.get("device")) or None) if binds else None)


def _service(name: str, service: Mapping[str, Any], read: Callable[[Any], str]) -> Service:
    environment = service.get("environment") or {}
    values = environment.values() if isinstance(environment, dict) else environment
    set_by_list = not isinstance(environment, dict)
    words: list[str] = []
    for key in ("entrypoint", "command"):
        written = service.get(key)
        words += [_word(each, read) for each in written] if isinstance(written, list) else split(_word(written, read))
    mounts = {mount.target: mount for each in _list(service.get("volumes")) for mount in _mount(each, read)}
    return Service(
        name=name,
        image=read(service.get("image")),
        mounts=tuple(mounts.values()),
        ports=tuple(port for each in _list(service.get("ports")) for port in _ports(each, read)),
        names=frozenset({name, *filter(None, (read(service.get(key)) for key in ("container_name", "hostname")))})
        | _aliases(service.get("networks"), read),
        directory=read(service.get("working_dir")),
        words=tuple(words),
        values=tuple(_word(each, read).partition("=")[2] if set_by_list else _word(each, read) for each in values),
        env_files=tuple(
            read(each.get("path") if isinstance(each, dict) else each) for each in _list(service.get("env_file"))
        ),
        host_network=read(service.get("network_mode")) == "host",
    )


def _word(value: object, read: Callable[[Any], str]) -> str:
    """Read what only may name a directory: a variable that is demanded, and set elsewhere, is no fault here."""
    try:
        return read(value)
    except ValueError:
        return ""


def _aliases(networks: object, read: Callable[[Any], str]) -> frozenset[str]:
    every = networks.values() if isinstance(networks, dict) else ()
    return frozenset(read(alias) for each in every if isinstance(each, dict) for alias in each.get("aliases") or ())


def _mount(written: Any, read: Callable[[Any], str]) -> Iterator[Mount]:  # noqa: ANN401 - of YAML
    if isinstance(written, dict):
        source, target, kind = (read(written.get(key)) for key in ("source", "target", "type"))
        source = source or read(written.get("src"))
        target = target or read(written.get("dst")) or read(written.get("destination"))
        if source and target and kind in {"bind", "volume", ""}:
            yield Mount(source, PurePosixPath(target), kind == "volume")
        return
    source, colon, rest = read(written).partition(":")
    if colon:  # without one it is a volume without a name, which nobody finds again
        yield Mount(source, PurePosixPath(rest.partition(":")[0]), not source.startswith((".", "/", "~")))


def _ports(written: Any, read: Callable[[Any], str]) -> Iterator[tuple[int, str, int]]:  # noqa: ANN401 - of YAML
    if isinstance(written, dict):
        keys = ("host_ip", "published", "target", "protocol")
        host, published, target, protocol = (read(written.get(key)) for key in keys)
    else:
        text = read(written)
        match = _PORT.fullmatch(text)
        if match is None:
            raise ValueError("a port that is none: expected [[HOST:]PUBLISHED:]PORT")
        host, published, target, protocol = (match[key] or "" for key in ("host", "published", "target", "protocol"))
    if protocol in {"", "tcp"} and published:
        for inside, outside in zip(_range(target), _range(published), strict=False):
            yield inside, host.strip("[]"), outside


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    found = range(int(first), int(last or first) + 1)
    if len(found) > _WIDEST:
        raise ValueError(f"a range of more than {_WIDEST} ports")
    return found
