"""Configuration files: readable, complete, and the same where they must be."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    NatsConfig,
    Node,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    State,
    Subject,
    SymphonyConfig,
    check,
    known,
)

from ._commands import edit, restart
from ._words import listing

_LACKING = frozenset({State.NOT_ASKED, State.TIMED_OUT, State.UNREACHABLE, State.INTERRUPTED})


@check(
    "CF001",
    name="config-unreadable",
    severity=Severity.ERROR,
    needs=(Kind.SYMPHONY_CONFIG, Kind.NATS_CONFIG),
    explained_by=(Because("CF006", Same.NODES),),
)
def config_unreadable(cluster: Cluster) -> Iterator[Finding | Gap]:
    """symphony.config or nats.config is missing, not permitted or not what the server accepts.

    What it means: an instance with such a file does not start, or starts with something else than was
    meant. Everything else that the doctor would read from the file is unknown.

    How it is seen: both files are read and parsed as nats-server and a JSON reader do; the first problem
    is named with file, line, column and what was expected there.

    What else it could be: the wrong directory was given to --node, or the doctor runs as a user that may
    not read the file.

    By hand: correct the line named. `nats-server -t -c nats.config` checks a file without starting.

    Verify: run symphony-doctor again on the same directory.
    """
    for node in cluster.nodes:
        for name, evidence in (("symphony.config", node.symphony_config), ("nats.config", node.nats_config)):
            if isinstance(evidence, Missing) and evidence.state in _LACKING:
                yield Gap(node.name, evidence)
            elif isinstance(evidence, Missing):
                yield _unreadable(node, name, evidence.where, evidence.why)
            elif isinstance(evidence.value, NatsConfig) and evidence.value.problems:
                first = evidence.value.problems[0]
                yield _unreadable(node, name, first.where, f"{first.where}: {first.message}")


def _unreadable(node: Node, name: str, where: str, why: str) -> Finding:
    # the shell's own words for looking at the file, as the doctor cannot know which of the reasons it is
    path = where.partition(":")[0] or name
    return Finding(
        title=f"{name} of {node.name} cannot be used",
        detail=f"{why}.",
        subject=Subject("file", f"{node.name}/{name}"),
        nodes=(node.name,),
        evidence=(EvidenceEntry(node.name, where, f"a readable, valid {name}", why),),
        remedies=(
            Remedy(
                f"Look at the file on {node.name}, and correct it or its permissions",
                (f"ls -l '{path}'", *((f"nats-server -t -c '{path}'",) if name == "nats.config" else ())),
            ),
        ),
    )


@check(
    "CF002",
    name="jetstream-disabled",
    severity=Severity.ERROR,
    needs=(Kind.JETSTREAM_ENABLED,),
    explained_by=(Because("CF006", Same.NODES),),
)
def jetstream_disabled(cluster: Cluster) -> Iterator[Finding | Gap]:
    """JetStream is off on a node: it holds no replica of anything.

    What it means: Symphony keeps its state in JetStream. A node without it counts for no quorum and has
    no copy of any bucket (specification, Troubleshooting: Replication warnings).

    How it is seen: nats.config has no jetstream block or turns it off, or the server says so in its
    greeting or in JSZ.

    What else it could be: the server turned JetStream off by itself, because its disk was full or could
    not be written; its log then says 'will be DISABLED'.

    By hand: put the jetstream block of another node into nats.config and restart.

    Verify: `nats server report jetstream` lists the node.
    """
    values, gaps = known(cluster, lambda node: node.jetstream_enabled)
    yield from gaps
    for node in cluster.nodes:
        seen = values.get(node.name)
        if seen is None or seen.value:
            continue
        configured = isinstance(node.nats_config, Seen) and node.nats_config.value.jetstream is not None
        by_itself = configured and node.is_up
        still_on = not configured and isinstance(node.jetstream, Seen) and node.jetstream.value.enabled
        yield Finding(
            title=f"JetStream is off on {node.name}",
            detail=(
                f"nats.config of {node.name} has JetStream and its server runs without: it turned it off itself."
                if by_itself
                else f"nats.config of {node.name} turns JetStream off. Its server still has it, until its next start."
                if still_on
                else f"{node.name} holds no replica of any stream and counts for no quorum."
            ),
            subject=Subject("node", node.name),
            nodes=(node.name,),
            evidence=(EvidenceEntry(node.name, seen.where, "JetStream on", "JetStream off"),),
            remedies=(
                (
                    Remedy(
                        f"See why on {node.name}: a full or read-only disk, most often",
                        ("df -h", "sudo journalctl -u symphony --no-pager | grep -i DISABLED"),
                    ),
                    restart((node.name,), "JetStream comes back with the server once the cause is gone"),
                )
                if by_itself
                else (
                    edit(
                        "nats.config",
                        (node.name,),
                        "add the jetstream block that the other nodes have",
                    ),
                )
            ),
        )


@check("CF006", name="setup-incomplete", severity=Severity.ERROR, needs=(Kind.SYMPHONY_CONFIG, Kind.NATS_CONFIG))
def setup_incomplete(cluster: Cluster) -> Iterator[Finding | Gap]:
    """An instance still shows the setup wizard: no identity stands in its configuration.

    What it means: 'a node still showing the setup wizard does not participate in quorum' (specification,
    Troubleshooting).

    How it is seen: symphony.config holds no operator or account JWT and no seed, recognised by value, and
    nats.config names no operator.

    What else it could be: the directory is not that of the instance, or the files were copied in part.

    By hand: do not run the wizard there. Copy symphony.config and nats.config from a node that is set up,
    and adjust network.uiport, server_name, the ports and the cluster block.

    Verify: after a restart of that instance, `symphony-doctor run` shows no CF006.
    """
    for node in cluster.nodes:
        symphony, nats = node.symphony_config, node.nats_config
        missing = [each for each in (symphony, nats) if isinstance(each, Missing) and not each.is_absence]
        if missing:
            yield from (Gap(node.name, each) for each in missing)
            continue
        if _has_identity(symphony, nats) or (isinstance(symphony, Missing) and isinstance(nats, Missing)):
            continue
        others = [
            other.name
            for other in cluster.nodes
            if other.name != node.name and _has_identity(other.symphony_config, other.nats_config)
        ]
        yield Finding(
            title=f"{node.name} is not set up: its configuration holds no identity",
            detail=(
                f"{node.name} still shows the setup wizard and takes no part in the quorum. "
                "Do not run the wizard there: it would make another identity."
            ),
            subject=Subject("node", node.name),
            nodes=(node.name,),
            evidence=(
                EvidenceEntry(
                    node.name,
                    symphony.where if isinstance(symphony, Seen) else nats.where,
                    "an operator JWT, an account JWT or a seed",
                    "none",
                ),
            ),
            remedies=(_copy(others[0], (node.name,)),) if others else (),
        )


def _has_identity(symphony: Seen[SymphonyConfig] | Missing, nats: Seen[NatsConfig] | Missing) -> bool:
    if isinstance(symphony, Seen) and symphony.value.has_identity:
        return True
    return isinstance(nats, Seen) and bool(nats.value.operators)


def _copy(source: str, targets: tuple[str, ...]) -> Remedy:
    return Remedy(
        f"Copy both files from {source} to {listing(targets)}, then set network.uiport, server_name, ports "
        "and the cluster block there",
        tuple(f"scp {source}:symphony.config {source}:nats.config {target}:" for target in targets),
        Risk.DISRUPTIVE,
    )
