"""Variables in compose files, as the Compose specification has them: $VAR, ${VAR}, ${VAR:-default} and their kin."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 16
"""Defaults within defaults; people write one."""


def interpolate(text: str, variables: Mapping[str, str], *, depth: int = 0) -> str:
    """Replace every variable; one that is not set is empty, and ``$$`` is a dollar sign.

    Raises ``ValueError`` for what is no variable, and for ``${VAR:?}`` of one that is not set.
    """
    if depth > _DEEPEST:
        raise ValueError("variables are nested too deeply")
    parts = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        following = text[dollar + 1 : dollar + 2]
        name = _NAME.match(text, dollar + 1)
        if following == "$":
            parts.append("$")
            at = dollar + 2
        elif following == "{":
            end = _closing(text, dollar + 2)
            parts.append(_expanded(text[dollar + 2 : end], variables, depth))
            at = end + 1
        elif name is not None:
            parts.append(variables.get(name[0], ""))
            at = name.end()
        else:
            raise ValueError("a dollar sign that begins no variable: expected $NAME, ${NAME} or $$")
    return "".join([*parts, text[at:]])


def _closing(text: str, start: int) -> int:
    """Find the brace that ends what began before ``start``; braces of variables inside are theirs."""
    depth = 1
    at = start
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ValueError("a variable without its closing brace")


def _expanded(inner: str, variables: Mapping[str, str], depth: int) -> str:
    name = _NAME.match(inner)
    if name is None:
        raise ValueError("a variable without a name: expected ${NAME}")
    rest = inner[name.end() :]
    operator = next((each for each in _OPERATORS if rest.startswith(each)), "")
    if rest and not operator:
        raise ValueError(f"the variable {name[0]} is followed by something else than :-, :? or :+")
    value = variables.get(name[0])
    is_set = value is not None and (value != "" or not operator.startswith(":"))
    word = rest[len(operator) :]
    if operator.endswith("+"):
        return interpolate(word, variables, depth=depth + 1) if is_set else ""
    if is_set or not operator:
        return value or ""
    if operator.endswith("?"):
        raise ValueError(f"the variable {name[0]} is not set, and the file demands it")
    return interpolate(word, variables, depth=depth + 1)
