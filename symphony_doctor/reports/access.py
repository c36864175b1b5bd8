"""The page of `self-test`: what this access can see, which rules are blind, and what would open their eyes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import CLUSTER_KINDS, Cluster, Kind, Node
from symphony_doctor.model.evidence import Evidence, Missing, State
from symphony_doctor.model.report import Report, Status
from symphony_doctor.reports._words import ascii_only, one_line, plural

_ROWS: Final[tuple[tuple[str, tuple[Kind, ...], str], ...]] = (
    (
        "files",
        (Kind.SYMPHONY_CONFIG, Kind.NATS_CONFIG, Kind.ACCOUNT_FILES, Kind.STREAM_DIRECTORIES, Kind.STORE),
        "--node DIR: the node's Symphony directory, here, as a copy or as ssh://HOST/DIR, read as its owner or as root",
    ),
    ("log", (Kind.LOG,), "--log NAME=FILE: the node's log, or what journalctl or docker compose logs wrote"),
    ("INFO", (Kind.GREETING,), "--server URL of the client port, or --node, whose nats.config names it"),
    (
        "NATS",
        (Kind.SERVER, Kind.ROUTES, Kind.JETSTREAM, Kind.META_GROUP, Kind.HEALTH, Kind.RESOLVER_ACCOUNTS),
        "--creds FILE or --context NAME: a user of the system account",
    ),
    ("HTTP", (Kind.UI,), "--node, whose symphony.config names the UI port, from a machine that reaches it"),
)
"""A row of the table, the kinds of evidence in it, and what gives them."""

_OF_THE_CLUSTER: Final = {
    Kind.LOAD_BALANCERS: "--load-balancer FILE: nginx or HAProxy configuration",
    Kind.CLUSTER_INFO: "a second --creds, of an account that may ask cirata.services.cluster.info",
    Kind.CREDENTIALS: "--creds FILE",
    Kind.EARLIER: "--samples 2",
}
_NARROWEST: Final = 20
_UNASKED: Final = frozenset({State.NOT_ASKED})


def access_page(cluster: Cluster, report: Report, checks: tuple[Check, ...], *, width: int = 80) -> str:
    """Return the page as plain text: a table of nodes by sources, what is missing and why, the rules that are blind."""
    columns = max(width, _NARROWEST)
    lines = [_heading(cluster), "", *_table(cluster), *_reasons(cluster, columns)]
    blind = {result.code for result in report.results_of(Status.SKIPPED)}
    seeing = len(report.results) - len(blind)
    lines += ["", f"{seeing} of {plural(len(report.results), 'rule')} can decide"]
    for hint, codes in _blind(cluster, [check for check in checks if check.code in blind]):
        lines += _wrapped(f"blind: {' '.join(codes)}", columns, 2)
        lines += _wrapped(f"give {hint}" if hint.startswith(("-", "a ")) else hint, columns, 4)
    return ascii_only("\n".join(lines)) + "\n"


def _heading(cluster: Cluster) -> str:
    name = one_line(cluster.name) or "a cluster without a name"
    return f"What this access can see of {name}, {plural(cluster.size, 'node')}"


def _table(cluster: Cluster) -> list[str]:
    from tabulate import tabulate  # noqa: PLC0415 - it is imported only where a table is drawn

    if not cluster.nodes:
        return ["nothing: no node of a cluster was seen", *map(one_line, cluster.unseen)]
    rows = [[source, *(_seen(node, kinds) for node in cluster.nodes)] for source, kinds, _ in _ROWS]
    text = tabulate(
        rows, ["", *(one_line(node.name) for node in cluster.nodes)], tablefmt="simple", disable_numparse=True
    )
    return [*(line.rstrip() for line in text.split("\n")), *map(one_line, cluster.unseen)]


def _seen(node: Node, kinds: tuple[Kind, ...]) -> str:
    missing = [found for kind in kinds if isinstance(found := _of(node, kind), Missing) and not found.is_absence]
    if not missing:
        return "yes"
    worst = next((each for each in missing if each.state not in _UNASKED), missing[0])
    part = f"{len(kinds) - len(missing)} of {len(kinds)}, " if len(missing) < len(kinds) else ""
    return f"{part}{worst.state.value}"


def _of(holder: Node | Cluster, kind: Kind) -> Evidence[object]:
    found: Evidence[object] = getattr(holder, kind.value)
    return found


def _reasons(cluster: Cluster, columns: int) -> Iterator[str]:
    """Yield each reason once, with the nodes that it holds for."""
    nodes_by_why: dict[str, list[str]] = {}
    for _, kinds, _ in _ROWS:
        for node in cluster.nodes:
            for kind in kinds:
                found = _of(node, kind)
                if isinstance(found, Missing) and not found.is_absence:
                    names = nodes_by_why.setdefault(found.why, [])
                    if node.name not in names:
                        names.append(node.name)
    if nodes_by_why:
        yield ""
    for why, names in nodes_by_why.items():
        yield from _wrapped(f"{', '.join(names)}: {why}", columns, 0)


def _blind(cluster: Cluster, checks: list[Check]) -> Iterator[tuple[str, list[str]]]:
    """Yield what would let rules decide, and the codes of those rules, the most rules first."""
    by_hint: dict[str, list[str]] = {}
    for check in checks:
        by_hint.setdefault(_hint(cluster, check), []).append(one_line(check.code))
    yield from sorted(by_hint.items(), key=lambda pair: (-len(pair[1]), pair[1]))


def _hint(cluster: Cluster, check: Check) -> str:
    lacking = [kind for kind in check.needs if _is_missing(cluster, kind)]
    hints = [_OF_THE_CLUSTER[kind] for kind in lacking if kind in _OF_THE_CLUSTER]
    hints += [hint for _, kinds, hint in _ROWS if set(kinds) & set(lacking)]
    if hints:
        return ", and ".join(hints)
    # what is merged of several sources: whichever of them is missing would help
    either = [
        hint
        for source, kinds, hint in _ROWS
        if source in {"files", "NATS"} and any(_is_missing(cluster, kind) for kind in kinds)
    ]
    return ", or ".join(either) if either else "nothing that could be given: see the reasons above"


def _is_missing(cluster: Cluster, kind: Kind) -> bool:
    holders = (cluster,) if kind in CLUSTER_KINDS else cluster.nodes
    missing = [found for each in holders if isinstance(found := _of(each, kind), Missing) and not found.is_absence]
    return bool(missing) or not holders


def _wrapped(text: str, columns: int, indent: int) -> list[str]:
    return textwrap.wrap(
        one_line(text),
        columns,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
