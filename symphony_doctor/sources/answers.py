"""The system account's answers: JSON of VARZ, ROUTEZ, RAFTZ, HEALTHZ -> values of the model (JSZ: see ``jsz``).

Only what is used is declared; unknown fields are ignored, a wrong type is an error that names the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from symphony_doctor.model.certificate import Port
from symphony_doctor.model.identity import Flaw, Token
from symphony_doctor.model.jetstream import (
    MetaGroup,
    MetaPeer,
)
from symphony_doctor.model.server import Health, Listener, Route, Server

T = TypeVar("T")


class Identified(msgspec.Struct):
    """The ``server`` part of an envelope."""

    name: str
    id: str


class Failure(msgspec.Struct):
    """The ``error`` part of an envelope."""

    code: int = 0
    description: str = ""


class Envelope(msgspec.Struct, Generic[T]):
    """``{"server": ..., "data": ...}`` or ``{"server": ..., "error": ...}`` (events.go)."""

    server: Identified
    data: T | None = None
    error: Failure | None = None


class UserInfo(msgspec.Struct):
    """``$SYS.REQ.USER.INFO``: which user and account the credentials are of."""

    user: str = ""
    account: str = ""


class _VarzCluster(msgspec.Struct):
    name: str = ""
    addr: str = ""
    cluster_port: int = 0
    urls: tuple[str, ...] = ()
    tls_required: bool = False
    tls_cert_not_after: datetime | None = None


class _VarzWebSocket(msgspec.Struct):
    host: str = ""
    port: int = 0
    no_tls: bool = False
    tls_cert_not_after: datetime | None = None


class _VarzSlowConsumers(msgspec.Struct):
    routes: int = 0


class _VarzJetStream(msgspec.Struct):
    config: dict[str, Any] | None = None


class Varz(msgspec.Struct):
    """VARZ."""

    server_id: str
    server_name: str
    version: str
    start: datetime
    now: datetime
    config_load_time: datetime
    host: str = ""
    port: int = 0
    cluster: _VarzCluster = msgspec.field(default_factory=_VarzCluster)
    jetstream: _VarzJetStream | None = None
    trusted_operators_jwt: tuple[str, ...] = ()
    trusted_operators_claim: tuple[dict[str, Any], ...] = ()
    system_account: str = ""
    config_digest: str = ""
    slow_consumers: int = 0
    slow_consumer_stats: _VarzSlowConsumers = msgspec.field(default_factory=_VarzSlowConsumers)
    tls_required: bool = False
    tls_cert_not_after: datetime | None = None
    websocket: _VarzWebSocket = msgspec.field(default_factory=_VarzWebSocket)


class _RoutezRoute(msgspec.Struct):
    remote_id: str
    remote_name: str = ""
    is_configured: bool = False
    account: str = ""


class Routez(msgspec.Struct):
    """ROUTEZ: one entry a connection."""

    routes: tuple[_RoutezRoute, ...] | None = ()


class _Problem(msgspec.Struct):
    error: str = ""


class Healthz(msgspec.Struct):
    """HEALTHZ with details."""

    status: str
    error: str = ""
    errors: tuple[_Problem, ...] | None = ()


class _RaftPeer(msgspec.Struct):
    name: str = ""


class RaftGroup(msgspec.Struct):
    """One group of RAFTZ."""

    state: str
    size: int
    quorum_needed: int
    leader: str = ""
    peers: dict[str, _RaftPeer] | None = None


def server(varz: Varz, read_token: Callable[[str], Token | Flaw], asked_at: float, answered_at: float) -> Server:
    """Return what VARZ says of a server; asked and answered are by the clock of this machine (Unix seconds)."""
    tokens = tuple(token for text in varz.trusted_operators_jwt if isinstance(token := read_token(text), Token))
    claimed = (claim.get("sub") for claim in varz.trusted_operators_claim)
    keys = tuple(dict.fromkeys([*(t.subject for t in tokens), *(key for key in claimed if isinstance(key, str))]))
    return Server(
        server_id=varz.server_id,
        server_name=varz.server_name,
        version=varz.version,
        cluster_name=varz.cluster.name,
        cluster_host=varz.cluster.addr,
        cluster_port=varz.cluster.cluster_port,
        cluster_routes=varz.cluster.urls,
        client_host=varz.host,
        client_port=varz.port,
        jetstream=bool(varz.jetstream and varz.jetstream.config),
        operators=tokens,
        operator_keys=keys,
        system_account=varz.system_account or None,
        started_at=varz.start.timestamp(),
        config_loaded_at=varz.config_load_time.timestamp(),
        config_digest=varz.config_digest,
        slow_consumers=varz.slow_consumers,
        slow_routes=varz.slow_consumer_stats.routes,
        # the server looked at its clock somewhere between question and answer: the middle is the best guess
        clock_offset=varz.now.timestamp() - (asked_at + answered_at) / 2,
        round_trip=answered_at - asked_at,
        listeners=tuple(_listeners(varz)),
    )


def _listeners(varz: Varz) -> Iterator[Listener]:
    cluster, websocket = varz.cluster, varz.websocket
    ports = (
        (Port.CLIENT, varz.host, varz.port, varz.tls_required, varz.tls_cert_not_after),
        (Port.ROUTE, cluster.addr, cluster.cluster_port, cluster.tls_required, cluster.tls_cert_not_after),
        (Port.WEBSOCKET, websocket.host, websocket.port, not websocket.no_tls, websocket.tls_cert_not_after),
    )
    for port, host, number, tls, not_after in ports:
        if number:
            yield Listener(port, host, number, tls, not_after.timestamp() if not_after else None)


def routes(routez: Routez) -> tuple[Route, ...]:
    """Group ROUTEZ's connections by remote: a pool and the pinned accounts make several a remote."""
    by_remote: dict[tuple[str, str], list[_RoutezRoute]] = {}
    for route in routez.routes or ():
        by_remote.setdefault((route.remote_name, route.remote_id), []).append(route)
    return tuple(
        Route(
            remote_name=name,
            remote_id=identifier,
            connections=len(found),
            accounts=tuple(sorted({route.account for route in found if route.account})),
            configured=any(route.is_configured for route in found),
        )
        for (name, identifier), found in sorted(by_remote.items())
    )


def health(healthz: Healthz) -> Health:
    """Return HEALTHZ's verdict with the server's own words."""
    words = [problem.error for problem in healthz.errors or () if problem.error]
    if healthz.error:
        words.insert(0, healthz.error)
    return Health(healthz.status == "ok", tuple(dict.fromkeys(words)))


def meta_group(group: RaftGroup) -> MetaGroup:
    """Return RAFTZ's view of the meta group."""
    peers = tuple(MetaPeer(key, peer.name) for key, peer in sorted((group.peers or {}).items()))
    return MetaGroup(group.state, group.size, group.quorum_needed, group.leader, peers)
