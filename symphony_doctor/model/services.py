"""What services on the cluster's subjects answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """The answer of ``cirata.services.cluster.info``: the replica count that extensions are told."""

    replicas: int
