"""What a source hands to ``assemble``: evidence, and which node or address it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from symphony_doctor.model.accounts import AccountFile
from symphony_doctor.model.certificate import Certificate, PortCertificate
from symphony_doctor.model.configuration import NatsConfig, SymphonyConfig
from symphony_doctor.model.evidence import NOT_ASKED, Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Located, Token
from symphony_doctor.model.jetstream import JetStream, MetaGroup, Store, StreamDirectory
from symphony_doctor.model.load_balancer import LoadBalancer
from symphony_doctor.model.log import Log
from symphony_doctor.model.server import Greeting, Health, Route, RouteGreeting, Server
from symphony_doctor.model.services import ClusterInfo, Ui


@dataclass(frozen=True, slots=True)
class Address:
    """A client port to ask, and the directory of the node whose nats.config names it.

    ``client`` goes with a UI port: the client port of the same node, where that has no directory.
    """

    host: str
    port: int
    directory: str | None = None
    client: str | None = None

    @property
    def text(self) -> str:
        """Return ``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def who(self) -> str:
        """Return whom progress is told of: the node by its directory, where that is known."""
        return self.directory or self.text


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """A node's directory. ``given_name`` is the NAME of ``--node NAME=DIR``."""

    given_name: str | None
    directory: str
    symphony_config: Evidence[SymphonyConfig]
    nats_config: Evidence[NatsConfig]
    account_files: Evidence[tuple[AccountFile, ...]]
    stream_directories: Evidence[tuple[StreamDirectory, ...]]
    log: Evidence[tuple[Log, ...]] = NOT_ASKED
    certificates: tuple[PortCertificate, ...] = ()
    store: Evidence[Store] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class ServerAnswers:
    """What one address, or one server found through another, answered.

    ``address`` is ``host:port`` of the client port, empty for a server that was asked by way of another.
    ``directory`` is that of the node whose nats.config named the address; ``routed_as`` the name under which the
    server that was asked instead has a route to it.
    """

    address: str
    directory: str | None = None
    greeting: Evidence[Greeting] = NOT_ASKED
    server: Evidence[Server] = NOT_ASKED
    routes: Evidence[tuple[Route, ...]] = NOT_ASKED
    jetstream: Evidence[JetStream] = NOT_ASKED
    meta_group: Evidence[MetaGroup] = NOT_ASKED
    health: Evidence[Health] = NOT_ASKED
    resolver_accounts: Evidence[frozenset[str]] = NOT_ASKED
    certificates: tuple[PortCertificate, ...] = ()
    routed_as: str = ""

    @property
    def server_name(self) -> str | None:
        """The name of the server that answered."""
        if isinstance(self.server, Seen):
            return self.server.value.server_name
        return self.greeting.value.server_name if isinstance(self.greeting, Seen) else None

    @property
    def server_id(self) -> str | None:
        """The id of the server that answered."""
        if isinstance(self.server, Seen):
            return self.server.value.server_id
        return self.greeting.value.server_id if isinstance(self.greeting, Seen) else None

    @property
    def is_silent_on_routes(self) -> bool:
        """Tell whether it was asked by way of a server with a route to it, and did not answer in time."""
        return bool(self.routed_as) and isinstance(self.server, Missing) and self.server.state is State.TIMED_OUT


@dataclass(frozen=True, slots=True)
class RouteProbe:
    """What answered at a route's ``host:port``, asked from where the doctor runs."""

    address: str
    answer: Evidence[RouteGreeting]
    certificate: Evidence[Certificate] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class PortProbe:
    """The certificate of a WebSocket or UI port: of the node with that directory, else of that server."""

    found: PortCertificate
    directory: str | None = None
    server_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResolverPack:
    """All account JWTs that one resolver of the cluster holds (``$SYS.REQ.CLAIMS.PACK``)."""

    tokens: Evidence[tuple[Token, ...]]


@dataclass(frozen=True, slots=True)
class LoadBalancerFile:
    """One configuration of a load balancer, as it was read; which server is which node is not told yet."""

    balancer: LoadBalancer


@dataclass(frozen=True, slots=True)
class GivenLog:
    """A file of ``--log [NAME=]FILE``: a digest for each service whose lines are in it."""

    given_name: str | None
    path: str
    logs: Evidence[tuple[Log, ...]]


@dataclass(frozen=True, slots=True)
class UiAnswers:
    """What the UI port of the node with that directory answered; without one, of that with the client address."""

    directory: str
    ui: Evidence[Ui]
    client: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What ``cirata.services.cluster.info`` answered."""

    info: Evidence[ClusterInfo]


@dataclass(frozen=True, slots=True)
class GivenCredentials:
    """The public claims of a credentials file that was given."""

    claims: Located[Token]


Observation: TypeAlias = (
    NodeFiles
    | ServerAnswers
    | RouteProbe
    | PortProbe
    | ResolverPack
    | LoadBalancerFile
    | GivenLog
    | UiAnswers
    | ServiceAnswer
    | GivenCredentials
)
