"""Sentences and groupings that several families of rules share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from symphony_doctor.api import Because, Cluster, EvidenceEntry, Node, Same, Seen, Token

T = TypeVar("T")

IDENTITY = (Because("ID004", Same.NODES), Because("ID001", Same.NODES), Because("ID002", Same.NODES))
"""A node with another identity takes no part in the cluster: whatever else it lacks follows from that."""

DIVIDED = (Because("ID004", Same.CLUSTER), Because("ID001", Same.CLUSTER), Because("ID002", Same.CLUSTER))
"""Among nodes of several identities no account and no stream can be compared until that is repaired."""

ISOLATED = (*IDENTITY, *(Because(code, Same.NODES) for code in ("RT001", "RT004", "RT007")))
"""A node that the others refuse on their routes."""

DOWN = tuple(Because(code, Same.NODES) for code in ("QU001", "QU002", "QU004"))
"""A node that is down."""

LESS_REDUNDANT = (Because("QU002", Same.CLUSTER), Because("QU004", Same.CLUSTER))
"""Some node is down, and the majority is up all the same."""


def listing(names: Iterable[str], most: int = 6) -> str:
    """Join names as a sentence does: ``a, b and c``; of many, the first few and how many more."""
    every = list(names)
    if len(every) > most:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def plural(count: int, word: str) -> str:
    """Return ``1 node``, ``2 nodes``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def size_words(size: int) -> str:
    """Return ``256 MB``: bytes in the unit of 1024 that leaves the shortest number."""
    for unit, factor in (("TB", 2**40), ("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if abs(size) >= factor:
            return f"{size / factor:.4g} {unit}"
    return plural(size, "byte")


def verb(count: int, one: str, many: str) -> str:
    """Choose the verb that agrees with a count."""
    return one if count == 1 else many


def differing(grouped: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the nodes outside the largest group; all of them where no group is the largest."""
    if len(grouped) > 1 and len(grouped[0]) == len(grouped[1]):
        return tuple(sorted(node for group in grouped for node in group))
    return tuple(sorted(node for group in grouped[1:] for node in group))


def side_by_side(values: Mapping[str, Seen[T]], shown: Mapping[str, str], expected: str) -> tuple[EvidenceEntry, ...]:
    """Return one line a node: where it was read, what most nodes have, what this one has."""
    return tuple(EvidenceEntry(node, seen.where, expected, shown[node]) for node, seen in sorted(values.items()))


def short_key(key: str) -> str:
    """Shorten a public key to what people compare by eye."""
    return f"{key[:6]}…{key[-4:]}" if len(key) > 16 else key  # noqa: PLR2004 - shorter is readable whole


def token_words(token: Token) -> str:
    """Name a JWT by its subject and its given name."""
    name = f" ({token.name})" if token.name and token.name != token.subject else ""
    return f"{short_key(token.subject)}{name}"


def by_server_name(cluster: Cluster) -> dict[str, Node]:
    """Return the nodes by the name that servers know them by."""
    return {node.server_name.value: node for node in cluster.nodes if isinstance(node.server_name, Seen)}


def account_words(cluster: Cluster, key: str) -> str:
    """Name an account for people: its name where one is known, and its key."""
    name = next((account.name for account in cluster.accounts if account.key == key), "")
    return f"{name} ({short_key(key)})" if name else short_key(key)
