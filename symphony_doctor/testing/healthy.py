"""A snapshot of a healthy cluster, with every kind of evidence seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symphony_doctor.assemble import cluster_of
from symphony_doctor.model.accounts import Account, AccountFile
from symphony_doctor.model.certificate import Port
from symphony_doctor.model.cluster import Cluster, ConfiguredRoute, HeldStream, Node
from symphony_doctor.model.configuration import (
    ClusterBlock,
    JetStreamBlock,
    Listen,
    NatsConfig,
    ResolverBlock,
    RouteAddress,
    Setting,
    SymphonyConfig,
)
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.identity import Located, OperatorIdentity, Preloaded, SeedReference, Token
from symphony_doctor.model.jetstream import (
    Disk,
    JetStream,
    MetaGroup,
    MetaPeer,
    MetaView,
    Replica,
    Store,
    StreamConfig,
    StreamDirectory,
    StreamState,
)
from symphony_doctor.model.listeners import Listeners
from symphony_doctor.model.load_balancer import Service
from symphony_doctor.model.log import Log, LogEvent
from symphony_doctor.model.policy import SYSTEM_BUCKETS, replicas_wanted
from symphony_doctor.model.server import Greeting, Health, Listener, Route, RouteGreeting, Running, Server
from symphony_doctor.model.services import ClusterInfo, Ui, UiAnswer
from symphony_doctor.testing.load_balancers import behind, page_examples

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


def healthy(nodes: int = 3) -> Cluster:
    """Return a snapshot of a healthy cluster of so many nodes, with every kind of evidence seen."""
    names = [f"node{number}" for number in range(1, nodes + 1)]
    streams = [
        stream_state(name, account, (names * 2)[at % nodes : at % nodes + replicas_wanted(nodes)])
        for at, (name, account) in enumerate([*((bucket, SYMPHONY) for bucket in SYSTEM_BUCKETS), ("KV_jobs", USER)])
    ]
    mirrors = [stream_state("KV_symphony_roles", USER, names[:1], storage="memory", mirror="KV_symphony_roles")]
    cluster = cluster_of((_node(at, names, [*streams, *mirrors]) for at in range(nodes)), NOW)
    cluster = behind(
        cluster,
        page_examples(
            {
                Service.UI: [f"{name}:{8080 + at}" for at, name in enumerate(names)],
                Service.WEBSOCKET: [f"{name}:9222" for name in names],
                Service.NATS: [f"{name}:4222" for name in names],
            }
        ),
    )
    return replace(
        cluster,
        cluster_info=Seen(ClusterInfo(replicas_wanted(nodes)), "cirata.services.cluster.info"),
    )


def _node(at: int, names: list[str], streams: list[StreamState]) -> Node:
    name = names[at]
    others = [each for each in names if each != name]
    path = f"/{name}"
    operator = token("operator", OPERATOR, OPERATOR)
    accounts = [token("account", key, OPERATOR) for key in (SYSTEM, SYMPHONY, USER)]
    held = [
        stream
        for stream in streams
        if name == stream.leader or any(replica.name == name for replica in stream.replicas)
    ]
    routes = tuple(
        ConfiguredRoute(
            f"{other}:6222",
            f"{path}/nats.config:9:5",
            (other,),
            Seen(RouteGreeting(other, f"N{other}", "c"), f"{other}:6222"),
            Missing(State.ABSENT, "no TLS there", f"{other}:6222"),
        )
        for other in others
    )
    preload = tuple(Preloaded(each.subject, each, f"{path}/nats.config:20:3") for each in accounts[:2])
    config = _nats_config(name, path, operator, preload, [route.address for route in routes])
    meta = MetaView(
        names[0], len(names), tuple(Replica(each, current=True, offline=False, active=0.1, lag=0) for each in others)
    )
    return Node(
        name=name,
        known_from=("files", "nats"),
        client_url=f"{name}:4222",
        symphony_config=Seen(
            SymphonyConfig(
                path=f"{path}/symphony.config",
                settings=(
                    Setting(("network", "uiport"), str(8080 + at), f"{path}/symphony.config:2:3"),
                    Setting(("oidc", "issuer"), "login.example.com", f"{path}/symphony.config:3:3"),
                ),
                tokens=(Located(operator, f"{path}/symphony.config:4:3"),),
                seeds=(SeedReference("account", SYMPHONY, f"{path}/symphony.config:5:3"),),
                ui_port=8080 + at,
            ),
            f"{path}/symphony.config",
        ),
        nats_config=Seen(config, f"{path}/nats.config"),
        account_files=Seen(
            tuple(
                AccountFile(f"{each.subject}.jwt", f"{path}/accounts/{each.subject}.jwt", 700, each)
                for each in accounts
            ),
            f"{path}/accounts",
        ),
        stream_directories=Seen(
            tuple(
                StreamDirectory(each.account, each.config.name, f"{path}/storage", each.config, None)
                for each in held
                if each.config.is_file
            ),
            f"{path}/storage/jetstream",
        ),
        store=Seen(
            Store(f"{path}/storage/jetstream", (SYSTEM, SYMPHONY, USER), Disk(2**40, 2**39)),
            f"{path}/storage/jetstream",
        ),
        ui=Seen(
            Ui(
                f"{name}:{8080 + at}",
                refused=False,
                answers=tuple(UiAnswer(f"/api/v1/{each}", 200) for each in ("ping", "health", "ready")),
            ),
            f"{name}:{8080 + at}",
        ),
        greeting=Seen(
            Greeting(
                server_name=name,
                server_id=f"N{name}",
                version="2.15.1",
                cluster="c" if others else "",
                jetstream=True,
                auth_required=True,
                tls_required=False,
                connect_urls=(),
            ),
            f"{name}:4222",
        ),
        server=Seen(_server(name, operator, bool(others)), "VARZ"),
        routes=Seen(tuple(Route(other, f"N{other}", 4, (SYSTEM,), configured=True) for other in others), "ROUTEZ"),
        jetstream=Seen(
            JetStream(
                enabled=True,
                store_dir="/s/jetstream",
                max_memory=2**28,
                max_storage=2**30,
                memory=0,
                storage=0,
                reserved_memory=0,
                reserved_storage=0,
                meta=meta if others else None,
                accounts=(SYMPHONY, USER),
                streams=tuple(held),
            ),
            "JSZ",
        ),
        meta_group=Seen(
            MetaGroup("LEADER", len(names), len(names) // 2 + 1, "P1", tuple(MetaPeer("P", each) for each in others)),
            "RAFTZ",
        ),
        health=Seen(Health(ok=True, problems=()), "HEALTHZ"),
        resolver_accounts=Seen(frozenset(each.subject for each in accounts), "CLAIMS.LIST"),
        running=Seen(Running(up=True, how="its server answers"), "VARZ"),
        server_name=Seen(name, "VARZ"),
        cluster_name=Seen("c", "VARZ"),
        operator=Seen(OperatorIdentity((OPERATOR,), (operator,)), "VARZ"),
        system_account=Seen(SYSTEM, "VARZ"),
        preload=Seen(preload, f"{path}/nats.config"),
        jetstream_enabled=Seen(value=True, where="JSZ"),
        configured_routes=Seen(routes, f"{path}/nats.config"),
        accounts=Seen(frozenset(each.subject for each in accounts), f"{path}/accounts"),
        account_claims=Seen(
            tuple(Account(each.subject, each.name, each, f"{path}/accounts") for each in accounts), f"{path}/accounts"
        ),
        streams=Seen(tuple(HeldStream(each.account, each.config, each) for each in held), "JSZ"),
        listeners=Seen(
            Listeners(
                hosts=(name,),
                labels=(name,),
                ui=Seen(8080 + at, f"{path}/symphony.config"),
                websocket=Seen(9222, "VARZ"),
                client=Seen(4222, "VARZ"),
            ),
            f"{path}/nats.config",
        ),
        log=Seen((log(name),), f"{path}/nats.log"),
        version=Seen("2.15.1", "VARZ"),
        route_tls=Seen(value=False, where="VARZ") if others else Missing(State.ABSENT, "in no cluster", "VARZ"),
        certificates=Seen((), ""),
    )


def _nats_config(
    name: str, path: str, operator: Token, preload: tuple[Preloaded, ...], routes: list[str]
) -> NatsConfig:
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


def _server(name: str, operator: Token, clustered: bool) -> Server:  # noqa: FBT001
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
