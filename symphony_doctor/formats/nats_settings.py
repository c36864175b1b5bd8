"""What a parsed nats.config means: the values that rules compare, under the names the server knows.

Aliases, defaults and units are the server's (opts.go); a value of the wrong type reads as not set,
since ``nats_config.problems`` says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar
from urllib.parse import urlsplit

from symphony_doctor.formats.nats_config import Array, Map, Scalar, Value, pitfalls
from symphony_doctor.model.certificate import CertificateFile, Port
from symphony_doctor.model.configuration import (
    ClusterBlock,
    ConfigPitfall,
    ConfigProblem,
    JetStreamBlock,
    Listen,
    NatsConfig,
    ResolverBlock,
    RouteAddress,
    Setting,
)
from symphony_doctor.model.identity import Flaw, Located, Preloaded, Token

T = TypeVar("T", str, int, bool)

DEFAULT_CLIENT_PORT = 4222
DEFAULT_ROUTE_PORT = 6222
_LONGEST_OPTION: Final = 32

ReadToken = Callable[[str], Token | Flaw]
Show = Callable[[tuple[str, ...], str], tuple[str, bool]]
"""A path and a value -> how to show it, and whether it is secret."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"([0-9]+)([KMGT]?)", re.IGNORECASE)
_KEY = re.compile(r"[A-Z2-7]{56}")

_ALIASES = {
    "net": "host", "ws": "websocket", "system": "system_account", "log_file": "logfile", "pidfile": "pid_file",
    "monitor_port": "http_port", "leaf": "leafnodes", "leafnode": "leafnodes", "root": "operator",
    "roots": "operator", "operators": "operator", "root_operator": "operator", "root_operators": "operator",
    "account_resolver": "resolver", "accounts_resolver": "resolver", "storedir": "store_dir", "store": "store_dir",
    "max_memory_store": "max_mem", "max_mem_store": "max_mem", "max_file_store": "max_file", "enable": "enabled",
    "ek": "key", "encryption_key": "key",
}  # fmt: skip
"""Names that the server reads as another one, for the comparison of what is set."""

_DURATIONS = frozenset(
    {
        "interval", "timeout", "ttl", "ping_interval", "write_deadline", "sync", "sync_interval",
        "lame_duck_duration", "lame_duck_grace_period", "handshake_timeout",
    }
)  # fmt: skip
"""Keys whose value is a duration: a number, which is of seconds, or a text such as ``2m``."""


def nats_settings(
    config: Map,
    path: str,
    read_token: ReadToken,
    read_operator_file: ReadToken,
    show: Show,
    problems: tuple[ConfigProblem, ...] = (),
) -> NatsConfig:
    """Return what ``config`` sets.

    ``read_operator_file`` is given the value of ``operator`` where that is a path and no JWT.
    """
    websocket = _map(config, "websocket", "ws")
    return NatsConfig(
        path=path,
        server_name=_located(config, str, "server_name"),
        client=_listen(config, DEFAULT_CLIENT_PORT) or Listen(None, DEFAULT_CLIENT_PORT, path),
        websocket=_listen(websocket, None) if websocket else None,
        cluster=_cluster(config),
        jetstream=_jetstream(config),
        resolver=_resolver(config),
        operators=tuple(_operators(config, read_token, read_operator_file)),
        system_account=_located(config, str, "system_account", "system"),
        preload=tuple(_preload(config, read_token)),
        has_client_tls=config.get("tls") is not None,
        log_file=_located(config, str, "log_file", "logfile"),
        settings=tuple(_flatten(config, (), show)),
        problems=problems,
        has_websocket_tls=websocket is not None and websocket.get("tls") is not None,
        certificate_files=tuple(_certificate_files(config)),
        pitfalls=tuple(
            ConfigPitfall(".".join(_path(each.path)), str(each.position), each.written, each.read, each.advice)
            for each in pitfalls(config)
        ),
    )


def _certificate_files(config: Map) -> Iterator[CertificateFile]:
    blocks = (
        (Port.CLIENT, config),
        (Port.ROUTE, _map(config, "cluster")),
        (Port.WEBSOCKET, _map(config, "websocket", "ws")),
    )
    for port, block in blocks:
        tls = _map(block, "tls") if block else None
        certificate = _located(tls, str, "cert_file") if tls else None
        if tls is not None and certificate is not None:
            key = _located(tls, str, "key_file")
            holds_key = key is not None and key.value == certificate.value
            yield CertificateFile(port, certificate.value, certificate.where, holds_key)


def duration(text: str) -> float | None:
    """Return the seconds of a Go duration such as ``1m30s``; ``None`` where it is none."""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text.lstrip("+"):
        return None
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def _find(config: Map, *names: str) -> Value | None:
    return config.get(*names)


def _map(config: Map, *names: str) -> Map | None:
    value = _find(config, *names)
    return value if isinstance(value, Map) else None


def _located(config: Map, kind: type[T], *names: str) -> Located[T] | None:
    value = _find(config, *names)
    if isinstance(value, Scalar) and isinstance(value.value, kind):
        return Located(value.value, str(value.position))
    return None


def _port(config: Map) -> int | None:
    value = _find(config, "port")
    return value.value if isinstance(value, Scalar) and isinstance(value.value, int) else None


def _listen(config: Map, default_port: int | None) -> Listen | None:
    host = _located(config, str, "host", "net")
    port = _port(config)
    where = str(config.position)
    listen = _find(config, "listen")
    if isinstance(listen, Scalar):
        where = str(listen.position)
        if isinstance(listen.value, int):
            port = listen.value
        elif isinstance(listen.value, str):
            name, _, number = listen.value.rpartition(":")
            host = Located(name.strip("[]"), where)
            port = int(number) if number.isascii() and number.isdigit() else None
    chosen = port if port is not None else default_port
    if chosen is None:
        return None
    return Listen(_specific(host.value if host else None), chosen, where)


def _specific(host: str | None) -> str | None:
    """Return a host that means one address; all interfaces are ``None``."""
    return None if host in {None, "", "0.0.0.0", "::", "*"} else host  # noqa: S104 - compared, not bound


def _cluster(config: Map) -> ClusterBlock | None:
    cluster = _map(config, "cluster")
    if cluster is None:
        return None
    return ClusterBlock(
        name=_located(cluster, str, "name"),
        listen=_listen(cluster, None),
        advertise=_located(cluster, str, "cluster_advertise", "advertise"),
        routes=tuple(_routes(cluster)),
        has_tls=cluster.get("tls") is not None,
        where=str(cluster.position),
    )


def _routes(cluster: Map) -> Iterator[RouteAddress]:
    routes = _find(cluster, "routes")
    for route in routes.items if isinstance(routes, Array) else ():
        if isinstance(route, Scalar) and isinstance(route.value, str):
            address = route_address(route.value)
            if address is not None:
                yield RouteAddress(*address, str(route.position))


def route_address(text: str) -> tuple[str, int] | None:
    """Return host and port of a route URL (``nats-route://user:password@host:port``) or of ``host:port``."""
    try:
        parts = urlsplit(text if "://" in text else f"nats-route://{text}")
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, DEFAULT_ROUTE_PORT if port is None else port) if parts.hostname else None


def _jetstream(config: Map) -> JetStreamBlock | None:
    value = _find(config, "jetstream")
    if isinstance(value, Scalar):
        enabled = value.value is True or str(value.value).lower() in {"enabled", "enable"}
        store = _located(config, str, "store_dir", "storedir")
        return JetStreamBlock(enabled, store, None, None, str(value.position))
    if not isinstance(value, Map):
        return None
    flag = _find(value, "enabled", "enable")
    store = _located(value, str, "store_dir", "storedir", "store") or _located(config, str, "store_dir", "storedir")
    return JetStreamBlock(
        enabled=not (isinstance(flag, Scalar) and flag.value is False),
        store_dir=store,
        max_memory=_size(value, "max_memory_store", "max_mem_store", "max_mem"),
        max_file=_size(value, "max_file_store", "max_file"),
        where=str(value.position),
    )


def _size(config: Map, *names: str) -> int | None:
    value = _find(config, *names)
    if not isinstance(value, Scalar):
        return None
    if isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    match = _SIZE.fullmatch(str(value.value))
    return int(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ") if match else None


def _resolver(config: Map) -> ResolverBlock | None:
    value = _find(config, "resolver", "account_resolver", "accounts_resolver")
    if isinstance(value, Scalar):
        # a URL or the word MEMORY: no directory
        kind = "url" if "(" in str(value.value) else str(value.value).lower()
        return ResolverBlock(kind, None, None, str(value.position))
    if not isinstance(value, Map):
        return None
    # inner keys of the resolver are matched in lower case only
    kind_value = value.get("type", fold_case=False)
    interval = value.get("interval", fold_case=False)
    directory = value.get("dir", fold_case=False)
    return ResolverBlock(
        kind=str(kind_value.value).lower() if isinstance(kind_value, Scalar) else "",
        directory=Located(str(directory.value), str(directory.position)) if isinstance(directory, Scalar) else None,
        interval=duration(interval.value) if isinstance(interval, Scalar) and isinstance(interval.value, str) else None,
        where=str(value.position),
    )


def _operators(config: Map, read_token: ReadToken, read_operator_file: ReadToken) -> Iterator[Located[Token | Flaw]]:
    value = _find(config, "operator", "operators", "root", "roots", "root_operator", "root_operators")
    for item in value.items if isinstance(value, Array) else (value,):
        if isinstance(item, Scalar):
            text = str(item.value)
            token = read_token(text) if text.startswith("eyJ") else read_operator_file(text)
            yield Located(token, str(item.position))


def _preload(config: Map, read_token: ReadToken) -> Iterator[Preloaded]:
    preload = _map(config, "resolver_preload")
    entries = {entry.key: entry for entry in preload.entries} if preload else {}
    for key, entry in entries.items():
        text = str(entry.value.value) if isinstance(entry.value, Scalar) else ""
        yield Preloaded(key, read_token(text), str(entry.position))


def _flatten(value: Value, path: tuple[str, ...], show: Show) -> Iterator[Setting]:
    if isinstance(value, Map):
        last = {_canonical(entry.key): entry for entry in value.entries}
        for key, entry in sorted(last.items()):
            # a key that is longer than any option's can be a secret, as where users were written as a map
            yield from _flatten(entry.value, (*path, show((), key)[0] if len(key) > _LONGEST_OPTION else key), show)
    elif isinstance(value, Array):
        for index, item in enumerate(value.items):
            yield from _flatten(item, (*path, str(index)), show)
    else:
        text = _spelled(path[-1], value.value)
        shown, secret = show(path, text)
        yield Setting(path, shown, str(value.position), secret)


def _spelled(key: str, value: object) -> str:
    """Write a value in the one spelling that equal values have in common."""
    if isinstance(value, bool):
        return str(value).lower()
    if key in _DURATIONS:
        seconds = duration(value) if isinstance(value, str) else value if isinstance(value, int | float) else None
        return f"{seconds:g}s" if seconds is not None else str(value)
    return str(value)


def _path(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_canonical(key) for key in path)


def _canonical(key: str) -> str:
    return key if _KEY.fullmatch(key) else _ALIASES.get(key.lower(), key.lower())
