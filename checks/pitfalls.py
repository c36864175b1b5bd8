"""nats.config says one thing and the server reads another."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    ConfigPitfall,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Same,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import edit
from ._words import listing


@check(
    "CF010",
    name="config-pitfall",
    severity=Severity.WARNING,
    needs=(Kind.NATS_CONFIG,),
    explained_by=(Because("RT004", Same.NODES), Because("CF001", Same.NODES)),
)
def config_pitfall(cluster: Cluster) -> Iterator[Finding | Gap]:
    """nats.config holds a value that the server reads other than it is written.

    What it means: the server starts and says nothing, and works with something else than was meant.

    How it is seen: nats.config is read as the server does. Without quotes 2m is the number 2,000,000 and 1G
    is 1,000,000,000, while 1GB is 1,073,741,824; of a key that stands twice the last counts, of keys that
    differ in case only one by chance; keys of the resolver block that it does not know, or not in lower
    case, are ignored; without server_name a server is a new peer at every start.

    What else it could be: a number that is meant in units of 1000.

    By hand: write it as the remedy says, on every node, and restart one node at a time.

    Verify: `symphony-doctor run` shows no CF010.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    found: dict[tuple[str, str, str], dict[str, ConfigPitfall]] = {}
    for node, seen in sorted(configs.items()):
        for pitfall in seen.value.pitfalls:
            # a cluster block without others in it forms no cluster: a name is not needed yet
            if pitfall.key == "server_name" and pitfall.written.startswith("no ") and cluster.size < 2:  # noqa: PLR2004
                continue
            found.setdefault((pitfall.key, pitfall.read, pitfall.advice), {})[node] = pitfall
    for (key, read, advice), by_node in sorted(found.items()):
        nodes = tuple(by_node)
        first = by_node[nodes[0]]
        yield Finding(
            title=f"nats.config of {listing(nodes)}: {key} is not read as it is written",
            detail=f"Written: {first.written}. The server reads: {read}.",
            subject=Subject("setting", f"nats.config/{key}"),
            nodes=nodes,
            evidence=tuple(
                EvidenceEntry(node, pitfall.where, advice, f"{pitfall.written}: read as {read}")
                for node, pitfall in by_node.items()
            ),
            remedies=(edit("nats.config", nodes, f"{key}: {advice}"),),
        )
