"""What services answer: the HTTP endpoints of a node, and those on the cluster's subjects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UiAnswer:
    """One endpoint of a UI port. ``status`` is ``None`` where nothing came back that is HTTP.

    ``words`` say what came instead of an answer, or what the body says of the instance's components.
    """

    path: str
    status: int | None
    words: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the answer is 200."""
        return self.status == 200  # noqa: PLR2004 - HTTP's OK


@dataclass(frozen=True, slots=True)
class Ui:
    """What a node's UI port answered. ``refused``: the host answers, and nothing listens on the port."""

    address: str
    refused: bool
    answers: tuple[UiAnswer, ...]


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """The answer of ``cirata.services.cluster.info``: the replica count that extensions are told."""

    replicas: int
