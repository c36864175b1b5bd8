"""A snapshot of a healthy cluster, with every kind of evidence seen."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.assemble import cluster_of
from symphony_doctor.model.accounts import Account, AccountFile
from symphony_doctor.model.cluster import Cluster, ConfiguredRoute, HeldStream, Node
from symphony_doctor.model.configuration import (
    Setting,
    SymphonyConfig,
)
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.identity import Located, OperatorIdentity, Preloaded, SeedReference
from symphony_doctor.model.jetstream import (
    Disk,
    JetStream,
    MetaGroup,
    MetaPeer,
    MetaView,
    Replica,
    Store,
    StreamDirectory,
    StreamState,
)
from symphony_doctor.model.listeners import Listeners
from symphony_doctor.model.load_balancer import Service
from symphony_doctor.model.policy import SYSTEM_BUCKETS, replicas_wanted
from symphony_doctor.model.server import Greeting, Health, Route, RouteGreeting, Running
from symphony_doctor.model.services import ClusterInfo, Ui, UiAnswer
from symphony_doctor.testing.load_balancers import behind, page_examples
from symphony_doctor.testing.parts import (
    NOW,
    OPERATOR,
    SYMPHONY,
    SYSTEM,
    USER,
    log,
    nats_config,
    server,
    stream_state,
    token,
)


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
        earlier=Seen(replace(cluster, observed_at=NOW - 5), "the servers' answers of an earlier sample"),
        credentials=Seen((Located(token("user", "U" + "B" * 55, SYSTEM), "system.creds"),), "system.creds"),
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
    config = nats_config(name, path, operator, preload, [route.address for route in routes])
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
        server=Seen(server(name, operator, clustered=bool(others)), "VARZ"),
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
