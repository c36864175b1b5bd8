"""Single values of a healthy cluster, to make snapshots of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symphony_doctor.model.certificate import Port
from symphony_doctor.model.configuration import (
    ClusterBlock,
    JetStreamBlock,
    Listen,
    NatsConfig,
    ResolverBlock,
    RouteAddress,
    Setting,
)
from symphony_doctor.model.identity import Located, Preloaded, Token
from symphony_doctor.model.jetstream import (
    Replica,
    StreamConfig,
    StreamState,
)
from symphony_doctor.model.log import Log, LogEvent
from symphony_doctor.model.server import Listener, Server

NOW = 1_800_000_000.0
OPERATOR = "O" + "B" * 55
SYSTEM, SYMPHONY, USER = ("A" + letter * 55 for letter in "BCD")


def token(kind: str, subject: str, issuer: str, **claims: object) -> Token:
    """Return a valid JWT's claims; keyword arguments replace single ones."""
    base = Token(
        kind=kind,
        subject=subject,
        issuer=issuer,
        name={SYSTEM: "SYS", SYMPHONY: "symphony", USER: "alice"}.get(subject, "symphony"),
        issued_at=int(NOW) - 86_400,
        expires_at=None,
        not_before=None,
        token_id="ID",  # noqa: S106 - an identifier, no secret
        signing_keys=(),
        strict_signing=False,
        system_account=SYSTEM if kind == "operator" else None,
        grants_jetstream=subject != SYSTEM if kind == "account" else None,
        signature_valid=True,
        digest=f"{subject[:2]}{'0' * 62}",
    )
    return replace(base, **claims)  # type: ignore[arg-type]


def stream_state(
    name: str, account: str, members: Iterable[str], *, storage: str = "file", mirror: str | None = None
) -> StreamState:
    """Return a stream as its leader, the first of ``members``, reports it: all replicas current."""
    leader, *others = members
    return StreamState(
        account=account,
        config=StreamConfig(name, storage, 1 + len(others), mirror, (), ()),
        created_at=NOW - 3600,
        leader=leader,
        raft_group=f"S-R{1 + len(others)}F-{name[-8:]}" if others else "",
        replicas=tuple(Replica(each, current=True, offline=False, active=0.2, lag=0) for each in others),
        messages=3,
        stored_bytes=300,
        last_sequence=3,
        upstreams=(),
    )


def log(node: str, *events: LogEvent, **digest: object) -> Log:
    """Return the digest of a log from the start of its server until now; keyword arguments replace single values."""
    base = Log(
        path=f"/{node}/nats.log",
        service="",
        server_name=node,
        host="",
        first_at=NOW - 7200,
        last_at=NOW,
        started_at=NOW - 7200,
        quorum_at=NOW - 7190,
        quorum_lost_at=None,
        stopped=False,
        truncated=False,
        events=events,
    )
    return replace(base, **digest)  # type: ignore[arg-type]


def nats_config(name: str, path: str, operator: Token, preload: tuple[Preloaded, ...], routes: list[str]) -> NatsConfig:
    """Return the nats.config of one node of a healthy cluster."""
    file = f"{path}/nats.config"
    return NatsConfig(
        path=file,
        server_name=Located(name, f"{file}:1:1"),
        client=Listen(None, 4222, f"{file}:2:1"),
        websocket=Listen(None, 9222, f"{file}:3:1"),
        cluster=ClusterBlock(
            name=Located("c", f"{file}:7:3"),
            listen=Listen(None, 6222, f"{file}:8:3"),
            advertise=None,
            routes=tuple(RouteAddress(address.partition(":")[0], 6222, f"{file}:9:5") for address in routes),
            has_tls=False,
            where=f"{file}:6:1",
        ),
        jetstream=JetStreamBlock(
            enabled=True,
            store_dir=Located("storage", f"{file}:12:3"),
            max_memory=2**28,
            max_file=2**30,
            where=f"{file}:11:1",
        ),
        resolver=ResolverBlock("full", Located("accounts", f"{file}:16:3"), 120.0, f"{file}:15:1"),
        operators=(Located(operator, f"{file}:14:1"),),
        system_account=Located(SYSTEM, f"{file}:15:1"),
        preload=preload,
        has_client_tls=False,
        log_file=None,
        settings=(
            Setting(("server_name",), name, f"{file}:1:1"),
            Setting(("max_payload",), "1048576", f"{file}:4:1"),
        ),
    )


def server(name: str, operator: Token, *, clustered: bool) -> Server:
    """Return what the server of one node of a healthy cluster says of itself."""
    return Server(
        server_id=f"N{name}",
        server_name=name,
        version="2.15.1",
        cluster_name="c" if clustered else "",
        cluster_host="0.0.0.0",  # noqa: S104 - what a server reports
        cluster_port=6222 if clustered else 0,
        cluster_routes=(),
        client_host="0.0.0.0",  # noqa: S104
        client_port=4222,
        jetstream=True,
        operators=(operator,),
        operator_keys=(OPERATOR,),
        system_account=SYSTEM,
        started_at=NOW - 7200,
        config_loaded_at=NOW - 7200,
        config_digest="sha256:0",
        slow_consumers=0,
        listeners=(
            Listener(Port.CLIENT, "0.0.0.0", 4222, tls=False, not_after=None),  # noqa: S104
            Listener(Port.WEBSOCKET, "0.0.0.0", 9222, tls=False, not_after=None),  # noqa: S104
        ),
    )
