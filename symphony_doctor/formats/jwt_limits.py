"""What an account's JWT grants of JetStream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symphony_doctor.formats import jwt_fields as fields


@dataclass(frozen=True, slots=True, kw_only=True)
class JetStreamLimits:
    """What an account may use of JetStream: bytes and counts; -1 is unlimited, 0 bytes of storage is none.

    `tiers` maps a tier's name ("R1", "R3") to its limits; where there are tiers, the rest counts for nothing.
    """

    mem_storage: int = 0
    disk_storage: int = 0
    streams: int = 0
    consumer: int = 0
    max_ack_pending: int = 0
    mem_max_stream_bytes: int = 0
    disk_max_stream_bytes: int = 0
    max_bytes_required: bool = False
    tiers: tuple[tuple[str, JetStreamLimits], ...] = ()

    @property
    def grants_jetstream(self) -> bool:
        """Whether a server enables JetStream for the account (account_claims.go, OperatorLimits.IsJSEnabled).

        Tiers decide where there are any, and only one with storage counts; the number of streams never does.
        """
        if self.tiers:
            return any(limits.mem_storage or limits.disk_storage for _, limits in self.tiers)
        return bool(self.mem_storage or self.disk_storage)

    def tier(self, replicas: int) -> JetStreamLimits | None:
        """Give the limits that a stream of so many replicas falls under; None where no tier covers it."""
        return dict(self.tiers).get(f"R{replicas}") if self.tiers else self


def read_limits(limits: dict[str, Any], *, tiers: bool = True) -> JetStreamLimits:
    """Read the `limits` object of an account's claims; raise JwtError for a field of a wrong type."""
    tiered = fields.mapping(limits.get("tiered_limits"), "tiered_limits") if tiers else {}
    return JetStreamLimits(
        mem_storage=fields.integer(limits, "mem_storage"),
        disk_storage=fields.integer(limits, "disk_storage"),
        streams=fields.integer(limits, "streams"),
        consumer=fields.integer(limits, "consumer"),
        max_ack_pending=fields.integer(limits, "max_ack_pending"),
        mem_max_stream_bytes=fields.integer(limits, "mem_max_stream_bytes"),
        disk_max_stream_bytes=fields.integer(limits, "disk_max_stream_bytes"),
        max_bytes_required=fields.boolean(limits, "max_bytes_required"),
        tiers=tuple(
            (name, read_limits(fields.mapping(tier, name), tiers=False)) for name, tier in sorted(tiered.items())
        ),
    )
