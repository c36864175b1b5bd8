"""Configuration files of a node, as values with their places; secrets stand as fingerprints."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.certificate import CertificateFile
from symphony_doctor.model.identity import Flaw, Located, Preloaded, SeedReference, Token


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of a configuration: its path of keys, its value for display and comparison, its place.

    ``shown`` is the value in one canonical spelling; of a secret it is the fingerprint alone.
    """

    path: tuple[str, ...]
    shown: str
    where: str
    secret: bool = False

    @property
    def key(self) -> str:
        """Return the path as it is written in messages: ``network.uiport``."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class SymphonyConfig:
    """symphony.config: every setting, and the identities found in it by value."""

    path: str
    settings: tuple[Setting, ...]
    tokens: tuple[Located[Token], ...]
    seeds: tuple[SeedReference, ...]
    ui_port: int | None
    fingerprints: str = ""
    """names the key that the secrets' fingerprints were made with: only those of one key can be compared"""

    @property
    def has_identity(self) -> bool:
        """Tell whether an operator or account identity stands in the file."""
        return bool(self.tokens or self.seeds)


@dataclass(frozen=True, slots=True)
class Listen:
    """A listening address as configured: ``host`` is ``None`` where all interfaces are meant."""

    host: str | None
    port: int
    where: str


@dataclass(frozen=True, slots=True)
class RouteAddress:
    """One entry of ``cluster.routes``, without credentials. The default port is 6222."""

    host: str
    port: int
    where: str

    @property
    def address(self) -> str:
        """Return ``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClusterBlock:
    """The ``cluster`` block of nats.config."""

    name: Located[str] | None
    listen: Listen | None
    advertise: Located[str] | None
    routes: tuple[RouteAddress, ...]
    has_tls: bool
    where: str


@dataclass(frozen=True, slots=True)
class JetStreamBlock:
    """The ``jetstream`` block: limits in bytes, ``None`` where they are left to the server."""

    enabled: bool
    store_dir: Located[str] | None
    max_memory: int | None
    max_file: int | None
    where: str


@dataclass(frozen=True, slots=True)
class ResolverBlock:
    """The ``resolver`` block: ``interval`` in seconds."""

    kind: str
    directory: Located[str] | None
    interval: float | None
    where: str


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """Something in a file that parses and that the server refuses all the same."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class ConfigPitfall:
    """A value that the server reads other than it is written: ``key`` is its path as messages write it."""

    key: str
    where: str
    written: str
    read: str
    advice: str


@dataclass(frozen=True, slots=True)
class NatsConfig:
    """nats.config: what the rules compare, and every setting for the comparison by key."""

    path: str
    server_name: Located[str] | None
    client: Listen
    websocket: Listen | None
    cluster: ClusterBlock | None
    jetstream: JetStreamBlock | None
    resolver: ResolverBlock | None
    operators: tuple[Located[Token | Flaw], ...]
    system_account: Located[str] | None
    preload: tuple[Preloaded, ...]
    has_client_tls: bool
    log_file: Located[str] | None
    settings: tuple[Setting, ...]
    problems: tuple[ConfigProblem, ...] = ()
    has_websocket_tls: bool = False
    certificate_files: tuple[CertificateFile, ...] = ()
    pitfalls: tuple[ConfigPitfall, ...] = ()
    fingerprints: str = ""
    """as of SymphonyConfig"""
