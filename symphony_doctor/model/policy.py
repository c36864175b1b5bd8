"""What the specification prescribes: the system buckets, and replicas by the size of the cluster."""

from __future__ import annotations

SYSTEM_BUCKETS = (
    "KV_symphony_business_units",
    "KV_symphony_enforcement",
    "KV_symphony_licenses",
    "KV_symphony_role_assignments",
    "KV_symphony_roles",
    "KV_symphony_shares",
    "KV_symphony_usage",
)
"""The seven buckets of the Symphony account (specification, What Is Replicated)."""

_THREE, _FIVE = 3, 5


def replicas_wanted(nodes: int) -> int:
    """Return the replica factor for so many nodes: 1 for one or two, 3 for three or four, 5 from five on."""
    if nodes < _THREE:
        return 1
    return _THREE if nodes < _FIVE else _FIVE
