"""What a configuration of HAProxy does as a load balancer: backends, and the frontends that forward to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from symphony_doctor.formats.haproxy_sections import Line, Section, parse_sections
from symphony_doctor.formats.host_port import host_port
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import Balancing, Forwarding, Layer, Obstacle, Pool, PoolServer

Show = Callable[[str], str]

_FAMILY: Final = re.compile(r"(?:ipv4|ipv6|tcp|tcp4|tcp6)@")
_OF_THE_CLIENT: Final = frozenset({"source", "rdp-cookie"})
_ROUND: Final = frozenset({"roundrobin", "static-rr", "leastconn", "first", "random"})
_BY_HEADER: Final = frozenset({"cookie", "x-forwarded-for", "x-real-ip", "authorization"})
_HOP_BY_HOP: Final = frozenset({"upgrade", "connection"})
_CONDITIONS: Final = frozenset({"if", "unless"})


def parse(data: bytes, path: str, show: Show) -> Balancing:
    """Read a configuration. Raises ``FormatError`` with file and line."""
    sections, conditions = parse_sections(data, path)
    return _Reader(sections, show).read(conditions)


class _Reader:
    """Reads backends and listens as pools, frontends and listens as what forwards to them."""

    def __init__(self, sections: tuple[Section, ...], show: Show) -> None:
        self.show = show
        self.sections = sections
        self.defaults = _defaults_of(sections)
        self.undecided: list[Missing] = []

    def read(self, conditions: Iterable[Line]) -> Balancing:
        self.undecided += [_unknown(line.where, f"{line.words[0]}: which lines hold") for line in conditions]
        fronts: dict[str, list[Section]] = {}
        for section in self.sections:
            if section.keyword in {"frontend", "listen"}:
                for name in self._targets(section):
                    fronts.setdefault(name, []).append(section)
        pools = []
        for section in self.sections:
            if section.keyword in {"backend", "listen"}:
                own = [section] if section.keyword == "listen" and _has_servers(section) else []
                pool = self._pool(section, [*own, *fronts.get(section.name, ())])
                if pool.servers or pool.open_ended:
                    pools.append(pool)
        return Balancing("HAProxy", tuple(pools), tuple(self.undecided))

    def _lines(self, section: Section) -> tuple[Line, ...]:
        """Return the lines that hold in a section: those of its defaults, then its own."""
        return (*self.defaults[section.where], *section.lines)

    def _targets(self, section: Section) -> Iterator[str]:
        default = None
        for line in self._lines(section):
            if line.starts("default_backend") and len(line.words) > 1:
                default = line.words[1]
            elif line.starts("use_backend") and len(line.words) > 1:
                if "%" in line.words[1] or "$" in line.words[1]:
                    self.undecided.append(
                        _unknown(line.where, f"use_backend {self.show(line.words[1])}: where it leads")
                    )
                else:
                    yield line.words[1]
        if default is not None:
            yield default

    def _layer(self, section: Section) -> Layer:
        modes = [line.words[1] for line in self._lines(section) if line.starts("mode") and len(line.words) > 1]
        return Layer.HTTP if modes and modes[-1] == "http" else Layer.TCP

    def _pool(self, section: Section, fronts: Iterable[Section]) -> Pool:
        servers: list[PoolServer] = []
        open_ended = ""
        for line in section.lines:
            if line.starts("server-template"):
                open_ended = f"{line.where}: its servers are found while HAProxy runs"
            elif line.starts("server") and len(line.words) > 2:  # noqa: PLR2004 - server NAME ADDRESS
                if "$" in line.words[2]:
                    open_ended = f"{line.where}: a server is named by a variable of the environment"
                else:
                    servers.append(self._server(line))
        layer = self._layer(section)
        every = tuple(dict.fromkeys(front.where for front in fronts))
        by_place = {front.where: front for front in self.sections}
        return Pool(
            title=f"{section.keyword} {self.show(section.name)}",
            where=section.where,
            named=True,
            servers=tuple(servers),
            affinity=self._affinity(section, layer),
            used_by=tuple(self._forwarding(by_place[where], section, layer) for where in every),
            open_ended=open_ended,
        )

    def _server(self, line: Line) -> PoolServer:
        address, options = _FAMILY.sub("", line.words[2]), line.words[3:]
        split = host_port(address) if "@" not in address else None
        weight = options[options.index("weight") + 1] if "weight" in options[:-1] else ""
        return PoolServer(
            address=self.show(address),
            host=split[0] if split else None,
            port=split[1] if split else None,
            where=line.where,
            backup="backup" in options,
            unused="disabled" if "disabled" in options else "weight 0" if weight == "0" else "",
        )

    def _affinity(self, section: Section, layer: Layer) -> Evidence[str]:
        lines = self._lines(section)
        balance = next((line for line in reversed(lines) if line.starts("balance") and len(line.words) > 1), None)
        stick = next((line for line in section.lines if line.starts("stick", "on")), None) or next(
            (line for line in section.lines if line.starts("stick", "match")), None
        )
        if stick is not None:
            return Seen(self.show(" ".join(stick.words[:3])), stick.where)
        cookie = next((line for line in reversed(lines) if line.starts("cookie") and len(line.words) > 1), None)
        if cookie is not None and layer is Layer.HTTP:
            lacking = [each.where for each in section.lines if each.starts("server") and "cookie" not in each.words[3:]]
            if not lacking or "dynamic" in cookie.words:
                return Seen(self.show(" ".join(cookie.words[:2])), cookie.where)
            return Missing(State.ABSENT, f"a cookie, and servers without a cookie value at {lacking[0]}", cookie.where)
        return self._balance(balance)

    def _balance(self, line: Line | None) -> Evidence[str]:
        if line is None:
            return Missing(State.ABSENT, "no balance source, cookie or stick on")
        words = f"balance {self.show(' '.join(line.words[1:3]))}"
        algorithm, _, argument = line.words[1].partition("(")
        if algorithm in _OF_THE_CLIENT:
            return Seen(words, line.where)
        if algorithm == "hdr" and argument.rstrip(")").lower() in _BY_HEADER:
            return Seen(words, line.where)
        if algorithm == "hash" and len(line.words) > 2 and line.words[2].split(",")[0] == "src":  # noqa: PLR2004
            return Seen(words, line.where)
        if algorithm in _ROUND:
            return Missing(State.ABSENT, words, line.where)
        return _unknown(line.where, f"{words}: whether the key stays the same for a client")

    def _forwarding(self, front: Section, back: Section, layer: Layer) -> Forwarding:
        title = f"{front.keyword} {self.show(front.name)}"
        lines = [*front.lines] if front is back else [*front.lines, *back.lines]
        return Forwarding(title, front.where, layer, self._obstacles(lines, front.where))

    def _obstacles(self, lines: Iterable[Line], where: str) -> Evidence[tuple[Obstacle, ...]]:
        """HAProxy passes a handshake on by itself: only a rule that changes its headers is in the way."""
        found: list[Obstacle] = []
        undecided: Missing | None = None
        for line in lines:
            if not line.starts("http-request") or len(line.words) < 3 or line.words[2].lower() not in _HOP_BY_HOP:  # noqa: PLR2004
                continue
            action, header, value = line.words[1], line.words[2].lower(), " ".join(line.words[3:4]).lower()
            shown = self.show(" ".join(line.words))
            if action == "set-header" and value == {"upgrade": "websocket", "connection": "upgrade"}[header]:
                continue
            if action in {"del-header", "set-header"} and not _CONDITIONS & set(line.words) and "%" not in value:
                found.append(Obstacle(line.where, f"the header {header.capitalize()} as the client sends it", shown))
            elif action in {"del-header", "set-header", "replace-header", "replace-value"}:
                undecided = _unknown(line.where, f"{shown}: what it does to a handshake")
        return undecided if undecided is not None and not found else Seen(tuple(found), where)


def _defaults_of(sections: tuple[Section, ...]) -> dict[str, tuple[Line, ...]]:
    """Return the lines of the defaults that hold for each section: the ones it names, else the last before it."""
    named: dict[str, tuple[Line, ...]] = {}
    last: tuple[Line, ...] = ()
    found: dict[str, tuple[Line, ...]] = {}
    for section in sections:
        if section.keyword == "defaults":
            last = (*(named.get(section.base, ()) if section.base else ()), *section.lines)
            named[section.name] = last
        else:
            found[section.where] = named.get(section.base, ()) if section.base else last
    return found


def _has_servers(section: Section) -> bool:
    return any(line.words[0] in {"server", "server-template"} for line in section.lines)


def _unknown(where: str, what: str) -> Missing:
    return Missing(State.UNREADABLE, f"{where}: {what} cannot be decided from the configuration alone", where)
