"""Whether nginx passes a WebSocket handshake on: HTTP/1.1, and the headers Upgrade and Connection.

Both are hop-by-hop headers that nginx drops unless it is told to send them. ``proxy_set_header`` lines are
inherited from the outer block only by a block that has none of its own: one line in a location is enough
to lose all that stand in its server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from symphony_doctor.formats.nginx_tree import Directive
from symphony_doctor.formats.nginx_variables import Maps
from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import Obstacle

VERSION: Final = "proxy_http_version 1.1"
UPGRADE: Final = "proxy_set_header Upgrade $http_upgrade"
CONNECTION: Final = 'proxy_set_header Connection "upgrade"'
EMPTY: Final = '""'


@dataclass(frozen=True, slots=True)
class Level:
    """What holds in one block: the version, its headers by lower-case name, and headers that are shadowed."""

    version: Directive | None = None
    headers: Mapping[str, Directive] = field(default_factory=dict)
    shadowed: Mapping[str, Directive] = field(default_factory=dict)

    def within(self, block: Iterable[Directive]) -> Level:
        """Return what holds in a block inside of this one. Raises ``FormatError``."""
        own: dict[str, Directive] = {}
        level = self
        for each in block:
            if each.name == "proxy_http_version":
                level = replace(level, version=_taking(each, 1))
            elif each.name == "proxy_set_header":
                own.setdefault(_taking(each, 2).arguments[0].lower(), each)
        return replace(level, headers=own, shadowed={**self.shadowed, **self.headers}) if own else level


def obstacles(level: Level, where: str, maps: Maps, show: Callable[[str], str]) -> Evidence[tuple[Obstacle, ...]]:
    """Return what keeps a handshake from being passed on by the ``proxy_pass`` at ``where``."""
    found: list[Obstacle] = []
    undecided: Missing | None = None
    version = level.version
    if version is None:
        found.append(Obstacle(where, VERSION, "not set: HTTP/1.0 before nginx 1.29.7"))
    elif version.arguments[0] != "1.1":
        found.append(Obstacle(version.where, VERSION, f"proxy_http_version {show(version.arguments[0])}"))
    for name, line, passes in (("upgrade", UPGRADE, _is_websocket), ("connection", CONNECTION, _asks_upgrade)):
        header = level.headers.get(name)
        if header is None:
            found.append(Obstacle(where, line, _absent(name, level)))
            continue
        value = maps.in_handshake(header.arguments[1])
        shown = f"proxy_set_header {header.arguments[0]} {show(header.arguments[1]) or EMPTY}"
        if value is None:
            why = f"{header.where}: {shown}: what it is in a handshake cannot be decided from the configuration alone"
            undecided = Missing(State.UNREADABLE, why, header.where)
        elif not passes(value):
            found.append(Obstacle(header.where, line, shown))
    return undecided if undecided is not None and not found else Seen(tuple(found), where)


def _is_websocket(value: str) -> bool:
    return value.lower() == "websocket"


def _asks_upgrade(value: str) -> bool:
    return "upgrade" in (word.strip().lower() for word in value.split(","))


def _absent(name: str, level: Level) -> str:
    if name in level.shadowed:
        return f"not set: the headers of this block replace the one at {level.shadowed[name].where}"
    return "not set"


def _taking(directive: Directive, count: int) -> Directive:
    if len(directive.arguments) != count:
        file, _, line = directive.where.rpartition(":")
        raise FormatError(
            Position(file, int(line), 1),
            f"{directive.name} with {count} argument{'s' if count > 1 else ''}",
            f"{len(directive.arguments)}",
        )
    return directive
