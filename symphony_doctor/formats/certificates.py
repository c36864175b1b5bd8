"""X.509 certificates, DER or PEM -> their public content. Private keys are never parsed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from symphony_doctor.formats.position import FormatError, Position
from symphony_doctor.model.certificate import Certificate

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST = 300
"""Characters of a name that are kept: a certificate of a stranger may hold anything."""

_MOST = 200
"""Names of one certificate that are kept."""

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def parse_der(der: bytes, where: str) -> Certificate:
    """Return what a certificate says. Raises ``FormatError``."""
    from cryptography import x509  # noqa: PLC0415 - imported only where there is a certificate

    try:
        return _content(x509.load_der_x509_certificate(der), hashlib.sha256(der).hexdigest())
    except (ValueError, TypeError) as error:
        raise FormatError(Position(where, 1, 1), "a certificate", f"something else ({type(error).__name__})") from None


def parse_pem(data: bytes, where: str) -> Certificate:
    """Return the first certificate of a PEM file, the one that a server shows. Raises ``FormatError``."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    start = data.find(_BEGIN)
    end = data.find(_END, start)
    if start < 0 or end < 0:
        raise FormatError(Position(where, 1, 1), "a PEM block CERTIFICATE", "none")
    line = data.count(b"\n", 0, start) + 1
    try:
        found = x509.load_pem_x509_certificate(data[start : end + len(_END)])
        der = found.public_bytes(Encoding.DER)
    except ValueError:
        raise FormatError(Position(where, line, 1), "a certificate in PEM", "a damaged block") from None
    return parse_der(der, where)


def _content(found: x509.Certificate, digest: str) -> Certificate:
    return Certificate(
        subject=found.subject.rfc4514_string()[:_LONGEST],
        issuer=found.issuer.rfc4514_string()[:_LONGEST],
        names=_names(found),
        not_before=found.not_valid_before_utc.timestamp(),
        not_after=found.not_valid_after_utc.timestamp(),
        digest=digest,
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    every = [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(name[:_LONGEST] for name in every[:_MOST])
