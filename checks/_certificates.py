"""Words about certificates that several rules share."""

from __future__ import annotations

from symphony_doctor.api import Certificate, Remedy, Risk

from ._words import listing


def renew(certificate: Certificate, nodes: tuple[str, ...]) -> Remedy:
    """Replace a certificate on some nodes."""
    names = listing(certificate.names or ())
    again = f"Issue the certificate again{f' for {names}' if names else ''}"
    order = ", one node at a time" if len(nodes) > 1 else ""
    return Remedy(
        f"{again}, put it where the configuration of {listing(nodes)} names it, and restart Symphony there{order}",
        ("grep -n cert_file nats.config", "sudo systemctl restart symphony"),
        Risk.DISRUPTIVE,
    )
