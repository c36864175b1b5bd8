"""What an inventory says of servers and of who asks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symphony_doctor.commands._wanted import Wanted

if TYPE_CHECKING:
    from symphony_doctor.commands._inventory import Book
    from symphony_doctor.formats.toml_places import TomlPath


def wanted_of(book: Book, given: Wanted) -> Wanted:
    """Return the servers and who asks them: those of the inventory where options do not say it."""
    choice = book.choice
    found: dict[str, Any] = {}
    said: dict[str, str] = {}
    groups = (("servers",), ("creds", "nkey", "context"), ("tlsca",), ("tlscert", "tlskey"))
    for group in groups:
        if any(getattr(given, name) for name in group):
            continue
        for name in group:
            value = choice.value(name)
            if value:
                said[name] = book.said(choice.path(name))
                found[name] = _value(book, name, value)
    return replace(given, **found, said=said)


def _value(book: Book, name: str, value: str | tuple[str, ...]) -> object:
    if name in {"servers", "context"}:
        return value
    if name == "creds":
        return tuple(book.path_of(each) for each, _ in each_of(value, ()))
    return book.path_of(str(value))


def each_of(value: str | tuple[str, ...] | None, path: TomlPath) -> Iterator[tuple[str, TomlPath]]:
    if isinstance(value, str):
        yield value, path
    else:
        yield from ((each, (*path, index)) for index, each in enumerate(value or ()))
