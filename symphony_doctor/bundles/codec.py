"""Frozen dataclasses to JSON values and back, by their annotations; what comes back equals what went in.

A field that has its default is left out. A value of one of several classes is ``{"ClassName": {...}}``; a tuple is
a list, a frozenset a sorted list, an enumeration its value. Nothing in the JSON names what is imported or called:
the classes are those of the annotations alone.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

Convert = Callable[[Any], Any]


class CodecError(ValueError):
    """A JSON value is not of the expected kind: where, as ``$.nodes[3].name``, and what was expected."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.path = ""

    def __str__(self) -> str:
        """Name the place, what was expected there and what was found, never a value."""
        return f"${self.path}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Codec:
    """Both directions for one type. ``decode`` raises ``CodecError``."""

    encode: Convert
    decode: Convert


@cache
def codec(kind: object) -> Codec:
    """Return the codec of a type, made once. Raises ``TypeError`` for a type that no evidence has."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _union(get_args(kind))
    if origin is tuple:
        return _tuple(get_args(kind))
    if origin is frozenset:
        return _frozenset(get_args(kind)[0])
    if is_dataclass(origin or kind):
        return _dataclass(kind)
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _enumeration(kind)
        if kind in _SCALARS:
            return _scalar(kind)
    raise TypeError(f"{kind!r} cannot be written to a bundle")


_SCALARS: dict[type, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (float, int)}
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "an integer", float: "a number"}


def _found(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def _same(value: object) -> object:
    """Encode what is JSON as it is; so is a tuple of such: it becomes a list in the file."""
    return value


def _scalar(kind: type) -> Codec:
    accepted = _SCALARS[kind]

    def decode(value: object) -> object:
        # the exact type: a truth value is an integer to Python, and none to the model
        if type(value) not in accepted:
            raise CodecError(_NAMES[kind], _found(value))
        return value

    return Codec(_same, decode)


def _enumeration(kind: type[Enum]) -> Codec:
    members = {member.value: member for member in kind}

    def decode(value: object) -> Enum:
        found = members.get(value) if isinstance(value, str | int) else None
        if found is None:
            raise CodecError(f"one of {', '.join(map(str, members))}", _found(value))
        return found

    return Codec(lambda member: member.value, decode)


def _items(value: object, decode: Convert) -> list[Any]:
    if not isinstance(value, list):
        raise CodecError("a list", _found(value))
    found: list[Any] = []
    try:
        for item in value:
            found.append(decode(item))  # noqa: PERF401 - its length is the index in the message
    except CodecError as error:
        error.path = f"[{len(found)}]{error.path}"
        raise
    return found


def _tuple(arguments: tuple[object, ...]) -> Codec:
    if arguments[-1] is Ellipsis:
        item = codec(arguments[0])
        return Codec(
            _same if item.encode is _same else lambda value: [item.encode(each) for each in value],
            lambda value: tuple(_items(value, item.decode)),
        )
    items = tuple(map(codec, arguments))

    def decode(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(items):
            raise CodecError(f"a list of {len(items)}", _found(value))
        rest = iter(items)
        return tuple(_items(value, lambda each: next(rest).decode(each)))

    if all(each.encode is _same for each in items):
        return Codec(_same, decode)
    return Codec(lambda value: [each.encode(part) for each, part in zip(items, value, strict=True)], decode)


def _frozenset(argument: object) -> Codec:
    item = codec(argument)
    return Codec(
        lambda value: sorted(item.encode(each) for each in value),
        lambda value: frozenset(_items(value, item.decode)),
    )


def _union(arguments: tuple[object, ...]) -> Codec:
    classes = {_class(each): codec(each) for each in arguments if is_dataclass(get_origin(each) or each)}
    others = [codec(each) for each in arguments if each is not type(None) and _class(each) not in classes]
    optional = type(None) in arguments
    if len(classes) > 1 and not others:
        inner = _tagged(classes)
    elif len(classes) + len(others) == 1:
        inner = next(iter((*classes.values(), *others)))
    else:
        raise TypeError(f"{arguments!r} cannot be told apart in a bundle")
    if not optional:
        return inner
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda value: None if value is None else inner.decode(value),
    )


def _class(kind: object) -> type:
    return cast("type", get_origin(kind) or kind)


def _tagged(classes: dict[type, Codec]) -> Codec:
    by_name = {each.__name__: inner for each, inner in classes.items()}

    def encode(value: object) -> dict[str, object]:
        return {type(value).__name__: classes[type(value)].encode(value)}

    def decode(value: object) -> object:
        if not isinstance(value, dict) or len(value) != 1:
            raise CodecError(f"an object with one of {', '.join(by_name)}", _found(value))
        name, content = next(iter(value.items()))
        if name not in by_name:
            raise CodecError(f"one of {', '.join(by_name)}", "another name")
        try:
            return by_name[name].decode(content)
        except CodecError as error:
            error.path = f".{name}{error.path}"
            raise

    return Codec(encode, decode)


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _dataclass(kind: object) -> Codec:
    made = _class(kind)
    hints = get_type_hints(made)
    # the parameters of a generic class stand for whole fields, as in Seen[str]
    given = dict(zip(getattr(made, "__parameters__", ()), get_args(kind), strict=True))
    parts = [
        (field.name, codec(given.get(hints[field.name], hints[field.name])), _default(field)) for field in fields(made)
    ]
    decoders = {name: inner.decode for name, inner, _ in parts}
    required = frozenset(name for name, _, default in parts if default is MISSING)

    def encode(value: object) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, inner, default in parts:
            content = getattr(value, name)
            if default is MISSING or content != default:
                found[name] = inner.encode(content)
        return found

    def decode(value: object) -> object:
        if not isinstance(value, dict):
            raise CodecError("an object", _found(value))
        if not required <= value.keys():
            raise CodecError(f"{', '.join(sorted(required - value.keys()))} in it", "an object without")
        arguments: dict[str, Any] = {}
        for name, content in value.items():
            if name not in decoders:
                raise CodecError(f"the fields of {made.__name__} alone", "an unknown one")
            try:
                arguments[name] = decoders[name](content)
            except CodecError as error:
                error.path = f".{name}{error.path}"
                raise
        return made(**arguments)

    return Codec(encode, decode)
