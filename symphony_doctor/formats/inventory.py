"""``symphony-doctor.toml``: what a cluster consists of, and how it is judged. These classes are its schema.

Every fault of a file is told with its line and column, what was expected there, and the key that may have been meant;
never with a value. The tables stay as they were written: paths and addresses are looked at by who uses them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from symphony_doctor.formats.inventory_name import NAME
from symphony_doctor.formats.position import Position
from symphony_doctor.formats.toml_places import Toml, TomlPath, read_toml

Text = Annotated[str, Meta(min_length=1)]
Number = Annotated[float, Meta(ge=0, le=1e15)]


class NodeTable(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A node: where its files are, where it answers, or both."""

    dir: Annotated[
        Text | None, Meta(description="Its Symphony directory; ssh://[USER@]HOST[:PORT]/DIR on another host.")
    ] = None
    ssh: Annotated[Text | None, Meta(description="[USER@]HOST[:PORT] of the host that `dir` is on.")] = None
    sudo: Annotated[bool | None, Meta(description="Read on that host by sudo, which may not ask.")] = None
    nats: Annotated[Text | None, Meta(description="The address of its NATS server for clients.")] = None
    ui: Annotated[Text | None, Meta(description="The address of its UI, http://HOST:PORT.")] = None
    log: Annotated[
        Text | tuple[Text, ...] | None, Meta(description="Its log, where that is not the one that its files name.")
    ] = None


class MuteTable(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A finding that is known and not to be told of, for some time."""

    code: Annotated[Text, Meta(description="The code of the rule.")]
    object: Annotated[Text, Meta(description="The name of what the finding is about; `*` and `?` work.")]
    reason: Annotated[Text, Meta(description="Why it is muted.")]
    until: Annotated[date, Meta(description="The last day of it, UTC.")]
    severity: Annotated[
        Literal["critical", "error", "warning", "info"] | None,
        Meta(description="How bad it was when it was muted, the rule's own severity if not given: worse is shown."),
    ] = None
    account: Annotated[Text | None, Meta(description="The public key of the account that the object is of.")] = None


class Profile(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What is looked at, by whom, and how it is judged."""

    nodes: Annotated[dict[str, NodeTable], Meta(description="The nodes by name.")] = {}
    servers: Annotated[tuple[Text, ...], Meta(description="Client addresses of NATS servers.")] = ()
    creds: Annotated[
        Text | tuple[Text, ...] | None, Meta(description="Files with credentials, those of the system account first.")
    ] = None
    nkey: Annotated[Text | None, Meta(description="The file with the nkey seed of a user.")] = None
    context: Annotated[Text | None, Meta(description="A context of the nats command line.")] = None
    tlsca: Annotated[Text | None, Meta(description="Authorities to verify the servers by.")] = None
    tlscert: Annotated[Text | None, Meta(description="The certificate that servers ask for.")] = None
    tlskey: Annotated[Text | None, Meta(description="The key of `tlscert`.")] = None
    load_balancers: Annotated[tuple[Text, ...], Meta(description="nginx or HAProxy configurations.")] = ()
    thresholds: Annotated[
        dict[str, dict[str, Number]], Meta(description="Thresholds of rules, by code and name: `checks explain CODE`.")
    ] = {}
    mutes: Annotated[tuple[MuteTable, ...], Meta(description="Findings that are known.")] = ()


class Inventory(Profile, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file. A profile replaces what it has itself; thresholds and mutes are joined."""

    profiles: Annotated[dict[str, Profile], Meta(description="Other clusters, or other ways to look.")] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a file that cannot be right."""

    position: Position
    text: str

    def __str__(self) -> str:
        """Return it as compilers do."""
        return f"{self.position}: {self.text}"


class InventoryError(Exception):
    """A file is no inventory: all that is wrong with it, in its order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """An inventory and the places of all that is in it."""

    inventory: Inventory
    toml: Toml

    def said(self, path: TomlPath) -> str:
        """Return where something stands and what it is called: the beginning of a message on its value."""
        return f"{self.toml.value_at(path)}: {dotted(path)}"


def read_inventory(raw: bytes, file: str) -> InventoryFile:
    """Read a file; raises ``FormatError`` where it is no TOML, and ``InventoryError``."""
    toml = read_toml(raw, file)
    faults = tuple(sorted(_faults(toml, toml.values, Inventory, ()), key=lambda fault: fault.position))
    if faults:
        raise InventoryError(faults)
    return InventoryFile(msgspec.convert(toml.values, Inventory), toml)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, as editors take it."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Inventory)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": NAME,
        "description": "The inventory of symphony-doctor: docs/inventory.md.",
        **made,
    }


def dotted(path: TomlPath) -> str:
    """Return a path as people write it: ``mutes[0].code``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def near(word: str, known: tuple[str, ...]) -> str:
    """Return what may have been meant, or what there is."""
    found = difflib.get_close_matches(word.lower(), known, 1)
    return f"did you mean {found[0]}?" if found else f"expected one of {', '.join(known)}"


def _faults(toml: Toml, value: object, kind: Any, path: TomlPath) -> Iterator[Fault]:  # noqa: ANN401 - a type hint
    options = _options(kind)
    if isinstance(value, dict):
        table = next((each for each in options if _is_table(each)), None)
        if table is not None:
            yield from _in_table(toml, value, table, path)
            return
    if isinstance(value, list):
        items = next((each for each in options if get_origin(each) is tuple), None)
        if items is not None:
            for index, item in enumerate(value):
                yield from _faults(toml, item, get_args(items)[0], (*path, index))
            return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        yield Fault(toml.value_at(path), f"{dotted(path)}: expected {_expected(options)}, found {_found(value)}")


def _in_table(toml: Toml, value: Mapping[str, object], kind: Any, path: TomlPath) -> Iterator[Fault]:  # noqa: ANN401
    if get_origin(kind) is dict:
        for key, each in value.items():
            if not key.strip():
                yield Fault(toml.key_at((*path, key)), f"{dotted(path)}: expected a name, found an empty key")
            yield from _faults(toml, each, get_args(kind)[1], (*path, key))
        return
    hints = get_type_hints(kind, include_extras=True)
    fields = dict(zip(kind.__struct_encode_fields__, map(hints.__getitem__, kind.__struct_fields__), strict=True))
    for key, each in value.items():
        if key in fields:
            yield from _faults(toml, each, fields[key], (*path, key))
        else:
            where = f" in {dotted(path)}" if path else ""
            yield Fault(toml.key_at((*path, key)), f"unknown key {key!r}{where}: {near(key, tuple(fields))}")
    required = kind.__struct_encode_fields__[: len(fields) - len(kind.__struct_defaults__)]
    lacking = [key for key in required if key not in value]
    if lacking:
        yield Fault(toml.key_at(path), f"{dotted(path)} lacks {', '.join(lacking)}")


def _options(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type hint
    """Return the types that a hint allows, without what is said about them."""
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in {UnionType, Union}:
        return tuple(each for option in get_args(kind) for each in _options(option) if each is not NoneType)
    return (kind,)


def _is_table(kind: Any) -> bool:  # noqa: ANN401 - a type hint
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, Struct))


def _expected(options: tuple[Any, ...]) -> str:
    return " or ".join(dict.fromkeys(map(_words, options)))


def _words(kind: Any) -> str:  # noqa: ANN401 - a type hint
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        return "a list of tables" if _is_table(_options(get_args(kind)[0])[0]) else "a list of texts"
    if _is_table(kind):
        return "a table"
    words = {
        str: "a text in quotes",
        bool: "true or false",
        float: "a number from 0 to 1e15",
        date: "a day such as 2027-01-31",
    }
    return words[kind]


def _found(value: object) -> str:
    """Name the kind of a value, never the value: it may be what should stand elsewhere."""
    kinds = (
        (bool, "true or false"),
        (str, "a text" if value else "an empty text"),
        (int | float, "a number"),
        (dict, "a table"),
        (list, "a list"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "a day or a time")
