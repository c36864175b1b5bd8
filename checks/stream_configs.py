"""Stream configurations: the same on every node's disk and live, and no more replicas than there should be."""

from __future__ import annotations

from dataclasses import replace

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Same,
    Severity,
    State,
    Stream,
    StreamDirectory,
    Subject,
    check,
    known,
    replicas_wanted,
)

from ._commands import restart, set_replicas
from ._words import DIVIDED, DOWN, ISOLATED, account_words, listing, plural, verb

_Settings = dict[str, str]
_UNSET = "(not set)"


@check(
    "JS010",
    name="config-split",
    severity=Severity.ERROR,
    needs=(Kind.STREAM_DIRECTORIES,),
    explained_by=(
        *DIVIDED,
        *ISOLATED,
        *DOWN,
        Because("CF002", Same.NODES),
        Because("CF004", Same.NODES),
        Because("JS002", Same.NODES | Same.SUBJECT),
        Because("JS003", Same.NODES | Same.SUBJECT),
        Because("AC001", Same.NODES | Same.ACCOUNT),
        Because("AC003", Same.NODES | Same.ACCOUNT),
    ),
)
def config_split(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A stream's configuration on a node's disk differs from the live one or from other nodes'.

    What it means: the node did not take part in a change of the stream, or its file was changed by hand. If
    it were alone after a restart, the stream would have other limits, subjects or retention there.

    How it is seen: meta.inf of the stream on every node, against what the stream's leader says (JSZ), else
    against the file of most nodes. Defaults that older servers leave out, the order of keys and the
    server's own metadata do not count; nor does num_replicas, which a server may write later.

    What else it could be: a change of the stream at this very moment; --wait tells.

    By hand: restart the node while the others are up: in a cluster the meta group's configuration is put
    over that of the file. Never edit meta.inf: the server skips a stream whose checksum is wrong.

    Verify: `symphony-doctor run` with all nodes' directories shows no JS010.
    """
    values, gaps = known(cluster, lambda node: node.stream_directories)
    yield from gaps
    held: dict[tuple[str, str], dict[str, StreamDirectory]] = {}
    for node, seen in values.items():
        for directory in seen.value:
            if directory.config is not None:
                held.setdefault((directory.account, directory.name), {})[node] = directory
            elif directory.encrypted:
                why = "meta.inf is encrypted: its server alone can read it"
                yield Gap(node, Missing(State.NOT_ASKED, why, directory.path))
            else:
                yield Gap(node, Missing(State.UNREADABLE, directory.flaw or "unreadable", directory.path))
    for stream in cluster.streams:
        copies = {
            node: _settled(found.config.settings)
            for node, found in sorted(held.get((stream.account, stream.name), {}).items())
            if found.config is not None
        }
        model, source = _model(stream, copies)
        # of two files that differ neither is known to be right, unless the leader tells
        tied = not source
        split = copies if tied else {node: found for node, found in copies.items() if found != model}
        if split and any(found != model for found in split.values()):
            yield _split(stream, split, model, source, held[stream.account, stream.name])


def _settled(settings: tuple[tuple[str, str], ...]) -> _Settings:
    return {key: value for key, value in settings if key != "num_replicas"}


def _model(stream: Stream, copies: dict[str, _Settings]) -> tuple[_Settings, str]:
    """Return the configuration that holds and who has it: the leader, else the most files; nobody in a tie."""
    if stream.state is not None and stream.by_leader:
        return _settled(stream.state.config.settings), f"JSZ of {stream.state.leader}"
    counted = {node: sum(found == each for each in copies.values()) for node, found in copies.items()}
    if not counted:
        return {}, "no node"
    model = max(counted, key=lambda node: counted[node])
    others = [count for node, count in counted.items() if copies[node] != copies[model]]
    return copies[model], "" if others and max(others) == counted[model] else f"meta.inf of {model}"


def _split(
    stream: Stream, split: dict[str, _Settings], model: _Settings, source: str, directories: dict[str, StreamDirectory]
) -> Finding:
    nodes = tuple(sorted(split))
    keys = sorted({key for settings in split.values() for key in _differing(settings, model)})
    return Finding(
        title=(
            f"{stream.name} has another configuration on the disk of {listing(nodes)}: {listing(keys)}"
            if source
            else f"{listing(nodes)} have different configurations of {stream.name} on disk: {listing(keys)}"
        ),
        detail=(
            f"{source} has what holds in the cluster; {listing(nodes)} would start with something else."
            if source
            else "Which one is right cannot be told from these files alone: the stream's leader knows."
        ),
        subject=Subject("stream", stream.name, stream.account),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(
                node,
                f"{directories[node].path}/meta.inf",
                f"{key} {model.get(key, _UNSET)} ({source})" if source else f"the same {key} on all nodes",
                f"{key} {settings.get(key, _UNSET)}",
            )
            for node, settings in sorted(split.items())
            for key in (_differing(settings, model) if source else keys)
        ),
        remedies=(restart(nodes, "it takes over the configuration that the meta group holds"),),
    )


def _differing(one: _Settings, other: _Settings) -> list[str]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


@check("JS011", name="replicas-too-high", severity=Severity.INFO, needs=(Kind.STREAMS,))
def replicas_too_high(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A stream has more replicas than the cluster's size asks for, or than there are nodes.

    What it means: more nodes than need be must agree on every write. Of a stream with more replicas than
    there are nodes, some replicas can never be there.

    How it is seen: num_replicas in the stream's configuration, against 3 for 3 and 4 nodes, 5 from 5 nodes on
    and 1 below; for streams in memory, against the number of nodes alone.

    What else it could be: a cluster that had more nodes when the stream was made, or one to which a node
    will come back.

    By hand: scale the stream down, once it is certain that the nodes will not come back.

    Verify: `nats stream info STREAM` shows the replicas, all of them current.
    """
    _, gaps = known(cluster, lambda node: node.streams)
    yield from gaps
    wanted = replicas_wanted(cluster.size)
    for stream in cluster.streams:
        had = stream.config.num_replicas
        most = wanted if stream.config.is_file else max(1, cluster.size)
        if had <= most:
            continue
        nodes = tuple(sorted(stream.listed_by or stream.directories))
        size = f"{plural(cluster.size, 'node')} {verb(cluster.size, 'asks', 'ask')} for {most}"
        yield Finding(
            title=f"{stream.name} has {had} replicas, {size}",
            detail=(
                "There are not as many nodes: some of its replicas can never be there."
                if had > cluster.size
                else "More nodes than need be must agree on every write."
            ),
            subject=Subject("stream", stream.name, stream.account),
            nodes=nodes,
            evidence=(
                EvidenceEntry(
                    nodes[0] if nodes else "",
                    "JSZ" if stream.state is not None else "meta.inf",
                    f"num_replicas {most}",
                    f"num_replicas {had}",
                ),
            ),
            # nothing is lost by too many: to give some up is for people to decide
            remedies=(
                replace(
                    set_replicas(stream.name, most, account_words(cluster, stream.account), stream.account),
                    action=None,
                    parameters=(),
                ),
            ),
        )
