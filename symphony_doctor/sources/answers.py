"""The system account's answers: JSON of VARZ, JSZ, ROUTEZ, RAFTZ, HEALTHZ -> values of the model.

Only what is used is declared; unknown fields are ignored, a wrong type is an error that names the path.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from symphony_doctor.formats import stream_meta
from symphony_doctor.model.identity import Flaw, Token
from symphony_doctor.model.jetstream import (
    JetStream,
    MetaGroup,
    MetaPeer,
    MetaView,
    Replica,
    StreamConfig,
    StreamState,
    UpstreamState,
)
from symphony_doctor.model.server import Health, Route, Server

T = TypeVar("T")

_NANOSECONDS = 1e9


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


class _VarzJetStream(msgspec.Struct):
    config: dict[str, Any] | None = None


class Varz(msgspec.Struct):
    """VARZ."""

    server_id: str
    server_name: str
    version: str
    start: datetime
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


class _ClusterReplica(msgspec.Struct):
    name: str
    current: bool = False
    offline: bool = False
    active: int = 0
    lag: int = 0
    peer: str = ""


class _StreamCluster(msgspec.Struct):
    leader: str = ""
    raft_group: str = ""
    leader_since: datetime | None = None
    replicas: tuple[_ClusterReplica, ...] | None = ()


class _Failed(msgspec.Struct):
    description: str = ""


class _Upstream(msgspec.Struct):
    name: str = ""
    lag: int = 0
    active: int = 0
    error: _Failed | None = None


class _State(msgspec.Struct):
    messages: int = 0
    bytes: int = 0
    last_seq: int = 0


class _StreamDetail(msgspec.Struct):
    name: str
    created: datetime | None = None
    config: dict[str, Any] | None = None
    cluster: _StreamCluster | None = None
    state: _State = msgspec.field(default_factory=_State)
    mirror: _Upstream | None = None
    sources: tuple[_Upstream, ...] | None = ()


class _AccountDetail(msgspec.Struct):
    name: str
    id: str = ""
    stream_detail: tuple[_StreamDetail, ...] | None = ()


class _MetaCluster(msgspec.Struct):
    leader: str = ""
    cluster_size: int = 0
    replicas: tuple[_ClusterReplica, ...] | None = ()


class _JszConfig(msgspec.Struct):
    max_memory: int = 0
    max_storage: int = 0
    store_dir: str = ""


class Jsz(msgspec.Struct):
    """JSZ with accounts, streams and configuration; one page of accounts."""

    disabled: bool = False
    config: _JszConfig = msgspec.field(default_factory=_JszConfig)
    memory: int = 0
    storage: int = 0
    reserved_memory: int = 0
    reserved_storage: int = 0
    total: int = 0
    meta_cluster: _MetaCluster | None = None
    account_details: tuple[_AccountDetail, ...] | None = ()


def server(varz: Varz, read_token: Callable[[str], Token | Flaw]) -> Server:
    """Return what VARZ says of a server."""
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
    )


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


def jetstream(pages: tuple[Jsz, ...]) -> JetStream:
    """Join the pages of one server's JSZ."""
    first = pages[0]
    accounts = [account for page in pages for account in page.account_details or ()]
    return JetStream(
        enabled=not first.disabled,
        store_dir=first.config.store_dir,
        max_memory=first.config.max_memory,
        max_storage=first.config.max_storage,
        memory=first.memory,
        storage=first.storage,
        reserved_memory=first.reserved_memory,
        reserved_storage=first.reserved_storage,
        meta=_meta(first.meta_cluster),
        accounts=tuple(account.id or account.name for account in accounts),
        streams=tuple(
            _stream(account.id or account.name, stream)
            for account in accounts
            for stream in account.stream_detail or ()
        ),
    )


def _meta(meta: _MetaCluster | None) -> MetaView | None:
    if meta is None:
        return None
    return MetaView(meta.leader, meta.cluster_size, _replicas(meta.replicas))


def _replicas(replicas: tuple[_ClusterReplica, ...] | None) -> tuple[Replica, ...]:
    return tuple(
        Replica(
            replica.name, replica.current, replica.offline, replica.active / _NANOSECONDS, replica.lag, replica.peer
        )
        for replica in sorted(replicas or (), key=lambda replica: replica.name)
    )


def _stream(account: str, stream: _StreamDetail) -> StreamState:
    cluster = stream.cluster or _StreamCluster()
    upstreams = ((stream.mirror,) if stream.mirror else ()) + (stream.sources or ())
    return StreamState(
        account=account,
        config=stream_config(stream.config or {"name": stream.name}),
        created_at=stream.created.timestamp() if stream.created else 0.0,
        leader=cluster.leader,
        raft_group=cluster.raft_group,
        replicas=_replicas(cluster.replicas),
        messages=stream.state.messages,
        stored_bytes=stream.state.bytes,
        last_sequence=stream.state.last_seq,
        led_since=cluster.leader_since.timestamp() if cluster.leader_since else 0.0,
        upstreams=tuple(
            UpstreamState(
                upstream.name,
                upstream.lag,
                upstream.active / _NANOSECONDS if upstream.active >= 0 else -1.0,
                upstream.error.description if upstream.error else None,
            )
            for upstream in upstreams
        ),
    )


def stream_config(config: dict[str, Any]) -> StreamConfig:
    """Return a stream's configuration as the model has it; ``config`` is the API's JSON object."""
    mirror = config.get("mirror")
    replicas = config.get("num_replicas")
    return StreamConfig(
        name=str(config.get("name", "")),
        storage=str(config.get("storage", "file")),
        num_replicas=replicas if isinstance(replicas, int) and replicas > 0 else 1,
        mirror=str(mirror.get("name", "")) if isinstance(mirror, dict) else None,
        sources=tuple(
            str(source.get("name", "")) for source in config.get("sources") or () if isinstance(source, dict)
        ),
        settings=stream_meta.canonical(config),
    )
