"""What an nginx configuration does as a load balancer: upstreams, and the places that forward to them.

A file may also be a fragment, as those in conf.d and sites-enabled are: what stands outside of ``http`` and
``stream`` belongs to ``http``, but for a ``server`` that has a ``proxy_pass`` of its own, as only those of
``stream`` have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from symphony_doctor.formats.host_port import host_port
from symphony_doctor.formats.nginx_handshake import Level, obstacles
from symphony_doctor.formats.nginx_tree import Directive, ReadInclude, parse_tree
from symphony_doctor.formats.nginx_variables import Maps, is_of_the_client
from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import Balancing, Forwarding, Layer, Obstacle, Pool, PoolServer

_WITHIN_LOCATION: Final = frozenset({"location", "if", "limit_except"})
_OWN: Final = frozenset({"http", "stream", "server", "upstream", "location"})
_TARGET: Final = re.compile(r"(?:(https?|\$scheme|\$\{scheme\})://)([^/?#]+)")
_PATH: Final = re.compile(r"\$\{?(?:request_uri|uri|document_uri)\b.*")
"""Variables that begin with a slash: they are of the path, and say nothing of the server."""

_PORTS: Final = {"http": 80, "https": 443}
_NONE: Final = Missing(State.ABSENT, "no ip_hash, hash or sticky")
_NO_HANDSHAKE: Final[Seen[tuple[Obstacle, ...]]] = Seen((), "")

Show = Callable[[str], str]
"""Masks what is secret in a text that may be displayed."""


def parse(data: bytes, path: str, read_include: ReadInclude, show: Show) -> Balancing:
    """Read a configuration and all that it includes. Raises ``FormatError`` with file and line."""
    tree = parse_tree(data, path, read_include)
    if not any(directive.name in _OWN for directive in tree):
        raise FormatError(
            Position(path, 1, 1), "an nginx or HAProxy configuration", "no http, stream, server or upstream block"
        )
    return _Reader(tree, show).read()


@dataclass
class _Draft:
    """A pool, and the places found so far that forward to it."""

    title: str
    where: str
    named: bool
    servers: tuple[PoolServer, ...]
    affinity: Evidence[str]
    open_ended: str = ""
    used_by: list[Forwarding] = field(default_factory=list)

    def done(self) -> Pool:
        return Pool(
            self.title, self.where, self.named, self.servers, self.affinity, tuple(self.used_by), self.open_ended
        )


class _Reader:
    """Walks the tree once; pools are found by layer and name, single addresses by layer and address."""

    def __init__(self, tree: tuple[Directive, ...], show: Show) -> None:
        self.show = show
        loose = [each for each in tree if each.name not in {"http", "stream"}]
        of_stream = [each for each in loose if each.name == "server" and _child(each, "proxy_pass")]
        shared = [each for each in loose if each.name == "upstream"]
        self.http = [*_inside(tree, "http"), *(each for each in loose if each not in of_stream)]
        self.stream = [*_inside(tree, "stream"), *of_stream, *shared]
        self.maps = Maps(each for each in self.http if each.name == "map")
        self.drafts: dict[tuple[Layer, str], _Draft] = {}
        # a fragment's upstreams are of either layer: the same directive is the same pool
        self.read_before: dict[int, _Draft] = {}
        self.undecided: list[Missing] = []

    def read(self) -> Balancing:
        for layer, block in ((Layer.HTTP, self.http), (Layer.TCP, self.stream)):
            for each in block:
                if each.name == "upstream":
                    self._upstream(each, layer)
        self._http(self.http, Level(), "", "")
        for server in self.stream:
            for each in server.block or () if server.name == "server" else ():
                if each.name == "proxy_pass":
                    self._forward(each, f"stream server {_listens(server)}", Layer.TCP, None)
        pools = {id(draft): draft.done() for draft in self.drafts.values()}
        return Balancing("nginx", tuple(pools.values()), tuple(self.undecided))

    def _upstream(self, upstream: Directive, layer: Layer) -> None:
        if len(upstream.arguments) != 1 or upstream.block is None:
            raise FormatError(_place(upstream), "upstream NAME { ... }", f"{len(upstream.arguments)} names")
        key = (layer, upstream.arguments[0].lower())
        if id(upstream) in self.read_before:
            self.drafts[key] = self.read_before[id(upstream)]
            return
        servers, open_ended = [], ""
        for each in upstream.block:
            if each.name == "state":
                open_ended = f"{each.where}: its servers are kept in a file of the running nginx"
            elif each.name == "server":
                if not each.arguments:
                    raise FormatError(_place(each), "server ADDRESS", "no address")
                if "$" in each.arguments[0]:
                    open_ended = f"{each.where}: a server is named by a variable"
                else:
                    servers.append(self._server(each, layer))
        self.drafts[key] = self.read_before[id(upstream)] = _Draft(
            title=f"upstream {self.show(upstream.arguments[0])}",
            where=upstream.where,
            named=True,
            servers=tuple(servers),
            affinity=self._affinity(upstream.block),
            open_ended=open_ended,
        )

    def _server(self, directive: Directive, layer: Layer) -> PoolServer:
        address, *options = directive.arguments
        split = host_port(address, 80 if layer is Layer.HTTP else None) if not address.startswith("unix:") else None
        return PoolServer(
            address=self.show(address),
            host=split[0] if split else None,
            port=split[1] if split else None,
            where=directive.where,
            backup="backup" in options,
            unused="marked down" if "down" in options else "",
        )

    def _affinity(self, block: Iterable[Directive]) -> Evidence[str]:
        undecided: Missing | None = None
        for each in block:
            if each.name == "ip_hash" or each.name.startswith("sticky"):
                return Seen(" ".join((each.name, *each.arguments[:1])), each.where)
            if each.name == "hash" and each.arguments:
                key = self.show(each.arguments[0])
                of_client = is_of_the_client(each.arguments[0])
                if of_client:
                    return Seen(f"hash {key}", each.where)
                if of_client is None:
                    undecided = _unknown(each.where, f"hash {key}: whether the key stays the same for a client")
                else:
                    return Missing(State.ABSENT, f"hash {key}, another value for each connection", each.where)
        return undecided or _NONE

    def _http(self, block: Iterable[Directive], outer: Level, server: str, location: str) -> None:
        every = tuple(block)
        level = outer.within(every)
        for each in every:
            if each.name == "server" and each.block is not None:
                self._http(each.block, level, _named(each), "")
            elif each.name in _WITHIN_LOCATION and each.block is not None:
                title = location
                if each.name == "location":
                    title = f"location {self.show(' '.join(each.arguments))}"
                self._http(each.block, level, server, title)
            elif each.name == "proxy_pass":
                where = f"{location or 'proxy_pass'}{f' of server {self.show(server)}' if server else ''}"
                self._forward(each, where, Layer.HTTP, level)

    def _forward(self, directive: Directive, title: str, layer: Layer, level: Level | None) -> None:
        if len(directive.arguments) != 1:
            raise FormatError(_place(directive), "proxy_pass with one target", f"{len(directive.arguments)} arguments")
        target, default = directive.arguments[0], None
        if level is not None:
            match = _TARGET.match(target)
            scheme, target = (match[1], match[2]) if match else ("", target)
            default = _PORTS.get(scheme)
            target = _PATH.sub("", target)
        if "$" in target:
            self.undecided.append(
                _unknown(directive.where, f"proxy_pass to {self.show(target)}: where the variable leads")
            )
            return
        handshake = obstacles(level, directive.where, self.maps, self.show) if level is not None else _NO_HANDSHAKE
        forwarding = Forwarding(title, directive.where, layer, handshake)
        draft = self.drafts.get((layer, target.lower())) or self._single(target, default, layer, directive.where)
        draft.used_by.append(forwarding)

    def _single(self, target: str, default: int | None, layer: Layer, where: str) -> _Draft:
        split = host_port(target, default) if not target.startswith("unix:") else None
        address = self.show(target)
        server = PoolServer(address, split[0] if split else None, split[1] if split else None, where)
        key = (layer, f"{server.host}:{server.port}" if split else target)
        only = Seen("one address", where)
        return self.drafts.setdefault(key, _Draft(f"proxy_pass to {address}", where, False, (server,), only))  # noqa: FBT003


def _inside(tree: Iterable[Directive], name: str) -> Iterator[Directive]:
    return chain.from_iterable(each.block or () for each in tree if each.name == name)


def _child(directive: Directive, name: str) -> Directive | None:
    return next((each for each in directive.block or () if each.name == name), None)


def _named(server: Directive) -> str:
    names = _child(server, "server_name")
    return names.arguments[0] if names and names.arguments and names.arguments[0] else _listens(server)


def _listens(server: Directive) -> str:
    listen = _child(server, "listen")
    return f"on {listen.arguments[0]}" if listen and listen.arguments else ""


def _unknown(where: str, what: str) -> Missing:
    return Missing(State.UNREADABLE, f"{where}: {what} cannot be decided from the configuration alone", where)


def _place(directive: Directive) -> Position:
    file, _, line = directive.where.rpartition(":")
    return Position(file, int(line), 1)
