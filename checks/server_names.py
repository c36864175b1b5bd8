"""The name of a server, which is its identity in JetStream."""

from __future__ import annotations

from symphony_doctor.api import (
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Node,
    Remedy,
    Risk,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import configure, edit
from ._words import listing


@check("RT004", name="server-name", severity=Severity.ERROR, needs=(Kind.SERVER_NAME,))
def server_name(cluster: Cluster) -> Iterator[Finding | Gap]:
    """server_name is missing, or two nodes have the same.

    What it means: the name is a server's identity in every Raft group. Two servers of one name refuse each
    other's routes and act as one peer. A server without a name is a new peer after every restart.

    How it is seen: server_name in VARZ or the greeting, else in nats.config; a running server without one
    reports its id instead.

    What else it could be: one directory was given to --node twice.

    By hand: rename only a node that is new or holds nothing. Renaming one that holds data makes it a new
    peer, and the server deletes its copy of every stream.

    Verify: `nats server list` shows every name once.
    """
    values, gaps = known(cluster, lambda node: node.server_name)
    yield from gaps
    clustered = cluster.size > 1
    by_name: dict[str, list[str]] = {}
    for node in cluster.nodes:
        seen = values.get(node.name)
        if seen is not None and not _is_id(node, seen.value):
            by_name.setdefault(seen.value, []).append(node.name)
        elif clustered and (
            seen is not None or (isinstance(node.server_name, Missing) and node.server_name.is_absence)
        ):
            yield Finding(
                title=f"{node.name} has no server_name",
                detail="Without a name the server is a new peer of the meta group after every restart.",
                subject=Subject("node", node.name),
                nodes=(node.name,),
                evidence=(EvidenceEntry(node.name, node.server_name.where, "a server_name of its own", "none"),),
                remedies=(_name_server(cluster, node.name, "a server_name that no other node has"),),
            )
    for name, nodes in sorted(by_name.items()):
        if len(nodes) > 1:
            yield _duplicate(cluster, name, tuple(nodes), values)


def _is_id(node: Node, name: str) -> bool:
    return any(isinstance(told, Seen) and told.value.server_id == name for told in (node.server, node.greeting))


def _duplicate(cluster: Cluster, name: str, nodes: tuple[str, ...], values: dict[str, Seen[str]]) -> Finding:
    empty = [each for each in nodes if (node := cluster.node(each)) is not None and _holds_nothing(node)]
    if empty:
        remedy = _name_server(cluster, empty[-1], f"another server_name; {empty[-1]} holds no data yet")
    else:
        remedy = Remedy(
            "All of them hold data: renaming one deletes its copy of every stream. Choose one whose streams all have "
            "replicas elsewhere, back up its storage/, then set another server_name there",
            ("sudo systemctl stop symphony", "sudo tar -czf storage-before-rename.tar.gz storage"),
            Risk.DESTRUCTIVE,
        )
    return Finding(
        title=f"{listing(nodes)} have the same server_name, {name}",
        detail="They refuse each other's routes, and count as one peer in every Raft group.",
        subject=Subject("node", name),
        nodes=nodes,
        evidence=tuple(EvidenceEntry(node, values[node].where, "a name of its own", name) for node in nodes),
        remedies=(remedy,),
    )


def _name_server(cluster: Cluster, node: str, what: str) -> Remedy:
    """Set the name by which the node goes here, its directory's most often, if no server has it."""
    taken = {each.server_name.value for each in cluster.nodes if isinstance(each.server_name, Seen)}
    if node in taken or not node.isprintable() or any(character in node for character in " /"):
        return edit("nats.config", (node,), f"set {what}")
    return configure(
        "nats.config", (node,), f"set {what}, such as {node}", key="server_name", operation="set", value=node
    )


def _holds_nothing(node: Node) -> bool:
    directories = node.stream_directories
    if isinstance(directories, Seen):
        return not directories.value
    return directories.is_absence or (isinstance(node.streams, Seen) and not node.streams.value)
