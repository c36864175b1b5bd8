"""The cryptographic identity: one operator, one system account, one set of preloaded accounts."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Node,
    OperatorIdentity,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    groups,
    known,
)

from ._models import model_of, usual
from ._words import differing, listing, plural, short_key, side_by_side, token_words, verb

_WIZARD = Because("ID004", Same.NODES)


def _copy_identity(cluster: Cluster, odd: tuple[str, ...], model: str | None) -> Remedy:
    source = model or next((node.name for node in cluster.nodes if node.name not in odd), odd[0])
    targets = tuple(node for node in odd if node != source)
    holding = [name for name in targets if _data_held(cluster.node(name))]
    warning = (
        f" {listing(holding)} {verb(len(holding), 'holds', 'hold')} data of another system account: "
        "the server deletes it at the next start with a leader, so the backup is the only copy"
        if holding
        else ""
    )
    commands: list[str] = []
    for target in targets:
        commands += [
            f"# on {target}",
            "sudo systemctl stop symphony",
            "sudo tar -czf storage-before-identity.tar.gz storage accounts symphony.config nats.config",
            f"scp {source}:symphony.config {source}:nats.config .",
            '"${EDITOR:-vi}" symphony.config nats.config',
            "sudo systemctl start symphony",
        ]
    return Remedy(
        f"Copy symphony.config and nats.config from {source} to {listing(targets)}, then set network.uiport, "
        f"server_name, ports and the cluster block there; back up storage/ first.{warning}",
        tuple(commands),
        Risk.DESTRUCTIVE,
    )


def _data_held(node: Node | None) -> int:
    """Count what a node would lose: its stream directories and account files, where they were looked at."""
    if node is None:
        return 0
    streams = node.stream_directories
    if isinstance(streams, Seen):
        return len(streams.value)
    return len(node.streams.value) if isinstance(node.streams, Seen) else 0


@check(
    "ID001",
    name="operator-mismatch",
    severity=Severity.CRITICAL,
    needs=(Kind.OPERATOR,),
    explained_by=(_WIZARD,),
)
def operator_mismatch(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Operators differ between nodes: split brain.

    What it means: the nodes have different trust roots. They do not accept each other's accounts and
    replicate nothing (specification, Troubleshooting: Split brain).

    How it is seen: the operator's public key in VARZ of each running server, else in nats.config.

    What else it could be: a directory of another cluster was given to --node.

    By hand: copy symphony.config and nats.config from one node to the others, adjust the networking, and
    back up storage/ before: a node that changes its system account deletes its streams.

    Verify: `symphony-doctor run` shows no ID001, and ROUTEZ of every server lists all others.
    """
    values, gaps = known(cluster, lambda node: node.operator)
    yield from gaps
    grouped = groups(values, lambda operator: frozenset(operator.keys))
    if len(grouped) < 2:  # noqa: PLR2004 - one group is agreement
        return
    odd = differing(grouped)
    shown = {node: ", ".join(_operator_words(seen.value)) for node, seen in values.items()}
    yield Finding(
        title=f"{plural(len(grouped), 'different operator')}: the nodes have no common trust root",
        detail="Nodes with different operators cannot replicate state or authenticate accounts: split brain.",
        subject=Subject("cluster", "operator"),
        nodes=odd,
        evidence=side_by_side(values, shown, usual(grouped, shown)),
        remedies=(_copy_identity(cluster, odd, model_of(grouped)),),
    )


def _operator_words(operator: OperatorIdentity) -> list[str]:
    return [token_words(token) for token in operator.tokens] or [short_key(key) for key in operator.keys]


@check(
    "ID002",
    name="system-account-mismatch",
    severity=Severity.CRITICAL,
    needs=(Kind.SYSTEM_ACCOUNT,),
    explained_by=(_WIZARD, Because("ID001", Same.NODES)),
)
def system_account_mismatch(cluster: Cluster) -> Iterator[Finding | Gap]:
    """System accounts differ between nodes: their JetStream never forms one group.

    What it means: Raft groups live in the system account. Servers with different ones keep their route
    connections and yet never elect a common leader: split brain.

    How it is seen: system_account in VARZ of each running server, else in nats.config, else in the
    operator's JWT.

    What else it could be: a directory of another cluster was given to --node.

    By hand: set system_account as on the other nodes. Back up storage/ before: a server whose system
    account changes deletes every stream directory at its next start.

    Verify: `nats server report jetstream` shows one meta leader for all nodes.
    """
    values, gaps = known(cluster, lambda node: node.system_account)
    yield from gaps
    grouped = groups(values, lambda account: account)
    if len(grouped) < 2:  # noqa: PLR2004 - one group is agreement
        return
    odd = differing(grouped)
    shown = {node: short_key(seen.value) for node, seen in values.items()}
    yield Finding(
        title=f"The system account of {listing(odd)} differs",
        detail="JetStream groups live in the system account: nodes with another one take no part in them.",
        subject=Subject("cluster", "system_account"),
        nodes=odd,
        evidence=side_by_side(values, shown, usual(grouped, shown)),
        remedies=(_copy_identity(cluster, odd, model_of(grouped)),),
    )


@check(
    "ID004",
    name="wizard-per-node",
    severity=Severity.CRITICAL,
    needs=(Kind.OPERATOR, Kind.SYSTEM_ACCOUNT),
)
def wizard_per_node(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The setup wizard ran on a node by itself: all of its identities differ from the others'.

    What it means: each run of the wizard makes its own operator, accounts, seeds and storage salt. Nodes
    that were set up this way cannot replicate or authenticate each other's accounts (specification,
    Setting Up a Cluster).

    How it is seen: a node shares neither its operator, nor its system account, nor a preloaded account
    with any other node.

    What else it could be: a directory of another cluster was given to --node.

    By hand: choose the node to keep: the one that most others agree with, else the one with the most
    data. Copy symphony.config and nats.config from it, adjust networking; back up storage/ before.

    Verify: `symphony-doctor run` shows none of ID001 to ID004.
    """
    operators, gaps = known(cluster, lambda node: node.operator)
    yield from gaps
    systems, gaps = known(cluster, lambda node: node.system_account)
    yield from gaps
    identities = {
        node.name: _identities(node) for node in cluster.nodes if node.name in operators and node.name in systems
    }
    grouped = _related(identities)
    if len(grouped) < 2:  # noqa: PLR2004 - one group is one identity
        return
    # by majority, else by data held: what is copied over is lost
    held = {name: _data_held(cluster.node(name)) for name in identities}
    by_majority = 2 * len(grouped[0]) > len(identities)
    kept = grouped[0] if by_majority else max(grouped, key=lambda group: max(held[name] for name in group))
    model = max(kept, key=lambda name: held[name])
    odd = tuple(sorted(set(identities) - set(kept)))
    yield Finding(
        title=f"The setup wizard ran on {listing(odd)} separately: {len(grouped)} identities in one cluster",
        detail=(
            f"Operator, system account and preloaded accounts of {listing(odd)} all differ from those of "
            f"{listing(kept)}. Copy from {model}: "
            + ("most nodes have its identity." if by_majority else _why_model(held, model))
        ),
        subject=Subject("cluster", "identity"),
        nodes=odd,
        evidence=tuple(
            EvidenceEntry(
                node,
                operators[node].where,
                ", ".join(_operator_words(operators[model].value)),
                f"{', '.join(_operator_words(operators[node].value))}, system account {short_key(systems[node].value)}",
            )
            for node in sorted(identities)
        ),
        remedies=(_copy_identity(cluster, odd, model),),
    )


def _why_model(held: dict[str, int], model: str) -> str:
    most = held[model]
    if not most:
        return "no identity has a majority, and no data was seen; choose the node that was set up first."
    if list(held.values()).count(most) > 1:
        return f"no identity has a majority, and others hold as much, {plural(most, 'stream')}; choose with care."
    return f"no identity has a majority, and it holds the most data, {plural(most, 'stream')}."


def _identities(node: Node) -> frozenset[str]:
    found: set[str] = set()
    if isinstance(node.operator, Seen):
        found |= set(node.operator.value.keys)
    if isinstance(node.system_account, Seen):
        found.add(node.system_account.value)
    if isinstance(node.preload, Seen):
        found |= {entry.account for entry in node.preload.value}
    return frozenset(found)


def _related(identities: dict[str, frozenset[str]]) -> list[tuple[str, ...]]:
    """Group nodes that share any identity, directly or by way of another node."""
    related: list[tuple[set[str], set[str]]] = []
    for node, found in identities.items():
        nodes, keys = {node}, set(found)
        for group in [group for group in related if group[1] & keys]:
            related.remove(group)
            nodes |= group[0]
            keys |= group[1]
        related.append((nodes, keys))
    return sorted((tuple(sorted(nodes)) for nodes, _ in related), key=lambda nodes: (-len(nodes), nodes))
