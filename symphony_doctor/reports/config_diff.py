"""What differs between the nodes' configurations, key by key; secrets by their fingerprints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from symphony_doctor.compare import Difference, differences
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.configuration import Setting
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.reports._words import ascii_only, one_line, plural

SCHEMA: Final = "symphony-doctor/diff/v1"
FILES: Final = ("symphony.config", "nats.config")

_LONGEST: Final = 40


def config_differences(cluster: Cluster) -> dict[str, tuple[Difference, ...]]:
    """Return for each file the keys that are not the same on all nodes whose file could be read."""
    found = {}
    for file in FILES:
        comparable = _are_secrets_comparable(cluster, file)
        settings = {
            node.name: tuple(each for each in seen if comparable or not each.secret)
            for node in cluster.nodes
            if (seen := _settings(node, file)) is not None
        }
        found[file] = tuple(differences(settings, ignore=lambda _path: False)) if len(settings) > 1 else ()
    return found


def _are_secrets_comparable(cluster: Cluster, file: str) -> bool:
    """Tell whether all fingerprints are of one key: bundles that were made apart may have one each."""
    found = (_evidence(node, file) for node in cluster.nodes)
    return len({getattr(each.value, "fingerprints", "") for each in found if isinstance(each, Seen)}) <= 1


def not_compared(cluster: Cluster, *, asked: bool = False) -> Iterator[str]:
    """Say of each file that could not be compared why; with ``asked`` only of those that somebody asked for."""
    for node in cluster.nodes:
        for file in FILES:
            found = _evidence(node, file)
            if isinstance(found, Missing) and not (asked and found.state is State.NOT_ASKED):
                yield f"{node.name}: {found.why}"
    for file in FILES:
        if not _are_secrets_comparable(cluster, file):
            yield f"{file}: secrets were not compared, as the bundles do not share the operator's seed"


def list_differences(cluster: Cluster, found: dict[str, tuple[Difference, ...]]) -> str:
    """Return a table for each file: a row for each key, a column for each node; odd values are marked."""
    from tabulate import tabulate  # noqa: PLC0415 - it is imported only where a table is drawn

    lines: list[str] = []
    for file, every in found.items():
        nodes = [node.name for node in cluster.nodes if isinstance(_evidence(node, file), Seen)]
        if len(nodes) < 2:  # noqa: PLR2004 - one is compared with nothing
            lines += [f"{file}: nothing to compare, {plural(len(nodes), 'node')} could be read", ""]
            continue
        lines.append(f"{file}: {plural(len(every), 'key')} not the same on all of {plural(len(nodes), 'node')}")
        if every:
            rows = [[one_line(each.key), *(_cell(each, name) for name in nodes)] for each in every]
            table = tabulate(rows, ["", *map(one_line, nodes)], tablefmt="simple", disable_numparse=True)
            lines += [line.rstrip() for line in table.split("\n")]
        lines.append("")
    lines += dict.fromkeys(map(one_line, not_compared(cluster)))
    return ascii_only("\n".join(lines).rstrip("\n")) + "\n"


def differences_json(found: dict[str, tuple[Difference, ...]]) -> str:
    """Return the differences as JSON: for each file and key the value and the place of every node."""
    document: dict[str, Any] = {"schema": SCHEMA, "files": {}}
    for file, every in found.items():
        document["files"][file] = [
            {
                "key": each.key,
                "odd": list(each.odd),
                "values": {node: {"value": value, "where": where} for node, (value, where) in each.values.items()},
            }
            for each in every
        ]
    return json.dumps(document, indent=2) + "\n"


def _cell(difference: Difference, node: str) -> str:
    text = one_line(difference.values[node][0])
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    # where no value is that of most nodes, none is the odd one
    return f"* {shown}" if difference.model is not None and node in difference.odd else shown


def _settings(node: Node, file: str) -> tuple[Setting, ...] | None:
    if file == FILES[0]:
        return node.symphony_config.value.settings if isinstance(node.symphony_config, Seen) else None
    return node.nats_config.value.settings if isinstance(node.nats_config, Seen) else None


def _evidence(node: Node, file: str) -> Evidence[object]:
    return node.symphony_config if file == FILES[0] else node.nats_config
