"""The accounts that every node preloads."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    Finding,
    Gap,
    Iterator,
    Kind,
    Preloaded,
    Remedy,
    Risk,
    Same,
    Severity,
    Subject,
    Token,
    check,
    groups,
    known,
)

from ._commands import restart
from ._models import model_of, usual
from ._words import differing, listing, short_key, side_by_side, token_words


@check(
    "ID003",
    name="preload-mismatch",
    severity=Severity.CRITICAL,
    needs=(Kind.PRELOAD,),
    explained_by=(
        Because("ID004", Same.NODES),
        Because("ID001", Same.NODES),
        Because("ID002", Same.NODES),
        Because("CF006", Same.NODES),
        Because("ID005", Same.NODES),
    ),
)
def preload_mismatch(cluster: Cluster) -> Iterator[Finding | Gap]:
    """resolver_preload differs between nodes, in its accounts or in their JWTs.

    What it means: at its next start a node gives the system or Symphony account other rights than the
    others do, or does not know it at all (specification, Troubleshooting: Split brain).

    How it is seen: the keys and the digests of the JWTs in resolver_preload of every nats.config.

    What else it could be: a JWT that was re-issued and not yet copied to all nodes.

    By hand: copy resolver_preload from the node with the newest JWTs and restart one node at a time.

    Verify: `symphony-doctor run` with all nodes' directories.
    """
    values, gaps = known(cluster, lambda node: node.preload)
    yield from gaps
    grouped = groups(values, _preloaded)
    if len(grouped) < 2:  # noqa: PLR2004 - one group is agreement
        return
    odd = differing(grouped)
    shown = {node: _preload_words(seen.value) for node, seen in values.items()}
    yield Finding(
        title=f"resolver_preload of {listing(odd)} differs",
        detail="The preloaded accounts and their JWTs must be identical on all nodes.",
        subject=Subject("cluster", "resolver_preload"),
        nodes=odd,
        evidence=side_by_side(values, shown, usual(grouped, shown)),
        remedies=(
            Remedy(
                f"Copy resolver_preload from {model_of(grouped) or 'the node with the newest JWTs'} "
                f"into nats.config of {listing(odd)}",
                ('"${EDITOR:-vi}" nats.config',),
                Risk.DISRUPTIVE,
            ),
            restart(odd, "resolver_preload is read at the start"),
        ),
    )


def _preloaded(entries: tuple[Preloaded, ...]) -> object:
    return frozenset(
        (entry.account, entry.token.digest if isinstance(entry.token, Token) else entry.token.detail)
        for entry in entries
    )


def _preload_words(entries: tuple[Preloaded, ...]) -> str:
    return (
        ", ".join(
            f"{token_words(entry.token)} of {entry.token.digest[:8]}"
            if isinstance(entry.token, Token)
            else f"{short_key(entry.account)} ({entry.token.reason})"
            for entry in sorted(entries, key=lambda entry: entry.account)
        )
        or "nothing"
    )
