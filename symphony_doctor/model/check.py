"""A rule as data: its function and the metadata beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Flag, auto
from typing import TypeAlias

from symphony_doctor.model.cluster import Cluster, Kind
from symphony_doctor.model.finding import Finding, Gap, Severity

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
    ``origin`` names the distribution or the file the rule came from, stamped by the loader.
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

    def __call__(self, cluster: Cluster, **parameters: float) -> Iterable[Finding | Gap]:
        """Run the rule over a snapshot."""
        return self.function(cluster, **parameters)
