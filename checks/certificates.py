"""Certificates of NATS, WebSocket and UI ports: valid, and valid for some time yet."""

from __future__ import annotations

from symphony_doctor.api import (
    Certificate,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    PortCertificate,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._certificates import renew
from ._validity import validity
from ._words import listing


@check("SV003", name="tls-expiry", severity=Severity.ERROR, needs=(Kind.CERTIFICATES,))
def tls_expiry(cluster: Cluster, *, soon_days: int = 30) -> Iterator[Finding | Gap]:
    """A certificate of a NATS, WebSocket or UI port has expired, is not valid yet, or expires soon.

    What it means: clients and the other servers refuse the node from that moment on. Connections that are
    open stay open, so it shows at the next restart or network fault, on all nodes at the same time where
    they share a certificate.

    How it is seen: the doctor looks at the certificate of every port that has TLS, without verifying it, and
    at the files that nats.config names in the tls blocks, against the clock of the machine that it runs on;
    one that expires within soon_days is a warning. Key files are never opened. Where a port cannot be
    reached, the end of its certificate as the server tells it (VARZ, from 2.11).

    What else it could be: the clock of this machine is wrong; SV002 tells. The file was renewed, and the
    server has not loaded it yet: then the port is in the finding and the file is not.

    By hand: issue the certificate again, put it where nats.config names it, reload or restart the server.

    Verify: `openssl x509 -noout -dates -in FILE` for the file, and `symphony-doctor run` for what the ports
    show. (`openssl s_client` sees route, WebSocket and UI ports; a client port greets before it speaks TLS.)
    """
    values, gaps = known(cluster, lambda node: node.certificates)
    yield from gaps
    found: dict[tuple[str, str], tuple[Certificate, list[tuple[str, PortCertificate]]]] = {}
    for name, seen in sorted(values.items()):
        for entry in seen.value:
            if isinstance(entry.certificate, Seen):
                certificate = entry.certificate.value
                # of one that only VARZ tells of, nothing is known that would tell it from another
                key = ("certificate", certificate.digest) if certificate.digest else ("node", f"{name}/{entry.port}")
                found.setdefault(key, (certificate, []))[1].append((name, entry))
            elif not entry.certificate.is_absence:
                yield Gap(name, entry.certificate)
    for (kind, identity), (certificate, entries) in sorted(found.items()):
        said = validity(certificate.not_before, certificate.not_after, cluster.observed_at, soon_days)
        if said is None:
            continue
        severity, words = said
        nodes = tuple(sorted({name for name, _ in entries}))
        ports = listing(sorted({f"{entry.port} port" for _, entry in entries}))
        renewed = sorted(
            {entry.where for name in nodes for entry in values[name].value if _replaces(entry, certificate, entries)}
        )
        yield Finding(
            title=f"The certificate of {listing(nodes)} {words}",
            detail=f"It is that of the {ports}"
            + (f": {certificate.subject}, issued by {certificate.issuer}." if certificate.subject else ".")
            + (f" {listing(renewed)} holds a later one, which is not loaded yet." if renewed else ""),
            subject=Subject(kind, identity),
            nodes=nodes,
            evidence=tuple(
                EvidenceEntry(name, entry.where, "valid now and for some time", f"{entry.port} port: {words}")
                for name, entry in entries
            ),
            remedies=(renew(certificate, nodes),),
            severity=severity,
        )


def _replaces(entry: PortCertificate, old: Certificate, of: list[tuple[str, PortCertificate]]) -> bool:
    """Tell whether a file holds a later certificate for a port that shows ``old``."""
    return (
        not entry.live
        and isinstance(entry.certificate, Seen)
        and entry.certificate.value.not_after > old.not_after
        and any(each.port is entry.port and each.live for _, each in of)
    )
