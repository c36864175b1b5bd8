"""Which source is believed where several speak of the same thing.

- server name, cluster name, version: the running server, else nats.config;
- operator, system account: the running server (it is what replicates now), else nats.config;
- resolver preload: nats.config, no server tells it;
- JetStream on or off: off if nats.config has none or the server says off;
- configured routes: nats.config, else VARZ;
- accounts held: the files of the resolver (they survive a restart), else the server's list;
- account claims: the files, else the resolver pack for the accounts that the server's list names;
- streams: the server, else the directories;
- hosts and ports of its clients: see ``listeners``;
- TLS of routes, certificates: see ``certificates``;
- up or down: see ``running``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from symphony_doctor.assemble.certificates import certificates, route_tls
from symphony_doctor.assemble.lacking import better_reason, from_config
from symphony_doctor.assemble.listeners import listeners_of
from symphony_doctor.assemble.members import is_unplaced
from symphony_doctor.assemble.running import running_of, silent
from symphony_doctor.model.accounts import Account
from symphony_doctor.model.certificate import Certificate
from symphony_doctor.model.cluster import ConfiguredRoute, HeldStream, Node
from symphony_doctor.model.configuration import NatsConfig
from symphony_doctor.model.evidence import NOT_ASKED, Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Flaw, OperatorIdentity, Preloaded, Token
from symphony_doctor.model.server import RouteGreeting, Running

if TYPE_CHECKING:
    from symphony_doctor.assemble.addresses import RouteMap
    from symphony_doctor.assemble.members import Member
    from symphony_doctor.assemble.scope import Scope

T = TypeVar("T")


def believe(
    members: Iterable[Member],
    routes: RouteMap,
    probes: Mapping[str, Evidence[RouteGreeting]],
    shown: Mapping[str, Evidence[Certificate]],
    pack: Evidence[tuple[Token, ...]] | None,
    unheard: Collection[str],
    scope: Scope,
) -> tuple[Node, ...]:
    """Return the nodes, sorted by name, with everything that is merged from several sources.

    ``unheard`` are the names of servers that did not answer by way of those that have a route to them.
    """
    everyone = list(members)
    nodes = [member.node for member in everyone]
    server_names = {member.node.name: member.server_name for member in everyone}
    targets = _targets(everyone, routes)
    routed = {route.remote_name for node in nodes if isinstance(node.routes, Seen) for route in node.routes.value}
    heard = routed.difference(unheard)
    nobody_asked = not any(isinstance(node.routes, Seen) for node in nodes)
    answering_any = any(isinstance(node.greeting, Seen) or isinstance(node.server, Seen) for node in nodes)
    believed = []
    for node in nodes:
        there = [address for address, names in targets.items() if names == (node.name,) and address in probes]
        aimed = [probes[address] for address in there]
        running = running_of(
            node,
            server_names[node.name],
            routed,
            heard,
            aimed,
            nobody_asked=nobody_asked,
            answering_any=answering_any,
            scope=scope,
        )
        encrypted = route_tls(node, aimed)
        believed.append(
            replace(
                _merged(node, running, routes, pack),
                configured_routes=_configured_routes(node, routes, targets, probes, shown),
                route_tls=encrypted,
                certificates=certificates(node, encrypted, [(address, shown[address]) for address in there]),
            )
        )
    return tuple(sorted(believed, key=lambda node: node.name))


def _targets(members: list[Member], routes: RouteMap) -> dict[str, tuple[str, ...]]:
    """Return the nodes at each address, those that are only expected there included."""
    targets: dict[str, tuple[str, ...]] = {address: (name,) for address, name in routes.targets.items()}
    targets |= routes.shared
    answering = {name for _, name in routes.expected if name is not None}
    unplaced = tuple(
        member.node.name for member in members if member.node.name not in answering and is_unplaced(member, routes)
    )
    for address, name in routes.expected:
        targets[address] = (name,) if name is not None else (address,) if address in unplaced else unplaced
    return targets


def _merged(
    node: Node,
    running: Evidence[Running],
    routes: RouteMap,
    pack: Evidence[tuple[Token, ...]] | None,
) -> Node:
    if isinstance(running, Seen) and not running.value.up:
        node = silent(node, running.value)
    name = _server_name(node)
    return replace(
        node,
        running=running,
        server_name=name,
        cluster_name=_cluster_name(node),
        operator=_operator(node),
        system_account=_system_account(node),
        preload=_preload(node),
        jetstream_enabled=_jetstream_enabled(node),
        accounts=_accounts(node),
        account_claims=_account_claims(node, pack),
        streams=_streams(node),
        listeners=listeners_of(node, name, routes),
        version=_version(node),
    )


def _server_name(node: Node) -> Evidence[str]:
    if isinstance(node.server, Seen):
        return Seen(node.server.value.server_name, "VARZ")
    if isinstance(node.greeting, Seen):
        return Seen(node.greeting.value.server_name, node.greeting.where)
    if isinstance(node.nats_config, Seen) and node.nats_config.value.server_name:
        located = node.nats_config.value.server_name
        return Seen(located.value, located.where)
    return better_reason(node.greeting, from_config(node, "nats.config sets no server_name"))


def _cluster_name(node: Node) -> Evidence[str]:
    if isinstance(node.server, Seen) and node.server.value.cluster_name:
        return Seen(node.server.value.cluster_name, "VARZ")
    if isinstance(node.greeting, Seen) and node.greeting.value.cluster:
        return Seen(node.greeting.value.cluster, node.greeting.where)
    config = node.nats_config
    if isinstance(config, Seen) and config.value.cluster and config.value.cluster.name:
        located = config.value.cluster.name
        return Seen(located.value, located.where)
    if isinstance(node.greeting, Seen):
        return Missing(State.ABSENT, "the server is in no cluster", node.greeting.where)
    return better_reason(node.greeting, from_config(node, "nats.config names no cluster"))


def _version(node: Node) -> Evidence[str]:
    if isinstance(node.server, Seen):
        return Seen(node.server.value.version, "VARZ")
    if isinstance(node.greeting, Seen):
        return Seen(node.greeting.value.version, node.greeting.where)
    return better_reason(node.server, node.greeting)


def _operator(node: Node) -> Evidence[OperatorIdentity]:
    if isinstance(node.server, Seen) and node.server.value.operator_keys:
        server = node.server.value
        return Seen(OperatorIdentity(server.operator_keys, server.operators), "VARZ")
    if isinstance(node.nats_config, Seen):
        located = [each for each in node.nats_config.value.operators if isinstance(each.value, Token)]
        tokens = tuple(each.value for each in located if isinstance(each.value, Token))
        if tokens:
            return Seen(OperatorIdentity(tuple(token.subject for token in tokens), tokens), located[0].where)
        if node.nats_config.value.operators:
            return better_reason(node.server, _unread_operator(node.nats_config.value))
    return better_reason(node.server, from_config(node, "nats.config names no operator"))


def _unread_operator(config: NatsConfig) -> Missing:
    first = config.operators[0]
    why = f"{first.value.reason}: {first.value.detail}" if isinstance(first.value, Flaw) else "no operator JWT"
    return Missing(State.UNREADABLE, f"the operator in nats.config cannot be read: {why}", first.where)


def _system_account(node: Node) -> Evidence[str]:
    if isinstance(node.server, Seen) and node.server.value.system_account:
        return Seen(node.server.value.system_account, "VARZ")
    if isinstance(node.nats_config, Seen):
        config = node.nats_config.value
        if config.system_account:
            return Seen(config.system_account.value, config.system_account.where)
        for each in config.operators:
            if isinstance(each.value, Token) and each.value.system_account:
                return Seen(each.value.system_account, each.where)
    return better_reason(node.server, from_config(node, "nats.config names no system account"))


def _preload(node: Node) -> Evidence[tuple[Preloaded, ...]]:
    if isinstance(node.nats_config, Seen):
        return Seen(node.nats_config.value.preload, node.nats_config.where)
    return from_config(node, "")


def _jetstream_enabled(node: Node) -> Evidence[bool]:
    config = node.nats_config
    if isinstance(config, Seen):
        block = config.value.jetstream
        if block is None:
            return Seen(value=False, where=config.where)
        if not block.enabled:
            return Seen(value=False, where=block.where)
    if isinstance(node.jetstream, Seen):
        return Seen(node.jetstream.value.enabled, "JSZ")
    if isinstance(node.greeting, Seen):
        return Seen(node.greeting.value.jetstream, node.greeting.where)
    if isinstance(config, Seen):
        return Seen(value=True, where=config.where)
    return better_reason(node.greeting, from_config(node, ""))


def _configured_routes(
    node: Node,
    routes: RouteMap,
    targets: Mapping[str, tuple[str, ...]],
    probes: Mapping[str, Evidence[RouteGreeting]],
    shown: Mapping[str, Evidence[Certificate]],
) -> Evidence[tuple[ConfiguredRoute, ...]]:
    listed = routes.listed.get(node.name)
    if listed is None:
        return better_reason(node.server, from_config(node, ""))
    where = node.nats_config.where if isinstance(node.nats_config, Seen) else "VARZ"
    found = tuple(
        ConfiguredRoute(
            each.address,
            each.where,
            targets.get(each.address, ()),
            probes.get(each.address, NOT_ASKED),
            shown.get(each.address, NOT_ASKED),
        )
        for each in listed
    )
    return Seen(found, where)


def _accounts(node: Node) -> Evidence[frozenset[str]]:
    files = node.account_files
    if isinstance(files, Seen):
        return Seen(frozenset(file.account for file in files.value), files.where)
    if isinstance(node.resolver_accounts, Seen):
        return node.resolver_accounts
    return better_reason(node.resolver_accounts, files)


def _account_claims(node: Node, pack: Evidence[tuple[Token, ...]] | None) -> Evidence[tuple[Account, ...]]:
    files = node.account_files
    if isinstance(files, Seen):
        return Seen(
            tuple(
                Account(file.account, file.token.name, file.token, file.path)
                for file in files.value
                if isinstance(file.token, Token)
            ),
            files.where,
        )
    held = node.resolver_accounts
    if isinstance(held, Seen) and isinstance(pack, Seen):
        return Seen(
            tuple(
                Account(token.subject, token.name, token, pack.where)
                for token in pack.value
                if token.subject in held.value
            ),
            pack.where,
        )
    if isinstance(held, Seen) and isinstance(pack, Missing):
        return pack
    return better_reason(held, files)


def _streams(node: Node) -> Evidence[tuple[HeldStream, ...]]:
    if isinstance(node.jetstream, Seen):
        return Seen(
            tuple(HeldStream(state.account, state.config, state) for state in node.jetstream.value.streams),
            "JSZ",
        )
    if isinstance(node.stream_directories, Seen):
        return Seen(
            tuple(
                HeldStream(directory.account, directory.config, None)
                for directory in node.stream_directories.value
                if directory.config is not None
            ),
            node.stream_directories.where,
        )
    return better_reason(node.jetstream, node.stream_directories)
