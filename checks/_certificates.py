"""Words about certificates that several rules share."""

from __future__ import annotations

from symphony_doctor.api import Certificate, Remedy, Risk, Severity

from ._words import listing, plural

_DAY = 86_400


def validity(certificate: Certificate, now: float, soon_days: int) -> tuple[Severity, str] | None:
    """Say when a certificate is or soon will be out of its time, and how bad that is."""
    if certificate.not_after <= now:
        return Severity.ERROR, f"expired {_time(now - certificate.not_after)} ago"
    if certificate.not_before is not None and certificate.not_before > now:
        return Severity.ERROR, f"is not valid for another {_time(certificate.not_before - now)}"
    if certificate.not_after - now <= soon_days * _DAY:
        return Severity.WARNING, f"expires in {_time(certificate.not_after - now)}"
    return None


def _time(seconds: float) -> str:
    if seconds >= _DAY:
        return plural(int(seconds // _DAY), "day")
    return plural(max(1, int(seconds // 3600)), "hour")


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
