"""A node's container as it is seen from outside: where its directories are, and how its ports are reached."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources.reasons import at

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Mounted:
    """A directory of a container: its path inside, and outside, or why there is none here."""

    target: PurePosixPath
    source: Path | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """``names`` are those that other containers know it by; ``ports`` are (port inside, host, port outside)."""

    names: frozenset[str] = frozenset()
    mounts: tuple[Mounted, ...] = ()
    ports: tuple[tuple[int, str, int], ...] = ()
    own_network: bool = True

    def outside(self, written: str, directory: Path) -> Path | Missing | None:
        """Find what a path in a node's configuration leads to; relative ones count from the node's ``directory``.

        ``None`` where it is not known where that directory is in the container.
        """
        inside = PurePosixPath(written)
        if not inside.is_absolute():
            home = self._inside(directory)
            if home is None:
                return None
            inside = home / written
        inside = PurePosixPath(posixpath.normpath(inside))
        mount = max(
            (each for each in self.mounts if inside.is_relative_to(each.target)),
            key=lambda each: len(each.target.parts),
            default=None,
        )
        if mount is None or mount.source is None:
            why = mount.why if mount is not None else "nothing is mounted there"
            said = f"{inside} of the container is not seen from here: {why}"
            return Missing(State.NOT_ASKED, said, str(inside))
        return mount.source / inside.relative_to(mount.target)

    def _inside(self, directory: Path) -> PurePosixPath | None:
        for each in self.mounts:
            if each.source is not None and directory.is_relative_to(each.source):
                return each.target / directory.relative_to(each.source)
            if each.source is not None and each.source.parent == directory and each.source.is_file():
                return each.target.parent
        return None

    def published(self, port: int) -> tuple[str, int] | None:
        """Return the host and port at which a port of the container is reached from here."""
        found = next(((host, outside) for inside, host, outside in self.ports if inside == port), None)
        if found is None:
            return None
        host, outside = found
        return ("127.0.0.1" if host in {"", "0.0.0.0", "::"} else host), outside  # noqa: S104 - as it is written


@dataclass(frozen=True, slots=True)
class Outside:
    """How addresses that nodes are configured with are reached from here: by the containers, where they are in some.

    ``hosts`` are the addresses of the hosts behind SSH, by the place of the node.
    """

    containers: dict[str, Container] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)

    def is_for_itself(self, directory: str | None, host: str | None) -> bool:
        """Tell whether an address is of a node's own machine alone, and that is another one."""
        other = self.hosts.get(directory or "")
        return other is not None and other not in _LOOPBACK and host in _LOOPBACK

    def place(self, directory: str | None, host: str | None, port: int) -> tuple[str, int] | None:
        """Return where a node's own port is reached, ``None`` where that is not known or not from here."""
        if self.is_for_itself(directory, host):
            return None
        container = self.containers.get(directory or "")
        if container is None or not container.own_network:
            return None if host is None else (host, port)
        return container.published(port)

    def route(self, host: str, port: int) -> tuple[str, int] | Missing:
        """Return where the address of a route is reached from here."""
        for each in self.containers.values():
            if each.own_network and host in each.names:
                found = each.published(port)
                if found is not None:
                    return found
                why = f"{host}:{port} is of the containers' own network, and not published: it is not reached from here"
                return Missing(State.NOT_ASKED, why, at(host, port))
        return host, port


def outside_of(containers: Iterable[tuple[str, Container | None]], hosts: Mapping[str, str]) -> Outside:
    """Return how the nodes with these directories are reached; ``hosts`` as in ``Outside``."""
    return Outside({directory: each for directory, each in containers if each is not None}, hosts)
