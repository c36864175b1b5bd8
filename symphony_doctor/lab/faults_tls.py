"""Faults of TLS: they need a lab that has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, certificates, filling, layout
from symphony_doctor.lab.broken import Broken

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab


async def route_tls_one_side(lab: Lab, node: str | None = None) -> Broken:
    """Turn TLS off on one node's routes, while those of the others have it."""
    name = breaking.victim(lab, node, least=3)
    certificates.authority_of(lab.root)
    breaking.edit_nats_config(lab, name, layout.tls_block("  "), "")
    await lab.restart_node(name)
    await filling.wait_settled(lab, breaking.others(lab, name))
    return Broken("route-tls-one-side", f"routes of {name} have no TLS", nodes=(name,), key="route TLS")


async def certificate_host(lab: Lab, node: str | None = None, *, host: str = "node.example.com") -> Broken:
    """Give one node a certificate that is valid for another host than the one in its routes."""
    name = breaking.victim(lab, node, least=2)
    certificates.write_certificate(lab.root, name, (host,))
    await lab.restart_node(name)
    # it dials out by itself, and the others cannot dial it: that is how the mesh is whole again
    await lab.wait_healthy()
    address = f"127.0.0.1:{lab.node(name).route_port}"
    return Broken("certificate-host", f"the certificate of {name} is for {host}", nodes=(name,), key=address)


async def certificate_expired(lab: Lab, node: str | None = None) -> Broken:
    """Let one node's certificate have expired yesterday."""
    name = breaking.victim(lab, node, least=3)
    now = datetime.now(UTC)
    certificates.write_certificate(
        lab.root, name, not_before=now - timedelta(days=90), not_after=now - timedelta(days=1)
    )
    await lab.restart_node(name)
    await filling.wait_settled(lab, breaking.others(lab, name))
    return Broken("certificate-expired", f"the certificate of {name} expired yesterday", nodes=(name,))


async def certificate_expiring(lab: Lab, node: str | None = None, *, days: str = "20") -> Broken:
    """Let one node's certificate end in some days."""
    name = breaking.victim(lab, node)
    now = datetime.now(UTC)
    certificates.write_certificate(
        lab.root, name, not_before=now - timedelta(days=70), not_after=now + timedelta(days=int(days), hours=1)
    )
    await lab.restart_node(name)
    await lab.wait_healthy()
    return Broken("certificate-expiring", f"the certificate of {name} ends in {days} days", nodes=(name,))
