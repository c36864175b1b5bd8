"""What follows from all nodes together: the cluster's name, its streams, its accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from symphony_doctor.model.accounts import Account
from symphony_doctor.model.cluster import Cluster, HeldStream, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.jetstream import Stream
from symphony_doctor.model.policy import SYSTEM_BUCKETS


def cluster_of(nodes: Iterable[Node], observed_at: float) -> Cluster:
    """Build the cluster of its nodes; everything else in it is derived from them."""
    everyone = tuple(nodes)
    accounts = _accounts(everyone)
    streams = _streams(everyone, {account.key: account.name for account in accounts})
    return Cluster(
        observed_at=observed_at,
        name=_name(everyone),
        nodes=everyone,
        streams=streams,
        accounts=accounts,
        symphony_account=_symphony_account(everyone, streams),
    )


def _name(nodes: tuple[Node, ...]) -> str:
    names = Counter(node.cluster_name.value for node in nodes if isinstance(node.cluster_name, Seen))
    if names:
        return min(names, key=lambda name: (-names[name], name))
    return nodes[0].name if len(nodes) == 1 else ""


def _accounts(nodes: tuple[Node, ...]) -> tuple[Account, ...]:
    newest: dict[str, Account] = {}
    for node in nodes:
        claims = node.account_claims
        for account in claims.value if isinstance(claims, Seen) else ():
            # a file can hold another account's JWT: it tells nothing of the account it is named for
            if account.token.subject != account.key:
                continue
            known = newest.get(account.key)
            if known is None or (account.token.issued_at or 0) > (known.token.issued_at or 0):
                newest[account.key] = account
    return tuple(newest[key] for key in sorted(newest))


def _streams(nodes: tuple[Node, ...], account_names: dict[str, str]) -> tuple[Stream, ...]:
    held: dict[tuple[str, str], dict[str, HeldStream]] = {}
    directories: dict[tuple[str, str], set[str]] = {}
    for node in nodes:
        for stream in node.streams.value if isinstance(node.streams, Seen) else ():
            held.setdefault((stream.account, stream.config.name), {})[node.name] = stream
        if isinstance(node.stream_directories, Seen):
            for directory in node.stream_directories.value:
                directories.setdefault((directory.account, directory.name), set()).add(node.name)
    server_names = {node.name: node.server_name.value for node in nodes if isinstance(node.server_name, Seen)}
    return tuple(
        _stream(key, held[key], directories.get(key, set()), server_names, account_names) for key in sorted(held)
    )


def _stream(
    key: tuple[str, str],
    held: dict[str, HeldStream],
    directories: set[str],
    server_names: dict[str, str],
    account_names: dict[str, str],
) -> Stream:
    live = {node: stream for node, stream in held.items() if stream.state is not None}
    by_leader = [
        stream
        for node, stream in live.items()
        if stream.state is not None and stream.state.leader and stream.state.leader == server_names.get(node)
    ]
    chosen = (by_leader or list(live.values()) or list(held.values()))[0]
    leaders = {stream.state.leader for stream in live.values() if stream.state is not None and stream.state.leader}
    return Stream(
        account=key[0],
        account_name=account_names.get(key[0], ""),
        config=chosen.config,
        state=chosen.state,
        by_leader=bool(by_leader),
        leaders=tuple(sorted(leaders)),
        listed_by=frozenset(live),
        directories=frozenset(directories),
    )


def _symphony_account(nodes: tuple[Node, ...], streams: tuple[Stream, ...]) -> str | None:
    """Return the owner of most system buckets, else the one preloaded account beside the system account."""
    owners = Counter(
        stream.account for stream in streams if stream.name in SYSTEM_BUCKETS and stream.config.mirror is None
    )
    preloaded: Counter[str] = Counter()
    for node in nodes:
        system = node.system_account.value if isinstance(node.system_account, Seen) else None
        for entry in node.preload.value if isinstance(node.preload, Seen) else ():
            if entry.account != system:
                preloaded[entry.account] += 1
    for counted in (owners, preloaded):
        if counted:
            return min(counted, key=lambda account: (-counted[account], account))
    return None
