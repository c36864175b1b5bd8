"""What is said of the inventory: what was taken from it, or that nothing can be."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from symphony_doctor.redaction import printable

if TYPE_CHECKING:
    from symphony_doctor.commands._inventory import Book
    from symphony_doctor.model.judging import Judging
    from symphony_doctor.sources.node_directory import NodeDirectory
    from symphony_doctor.sources.observation import Address


def nothing(book: Book | None) -> str:
    """Say that nothing is named that could be looked at."""
    text = (
        "nothing to look at: give --node DIR for each node's Symphony directory, --local or --docker to find them, "
        "or --server URL for live NATS"
    )
    if book is None:
        return text
    profiles = ", ".join(map(printable, book.choice.file.inventory.profiles))
    which = f"; --profile takes {profiles}" if profiles and book.choice.profile is None else ""
    return f"{text}. {printable(str(book.path))} names no node and no server{which}"


def book_lines(
    book: Book | None,
    judging: Judging,
    nodes: Iterable[NodeDirectory],
    servers: Iterable[Address],
    said: Container[str],
    *,
    is_named: bool,
) -> Iterator[str]:
    """Say what is taken from the inventory."""
    if book is None:
        return
    names = [each.name or each.place for each in nodes]
    judged = (
        (len(judging.thresholds), "threshold"),
        (len(judging.mutes), "mute"),
    )
    parts = [] if is_named or not names else [f"nodes {', '.join(names)}"]
    at = [] if is_named else [each.text for each in servers]
    parts += [f"servers {', '.join(at)}"] if at else []
    who = [] if is_named else [name for name in ("creds", "nkey", "context") if name in said]
    parts += [f"credentials by {each}" for each in who]
    parts += [f"{count} {word}{'' if count == 1 else 's'}" for count, word in judged if count]
    profile = f", profile {book.choice.profile}" if book.choice.profile is not None else ""
    taken = "; ".join(parts) or "nothing, as the command line says what to look at"
    yield printable(f"inventory {book.path}{profile}: {taken}")


def tell(lines: Iterable[str]) -> None:
    """Say what belongs to no document."""
    for line in lines:
        click.echo(line, err=True)
