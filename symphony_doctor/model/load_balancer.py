"""Load balancers in front of the cluster, as their configuration files say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """One configuration file of a load balancer, with all that it includes."""

    path: str
