"""TLS certificates: what a port shows, and what a file that nats.config names holds."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from symphony_doctor.model.evidence import Evidence


class Port(StrEnum):
    """The ports of a node that can have TLS."""

    CLIENT = "client"
    ROUTE = "route"
    WEBSOCKET = "websocket"
    UI = "ui"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate's public content. Times are Unix seconds; ``digest`` is SHA-256 of it, in hex.

    ``names`` are what it is valid for: DNS names and IP addresses (subject alternative names; the common
    name counts for nothing). Of a certificate of which a server told only the end, ``names`` are unknown:
    ``None``.
    """

    subject: str
    issuer: str
    names: tuple[str, ...] | None
    not_before: float | None
    not_after: float
    digest: str = ""

    def is_valid_for(self, host: str) -> bool:
        """Tell whether a client that dials ``host`` accepts its names; true where they are not known."""
        if self.names is None:
            return True
        address = _address(host)
        if address is not None:
            return any(_address(name) == address for name in self.names)
        wanted = host.rstrip(".").lower()
        return any(_covers(name.rstrip(".").lower(), wanted) for name in self.names)


@dataclass(frozen=True, slots=True)
class PortCertificate:
    """The certificate of one port of a node; absent where the port is known to have no TLS.

    ``where`` is ``host:port``, a file, or ``VARZ``. ``live`` tells one that a port showed from one that a
    file holds, which the server may not have loaded yet.
    """

    port: Port
    where: str
    certificate: Evidence[Certificate]
    live: bool = True


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """``tls.cert_file`` of one block of nats.config, and where it is written.

    ``holds_key`` tells that the same file is named as the key's: it is not opened.
    """

    port: Port
    path: str
    where: str
    holds_key: bool = False


def _covers(pattern: str, host: str) -> bool:
    """Match as TLS clients do: an asterisk stands for the first label alone."""
    if pattern == host:
        return True
    first, _, rest = host.partition(".")
    return bool(first) and bool(rest) and pattern == f"*.{rest}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
