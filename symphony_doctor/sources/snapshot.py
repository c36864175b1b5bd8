"""All evidence of one run as a value: what a bundle keeps."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.sources.observation import Observation, ServerAnswers


@dataclass(frozen=True, slots=True)
class Sample:
    """What the servers said at an earlier look of the same run. ``observed_at`` in Unix seconds."""

    observed_at: float
    observations: tuple[ServerAnswers, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a run has seen, and what it was asked to look at. ``observed_at`` in Unix seconds.

    ``earlier`` is what the servers said some seconds before, where a run looks more than once.
    """

    observed_at: float
    network: bool
    credentials: bool
    files: bool
    observations: tuple[Observation, ...]
    earlier: Sample | None = None
