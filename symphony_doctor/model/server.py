"""What a running server tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.identity import Token


@dataclass(frozen=True, slots=True)
class Greeting:
    """INFO, the first line of a client port, before any authentication."""

    server_name: str
    server_id: str
    version: str
    cluster: str
    jetstream: bool
    auth_required: bool
    tls_required: bool
    connect_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteGreeting:
    """INFO of a route port: who answers behind a route's address."""

    server_name: str
    server_id: str
    cluster: str


@dataclass(frozen=True, slots=True)
class Server:
    """VARZ: identity, addresses and times of one server. Times are Unix seconds."""

    server_id: str
    server_name: str
    version: str
    cluster_name: str
    cluster_host: str
    cluster_port: int
    cluster_routes: tuple[str, ...]
    client_host: str
    client_port: int
    jetstream: bool
    operators: tuple[Token, ...]
    operator_keys: tuple[str, ...]
    system_account: str | None
    started_at: float
    config_loaded_at: float
    config_digest: str
    slow_consumers: int
    websocket_port: int = 0
    """0 without that listener, and where the server does not tell"""


@dataclass(frozen=True, slots=True)
class Route:
    """The connections of one server to one other (ROUTEZ), grouped by the remote's name.

    ``connections`` counts the pool and the pinned accounts; ``accounts`` are the pinned ones seen.
    """

    remote_name: str
    remote_id: str
    connections: int
    accounts: tuple[str, ...]
    configured: bool


@dataclass(frozen=True, slots=True)
class Health:
    """HEALTHZ: ``ok`` and, where it is not, the server's own words."""

    ok: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """Whether a node's server is up, and how that is known, in a sentence."""

    up: bool
    how: str
