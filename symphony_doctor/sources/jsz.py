"""The system account's answer on JetStream: JSON of JSZ, page by page -> values of the model.

Only what is used is declared; unknown fields are ignored, a wrong type is an error that names the path.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from symphony_doctor.formats import stream_meta
from symphony_doctor.model.jetstream import (
    JetStream,
    MetaView,
    Replica,
    StreamConfig,
    StreamState,
    UpstreamState,
)

_NANOSECONDS = 1e9


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


def jetstream(pages: tuple[Jsz, ...], fingerprint: Callable[[str], str]) -> JetStream:
    """Join the pages of one server's JSZ; ``fingerprint`` takes the place of secrets in what people wrote there."""
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
            _stream(account.id or account.name, stream, fingerprint)
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


def _stream(account: str, stream: _StreamDetail, fingerprint: Callable[[str], str]) -> StreamState:
    cluster = stream.cluster or _StreamCluster()
    upstreams = ((stream.mirror,) if stream.mirror else ()) + (stream.sources or ())
    return StreamState(
        account=account,
        config=stream_config(stream.config or {"name": stream.name}, fingerprint),
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


def stream_config(config: dict[str, Any], fingerprint: Callable[[str], str]) -> StreamConfig:
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
        settings=stream_meta.canonical(config, fingerprint),
    )
