"""The certificate files that nats.config names. Key files are never opened."""

from __future__ import annotations

from pathlib import Path, PurePath

from symphony_doctor.formats.certificates import parse_pem
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.certificate import Certificate, CertificateFile, PortCertificate
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.sources.file_system import LOCAL, FileSystem

_LIMIT = 1024 * 1024
"""Bytes of a certificate file; a chain of ten is below 64 KB."""


def read_certificates(
    named: tuple[CertificateFile, ...], directory: Path, files: FileSystem = LOCAL
) -> tuple[PortCertificate, ...]:
    """Read what a node's server was configured to show on its ports."""
    return tuple(_read(each, directory, files) for each in named)


def _read(file: CertificateFile, directory: Path, files: FileSystem) -> PortCertificate:
    path = _locate(file.path, directory, files)
    if file.holds_key:
        missing = Missing(State.NOT_ASKED, f"{path} holds the private key as well: it is not opened", str(path))
        return PortCertificate(file.port, str(path), missing, live=False)
    return PortCertificate(file.port, str(path), _certificate(path, files), live=False)


def _certificate(path: Path, files: FileSystem) -> Evidence[Certificate]:
    found = files.read_file(path, _LIMIT)
    if isinstance(found, Missing):
        # a copied directory names files of another machine: that it is not here does not tell that it is not there
        state = State.UNREADABLE if found.is_absence else found.state
        return Missing(state, found.why, found.where)
    try:
        return Seen(parse_pem(found.value, str(path)), str(path))
    except FormatError as error:
        return Missing(State.UNREADABLE, str(error), str(path))


def _locate(written: str, directory: Path, files: FileSystem) -> Path:
    """Find the file: relative paths count from the node's directory.

    An absolute one of another machine, as in a copied directory, is looked for inside by its last components.
    """
    path = PurePath(written)
    if not path.is_absolute():
        return directory / path
    for count in range(min(len(path.parts) - 1, 8), 0, -1):
        candidate = directory.joinpath(*path.parts[-count:])
        if files.kind(candidate) == "file":
            return candidate
    return Path(path)
