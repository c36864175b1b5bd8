"""JetStream's limits and the resolver's block: what nats.config leaves to chance."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    JetStream,
    Kind,
    NatsConfig,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    groups,
    known,
)

from ._commands import edit
from ._words import IDENTITY, differing, listing, size_words, verb

_LIMITS = ("max_mem", "max_file")


@check(
    "CF003",
    name="jetstream-limits",
    severity=Severity.WARNING,
    needs=(Kind.NATS_CONFIG, Kind.JETSTREAM),
    explained_by=(
        *IDENTITY,
        Because("CF001", Same.NODES),
        Because("CF002", Same.NODES),
        Because("CF006", Same.NODES),
        Because("CF010", Same.NODES | Same.SUBJECT),
    ),
)
def jetstream_limits(cluster: Cluster) -> Iterator[Finding | Gap]:
    """JetStream's limits are not set, too small for what is stored, or not the same on all nodes.

    What it means: without max_mem and max_file the server takes 75 % of the memory and of the disk that was
    free when it started: another limit after each start, and one that other programs eat up. A limit of 0
    lets nothing be stored. A replica is placed only where there is room for it, so the smallest node limits
    all ('each node has sufficient storage configured', specification, Replication warnings).

    How it is seen: max_mem and max_file in the jetstream block of every nats.config, and what each server
    says it stores and has reserved (JSZ).

    What else it could be: nodes with less memory or disk than the others, limited on purpose.

    By hand: set both limits to the same values on all nodes, above what is stored; restart one at a time.

    Verify: `nats server report jetstream` shows the limits of every server.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    live, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    # a node whose JetStream is off has no limits: that is CF002's
    with_block = {node: seen for node, seen in configs.items() if seen.value.jetstream and seen.value.jetstream.enabled}
    small = {
        (limit, node): finding
        for node, seen in sorted(live.items())
        if seen.value.enabled and node in with_block
        for limit, finding in _too_small(node, seen, with_block[node])
    }
    for limit in _LIMITS:
        unset = tuple(sorted(node for node, seen in with_block.items() if _limit(seen.value, limit) is None))
        held = {node: seen for node, seen in with_block.items() if node not in unset}
        if unset:
            yield _unset(limit, unset, with_block)
        grouped = groups({node: Seen(_limit(seen.value, limit) or 0, seen.where) for node, seen in held.items()}, int)
        # a limit that is too small is one problem, also where it is another than the other nodes'
        odd = tuple(node for node in differing(grouped) if (limit, node) not in small) if len(grouped) > 1 else ()
        if odd:
            yield _unequal(limit, odd, held)
    yield from small.values()


def _limit(config: NatsConfig, name: str) -> int | None:
    block = config.jetstream
    if block is None:
        return None
    return block.max_memory if name == "max_mem" else block.max_file


def _shown(config: NatsConfig, name: str) -> str:
    value = _limit(config, name)
    return "(not set)" if value is None else size_words(value)


def _entries(limit: str, configs: dict[str, Seen[NatsConfig]], expected: str) -> tuple[EvidenceEntry, ...]:
    return tuple(
        EvidenceEntry(
            node,
            seen.value.jetstream.where if seen.value.jetstream else seen.where,
            expected,
            f"{limit} {_shown(seen.value, limit)}",
        )
        for node, seen in sorted(configs.items())
    )


def _unset(limit: str, nodes: tuple[str, ...], configs: dict[str, Seen[NatsConfig]]) -> Finding:
    what = "memory" if limit == "max_mem" else "disk space that is free at its start"
    return Finding(
        title=f"JetStream's {limit} is not set on {listing(nodes)}",
        detail=f"The server takes 75 % of the {what}, so the limit differs from node to node and from start to start.",
        subject=Subject("setting", f"nats.config/jetstream.{limit}"),
        nodes=nodes,
        evidence=_entries(limit, configs, f"{limit} in the jetstream block"),
        remedies=(
            edit("nats.config", nodes, f"set {limit} in the jetstream block to the value that all nodes have or can"),
        ),
    )


def _unequal(limit: str, nodes: tuple[str, ...], configs: dict[str, Seen[NatsConfig]]) -> Finding:
    others = sorted(set(configs) - set(nodes))
    model = _shown(configs[others[0]].value, limit) if others else None
    return Finding(
        title=f"JetStream's {limit} on {listing(nodes)} {verb(len(nodes), 'differs', 'differ')} from the other nodes'",
        detail="A replica is placed only where there is room for it: the node with the least limits the cluster.",
        subject=Subject("setting", f"nats.config/jetstream.{limit}"),
        nodes=nodes,
        evidence=_entries(limit, configs, f"{limit} {model}" if model else f"the same {limit} on all nodes"),
        remedies=(
            edit(
                "nats.config",
                nodes,
                f"set {limit} in the jetstream block to {model}" if model else f"set the same {limit} on all nodes",
            ),
        ),
    )


def _too_small(node: str, seen: Seen[JetStream], config: Seen[NatsConfig]) -> Iterator[tuple[str, Finding]]:
    jetstream = seen.value
    for limit, most, stored, reserved in (
        ("max_mem", jetstream.max_memory, jetstream.memory, jetstream.reserved_memory),
        ("max_file", jetstream.max_storage, jetstream.storage, jetstream.reserved_storage),
    ):
        used, what = max((stored, "stored"), (reserved, "reserved"))
        if most > 0 and used <= most:
            continue
        yield (
            limit,
            Finding(
                title=(
                    f"JetStream's {limit} on {node} is smaller than what is {what} there"
                    if most
                    else f"JetStream's {limit} on {node} is 0: nothing can be stored"
                ),
                detail=(
                    f"{size_words(used)} {what}, {size_words(most)} allowed: the server refuses to store more, and its "
                    "replicas fall behind."
                ),
                subject=Subject("setting", f"nats.config/jetstream.{limit} of {node}"),
                nodes=(node,),
                evidence=(
                    EvidenceEntry(node, seen.where, f"{limit} above {size_words(used)}", f"{limit} {size_words(most)}"),
                    *_entries(limit, {node: config}, f"{limit} above {size_words(used)}"),
                ),
                remedies=(
                    edit("nats.config", (node,), f"raise {limit} in the jetstream block above {size_words(used)}"),
                ),
            ),
        )


@check(
    "CF004",
    name="resolver-type",
    severity=Severity.ERROR,
    needs=(Kind.NATS_CONFIG,),
    explained_by=(Because("CF001", Same.NODES), Because("CF006", Same.NODES)),
)
def resolver_type(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The account resolver is not of type full, or has no directory.

    What it means: only a full resolver keeps every account's JWT on disk and exchanges them with the other
    nodes. With another one the node knows the preloaded accounts alone, or forgets after a while: users
    cannot log in by way of it, and it holds no replica of their streams.

    How it is seen: the resolver block of nats.config.

    What else it could be: a node that is meant for messages alone and not for Symphony.

    By hand: take over the resolver block of another node, and restart. The JWTs come from the other nodes
    within some minutes; a restart of the node fetches each when it is first used.

    Verify: `nats req --replies 0 --raw '$SYS.REQ.CLAIMS.LIST' ''` gets an answer from every server.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    for node, seen in sorted(configs.items()):
        resolver = seen.value.resolver
        # without an operator there are no accounts to resolve: what the file lacks then is CF006's
        if resolver is None and not seen.value.operators:
            continue
        if resolver is not None and resolver.kind == "full" and resolver.directory is not None:
            continue
        if resolver is None:
            actual = "no resolver block"
        elif resolver.kind != "full":
            actual = f"type {resolver.kind or '(not set)'}"
        else:
            actual = "no dir"
        yield Finding(
            title=f"The account resolver of {node} is not a full one: {actual}",
            detail=f"{node} keeps no account JWTs of its own and gives none to the other nodes.",
            subject=Subject("setting", f"nats.config/resolver of {node}"),
            nodes=(node,),
            evidence=(
                EvidenceEntry(
                    node, resolver.where if resolver is not None else seen.where, "type full with a dir", actual
                ),
            ),
            remedies=(
                edit(
                    "nats.config",
                    (node,),
                    'set the resolver block to { type: full, dir: "accounts", allow_delete: true, '
                    'interval: "2m", timeout: "1.9s" }, as the other nodes have it',
                ),
            ),
        )
