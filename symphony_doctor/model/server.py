"""What a running server tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.certificate import Port
from symphony_doctor.model.identity import Token


@dataclass(frozen=True, slots=True)
class Greeting:
    """INFO, the first line of a client port, before any authentication.

    ``tls_first`` tells a port that says it only after the TLS handshake (``handshake_first``).
    """

    server_name: str
    server_id: str
    version: str
    cluster: str
    jetstream: bool
    auth_required: bool
    tls_required: bool
    connect_urls: tuple[str, ...]
    tls_first: bool = False


@dataclass(frozen=True, slots=True)
class RouteGreeting:
    """INFO of a route port: who answers behind a route's address.

    A port with ``tls`` tells its name only to a server that the cluster trusts: the names are empty.
    """

    server_name: str
    server_id: str
    cluster: str
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of a server by its own word (VARZ).

    ``not_after`` is the end of its certificate in Unix
    seconds (servers from 2.11).
    """

    port: Port
    host: str
    number: int
    tls: bool
    not_after: float | None


@dataclass(frozen=True, slots=True)
class Server:
    """VARZ: identity, addresses and times of one server. Times are Unix seconds.

    ``clock_offset`` is its clock less that of the doctor's machine, in seconds; it may be wrong by half of
    ``round_trip``, the seconds between question and answer. ``slow_consumers`` counts since the start;
    ``slow_routes`` are those of them that were routes to other servers.
    """

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
    slow_routes: int = 0
    clock_offset: float = 0.0
    round_trip: float = 0.0
    listeners: tuple[Listener, ...] = ()

    def listener(self, port: Port) -> Listener | None:
        """Return what the server says of one of its ports; ``None`` where it listens on none."""
        return next((each for each in self.listeners if each.port is port), None)


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
