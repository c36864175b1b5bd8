"""Certificates of a lab: an authority of its own, and one certificate a node for all its TLS ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.layout import write_private
from symphony_doctor.lab.ports import HOST

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import ModuleType

    import trustme

FOLDER = "tls"
AUTHORITY = "ca.pem"
CERTIFICATE = "server.pem"
KEY = "server-key.pem"
NAMES = (HOST, "localhost")
_AUTHORITY_KEY = "ca-key.pem"


def create_authority(root: Path) -> None:
    """Make the authority that signs for every node of the lab."""
    authority = _library().CA(organization_name="symphony-doctor lab")
    (root / FOLDER).mkdir(mode=0o700)
    write_private(root / FOLDER / AUTHORITY, authority.cert_pem.bytes().decode())
    write_private(root / FOLDER / _AUTHORITY_KEY, authority.private_key_pem.bytes().decode())


def write_certificate(
    root: Path,
    node: str,
    names: tuple[str, ...] = NAMES,
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> None:
    """Sign a certificate for a node and put it, its key and the authority's where its nats.config names them."""
    made = authority_of(root).issue_cert(
        *names, common_name=names[0], organization_name=node, not_before=not_before, not_after=not_after
    )
    folder = root / node / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / AUTHORITY, (root / FOLDER / AUTHORITY).read_text())
    write_private(folder / CERTIFICATE, made.cert_chain_pems[0].bytes().decode())
    write_private(folder / KEY, made.private_key_pem.bytes().decode())


def authority_of(root: Path) -> trustme.CA:
    """Give the authority of a lab that has TLS."""
    try:
        certificate = (root / FOLDER / AUTHORITY).read_bytes()
        key = (root / FOLDER / _AUTHORITY_KEY).read_bytes()
    except FileNotFoundError:
        raise LabError(f"{root}: this lab has no TLS: make it with `symphony-doctor lab up --tls`") from None
    authority: trustme.CA = _library().CA.from_pem(certificate, key)
    return authority


def _library() -> ModuleType:
    try:
        import trustme  # noqa: PLC0415 - only a lab with TLS needs it
    except ImportError:
        raise LabError("a lab with TLS needs trustme: pip install 'symphony-doctor[lab]'") from None
    return trustme
