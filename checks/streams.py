"""Streams: enough replicas, and a directory for each."""

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
    Remedy,
    Same,
    Severity,
    Stream,
    check,
    known,
    replicas_wanted,
)

from ._commands import restart, resubmit, set_replicas
from ._streams import STORED, YOUNG, members_of, subject_of
from ._words import DIVIDED, DOWN, ISOLATED, account_words, listing, plural, short_key, verb


@check(
    "JS001",
    name="replicas-too-low",
    severity=Severity.ERROR,
    needs=(Kind.STREAMS,),
    explained_by=(Because("AC005", Same.ACCOUNT),),
)
def replicas_too_low(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A stream on disk has fewer replicas than the cluster's size asks for.

    What it means: with one replica, the loss of one node loses the data or makes it unavailable. R=3 is
    the rule for 3 and 4 nodes, R=5 from 5 nodes on, R=1 below (specification, What Is Replicated).

    How it is seen: num_replicas in the stream's configuration, by its leader or by meta.inf on disk. Memory
    streams, such as the per-user mirrors, are filled again from their source and are exempt.

    What else it could be: a bucket that was made while the cluster was smaller; Symphony scales it up at
    its next start.

    By hand: scale the stream with the nats command line, as a user of the account that owns it.

    Verify: `nats stream info STREAM` shows the replicas, all of them current.
    """
    _, gaps = known(cluster, lambda node: node.streams)
    yield from gaps
    wanted = replicas_wanted(cluster.size)
    for stream in cluster.streams:
        had = stream.config.num_replicas
        if not stream.config.is_file or had >= wanted:
            continue
        holders = _holders(cluster, stream)
        yield Finding(
            title=f"{stream.name} has {plural(had, 'replica')}, {cluster.size} nodes ask for {wanted}",
            detail=(
                f"The loss of {listing(holders) or 'one node'} loses what is written to it."
                if had == 1
                else "It tolerates the loss of fewer nodes than the cluster does."
            ),
            subject=subject_of(stream),
            nodes=holders,
            evidence=(
                EvidenceEntry(
                    holders[0] if holders else "", _where(stream), f"num_replicas {wanted}", f"num_replicas {had}"
                ),
            ),
            remedies=(set_replicas(stream.name, wanted, account_words(cluster, stream.account), stream.account),),
        )


def _holders(cluster: Cluster, stream: Stream) -> tuple[str, ...]:
    members = set(members_of(cluster, stream)) or set(stream.directories) or set(stream.listed_by)
    return tuple(sorted(members))


def _where(stream: Stream) -> str:
    return "JSZ" if stream.state is not None else "meta.inf"


@check(
    "JS002",
    name="stream-dir-missing",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.STREAMS, Kind.STREAM_DIRECTORIES),
    explained_by=(
        *DIVIDED,
        *ISOLATED,
        Because("AC005", Same.ACCOUNT),
        Because("JS003", Same.NODES | Same.SUBJECT),
        *STORED,
        *DOWN,
    ),
)
def stream_directory_missing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A node that should hold a copy of a stream has no directory of it.

    What it means: the stream has one copy less than its replica count says (specification, Missing
    subdirectories under storage/jetstream).

    How it is seen: storage/jetstream/ACCOUNT/streams/STREAM is absent on a node that the leader counts as
    a member; from files alone, on a node where all nodes must have it. Memory streams have no directory, and
    a stream of one replica has it on one node: both are never reported.

    What else it could be: the directory of the node was copied without its storage.

    By hand: where the server still runs with the removed files open, take the copy away from it and let it be
    made again: restart that node, and send the stream's configuration again if the copy does not come back.

    Verify: the directory is there, and `nats stream info STREAM` shows every replica current.
    """
    held, gaps = known(cluster, lambda node: node.stream_directories)
    yield from gaps
    _, gaps = known(cluster, lambda node: node.streams)
    yield from gaps
    looked_at = set(held) | {
        node.name
        for node in cluster.nodes
        if isinstance(node.stream_directories, Missing) and node.stream_directories.is_absence
    }
    for stream in cluster.streams:
        if not stream.config.is_file or stream.config.num_replicas < 2:  # noqa: PLR2004 - R=1 is on one node only
            continue
        if stream.state is not None and cluster.observed_at - stream.state.created_at < YOUNG:
            continue  # the directories were listed before it was there
        expected = _expected_directories(cluster, stream, looked_at)
        lacking = tuple(sorted((expected & looked_at) - stream.directories))
        if not lacking:
            continue
        yield Finding(
            title=f"{stream.name} has no directory on {listing(lacking)}",
            detail=(
                f"It has {plural(stream.config.num_replicas, 'replica')}, and "
                f"{listing(sorted(stream.directories)) or 'no node'} "
                f"{verb(len(stream.directories), 'holds', 'hold')} its files."
            ),
            subject=subject_of(stream),
            nodes=lacking,
            evidence=tuple(
                EvidenceEntry(
                    node,
                    _directories_of(cluster, node),
                    f"{short_key(stream.account)}/streams/{stream.name}/",
                    "present" if node in stream.directories else "not there",
                )
                for node in sorted(expected & looked_at)
            ),
            remedies=_directory_remedies(cluster, stream, lacking),
        )


def _directory_remedies(cluster: Cluster, stream: Stream, nodes: tuple[str, ...]) -> tuple[Remedy, ...]:
    again = resubmit(stream.name, stream.config.num_replicas, account_words(cluster, stream.account), stream.account)
    fetch = restart(nodes, "it fetches the stream from its leader")
    # a server that lost the files under it fails to write any configuration into them until it is restarted
    runs_on = stream.listed_by & set(nodes)
    return (fetch, replace(again, action=None, parameters=())) if runs_on else (again, fetch)


def _directories_of(cluster: Cluster, name: str) -> str:
    node = cluster.node(name)
    return node.stream_directories.where if node is not None else ""


def _expected_directories(cluster: Cluster, stream: Stream, looked_at: set[str]) -> set[str]:
    members = set(members_of(cluster, stream))
    if members:
        return members
    if stream.config.num_replicas >= cluster.size:
        return {node.name for node in cluster.nodes}
    # which nodes are members is not known: short only if fewer have it than must, among all
    if len(looked_at) == cluster.size and len(stream.directories) < stream.config.num_replicas:
        return {node.name for node in cluster.nodes}
    return set()
