"""A rule as data: its function and the metadata beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Flag, auto
from typing import TypeAlias

from symphony_doctor.model.cluster import Cluster, Kind
from symphony_doctor.model.finding import Finding, Gap, Severity

_CODE = re.compile(r"[A-Z]{2,5}[0-9]{3}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

RuleFunction: TypeAlias = Callable[..., Iterable[Finding | Gap]]


class Same(Flag):
    """What a finding must share with another one to be explained by it."""

    CLUSTER = 0
    NODES = auto()
    """at least one node in common"""
    ACCOUNT = auto()
    """the account of its subject is the other's account"""
    SUBJECT = auto()
    """the very same subject"""


@dataclass(frozen=True, slots=True)
class Because:
    """A finding of ``code`` explains this rule's finding if they share ``same``."""

    code: str
    same: Same


@dataclass(frozen=True, slots=True)
class Parameter:
    """A threshold of a rule that can be set from outside, with its default."""

    name: str
    default: int | float


@dataclass(frozen=True, slots=True)
class Check:
    """A rule: a pure function of the snapshot and all that is said about it.

    ``title`` is the first line of the function's docstring and ``explanation`` the whole of it;
    ``origin`` names the distribution or the directory the rule came from, stamped by the loader.
    Raises ``ValueError`` where a field cannot be right: annotations do not bind the rules of others.
    """

    code: str
    name: str
    severity: Severity
    needs: tuple[Kind, ...]
    explained_by: tuple[Because, ...]
    function: RuleFunction
    title: str
    explanation: str
    parameters: tuple[Parameter, ...]
    origin: str = ""
    transient: bool = False
    """a cluster that starts may show it for some minutes, and it passes by itself"""

    def __post_init__(self) -> None:
        """Look at every field that the engine and the reports rely on."""
        fault = _fault(self)
        if fault is not None:
            raise ValueError(fault)

    def __call__(self, cluster: Cluster, **parameters: float) -> Iterable[Finding | Gap]:
        """Run the rule over a snapshot."""
        return self.function(cluster, **parameters)


def _fault(rule: Check) -> str | None:
    """Return the first thing about a rule that cannot be right."""
    if not _matches(_CODE, rule.code):
        return f"rule code {rule.code!r}: expected capital letters and three digits, such as XY001"
    if not _matches(_NAME, rule.name):
        return f"rule {rule.code}: name {rule.name!r}: expected lower case words joined by hyphens"
    typed: tuple[tuple[str, Iterable[object], type], ...] = (
        ("severity", (rule.severity,), Severity),
        ("needs", rule.needs, Kind),
        ("explained_by", rule.explained_by, Because),
        ("parameters", rule.parameters, Parameter),
        ("transient", (rule.transient,), bool),
    )
    for what, values, expected in typed:
        for value in values:
            if not isinstance(value, expected):
                return f"rule {rule.code}: {what}: {value!r}: expected a {expected.__name__}"
    for parameter in rule.parameters:
        if not _is_number(parameter.default):
            return f"rule {rule.code}: threshold {parameter.name} has no number as default"
    if not rule.title or not rule.explanation:
        return f"rule {rule.code}: its function has no docstring, which is its explanation"
    return None


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
