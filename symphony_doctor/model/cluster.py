"""The frozen snapshot: nodes with their evidence, and what follows from all of them together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from symphony_doctor.model.accounts import Account, AccountFile
from symphony_doctor.model.certificate import Certificate, PortCertificate
from symphony_doctor.model.configuration import NatsConfig, SymphonyConfig
from symphony_doctor.model.evidence import NOT_ASKED, Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Located, OperatorIdentity, Preloaded, Token
from symphony_doctor.model.jetstream import (
    JetStream,
    MetaGroup,
    Store,
    Stream,
    StreamConfig,
    StreamDirectory,
    StreamState,
)
from symphony_doctor.model.listeners import Listeners
from symphony_doctor.model.load_balancer import LoadBalancer
from symphony_doctor.model.log import Log
from symphony_doctor.model.server import Greeting, Health, Route, RouteGreeting, Running, Server
from symphony_doctor.model.services import ClusterInfo, Ui


class Kind(StrEnum):
    """The kinds of evidence; each is the field of the same name: of ``Node``, or of ``Cluster`` for CLUSTER_KINDS."""

    SYMPHONY_CONFIG = "symphony_config"
    NATS_CONFIG = "nats_config"
    ACCOUNT_FILES = "account_files"
    STREAM_DIRECTORIES = "stream_directories"
    GREETING = "greeting"
    SERVER = "server"
    ROUTES = "routes"
    JETSTREAM = "jetstream"
    META_GROUP = "meta_group"
    HEALTH = "health"
    RESOLVER_ACCOUNTS = "resolver_accounts"
    RUNNING = "running"
    SERVER_NAME = "server_name"
    CLUSTER_NAME = "cluster_name"
    OPERATOR = "operator"
    SYSTEM_ACCOUNT = "system_account"
    PRELOAD = "preload"
    JETSTREAM_ENABLED = "jetstream_enabled"
    CONFIGURED_ROUTES = "configured_routes"
    ACCOUNTS = "accounts"
    ACCOUNT_CLAIMS = "account_claims"
    STREAMS = "streams"
    LISTENERS = "listeners"
    LOG = "log"
    VERSION = "version"
    ROUTE_TLS = "route_tls"
    CERTIFICATES = "certificates"
    STORE = "store"
    UI = "ui"

    LOAD_BALANCERS = "load_balancers"
    CLUSTER_INFO = "cluster_info"
    CREDENTIALS = "credentials"
    EARLIER = "earlier"


CLUSTER_KINDS = frozenset({Kind.LOAD_BALANCERS, Kind.CLUSTER_INFO, Kind.CREDENTIALS, Kind.EARLIER})
"""The kinds of evidence that belong to no single node."""

ONE_SAMPLE = Missing(State.NOT_ASKED, "the servers were asked once (--samples 2)")


@dataclass(frozen=True, slots=True)
class ConfiguredRoute:
    """A route that a node is configured with.

    ``targets`` are the names of the node at that address: none where no node of the cluster is there,
    several where it is one of them and cannot be told which. ``probe`` is what answered a connection from
    where the doctor runs, and ``certificate`` what it showed: absent where there is no TLS.
    """

    address: str
    where: str
    targets: tuple[str, ...]
    probe: Evidence[RouteGreeting]
    certificate: Evidence[Certificate] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class HeldStream:
    """A stream that a node holds, by its server (``state``) or by its directory alone."""

    account: str
    config: StreamConfig
    state: StreamState | None


@dataclass(frozen=True, slots=True)
class Node:
    """A member of the cluster: what its files, its server and the network say of it.

    The first block is gathered as it is, the second is merged by ``assemble`` from all sources:
    which one is believed where they differ is written there. ``known_from`` names the sources that
    name this node as a member: ``files``, ``nats``, ``routes``. ``directory`` is where its files were read, with the
    host where that is another one.
    """

    name: str
    known_from: tuple[str, ...] = ()
    client_url: str | None = None
    directory: str | None = None

    symphony_config: Evidence[SymphonyConfig] = NOT_ASKED
    nats_config: Evidence[NatsConfig] = NOT_ASKED
    account_files: Evidence[tuple[AccountFile, ...]] = NOT_ASKED
    stream_directories: Evidence[tuple[StreamDirectory, ...]] = NOT_ASKED
    greeting: Evidence[Greeting] = NOT_ASKED
    server: Evidence[Server] = NOT_ASKED
    routes: Evidence[tuple[Route, ...]] = NOT_ASKED
    jetstream: Evidence[JetStream] = NOT_ASKED
    meta_group: Evidence[MetaGroup] = NOT_ASKED
    health: Evidence[Health] = NOT_ASKED
    resolver_accounts: Evidence[frozenset[str]] = NOT_ASKED

    running: Evidence[Running] = NOT_ASKED
    server_name: Evidence[str] = NOT_ASKED
    cluster_name: Evidence[str] = NOT_ASKED
    operator: Evidence[OperatorIdentity] = NOT_ASKED
    system_account: Evidence[str] = NOT_ASKED
    preload: Evidence[tuple[Preloaded, ...]] = NOT_ASKED
    jetstream_enabled: Evidence[bool] = NOT_ASKED
    configured_routes: Evidence[tuple[ConfiguredRoute, ...]] = NOT_ASKED
    accounts: Evidence[frozenset[str]] = NOT_ASKED
    account_claims: Evidence[tuple[Account, ...]] = NOT_ASKED
    streams: Evidence[tuple[HeldStream, ...]] = NOT_ASKED
    listeners: Evidence[Listeners] = NOT_ASKED
    log: Evidence[tuple[Log, ...]] = NOT_ASKED
    version: Evidence[str] = NOT_ASKED
    route_tls: Evidence[bool] = NOT_ASKED
    certificates: Evidence[tuple[PortCertificate, ...]] = NOT_ASKED

    store: Evidence[Store] = NOT_ASKED
    ui: Evidence[Ui] = NOT_ASKED

    @property
    def is_up(self) -> bool:
        """Tell whether the node's server is known to be running."""
        return isinstance(self.running, Seen) and self.running.value.up

    @property
    def is_down(self) -> bool:
        """Tell whether the node's server is known to be down: not the same as not known to be up."""
        return isinstance(self.running, Seen) and not self.running.value.up


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything that was seen of a cluster at ``observed_at`` (Unix seconds).

    ``streams``, ``accounts`` and ``symphony_account`` follow from the nodes' evidence:
    ``symphony_account`` is the account that owns the system buckets, ``None`` where it is not known.
    """

    observed_at: float
    name: str
    nodes: tuple[Node, ...]
    streams: tuple[Stream, ...] = ()
    accounts: tuple[Account, ...] = ()
    symphony_account: str | None = None

    load_balancers: Evidence[tuple[LoadBalancer, ...]] = NOT_ASKED
    cluster_info: Evidence[ClusterInfo] = NOT_ASKED
    credentials: Evidence[tuple[Located[Token], ...]] = NOT_ASKED
    """the claims of the credentials files that were given, each with its path"""

    earlier: Evidence[Cluster] = ONE_SAMPLE
    """what the same servers said some seconds before, and nothing else"""

    unseen: tuple[str, ...] = ()
    """addresses that were asked for, do not answer and are of no node: why, in a sentence each"""

    def node(self, name: str) -> Node | None:
        """Return the node of that name."""
        return next((node for node in self.nodes if node.name == name), None)

    @property
    def size(self) -> int:
        """Return the number of members, up or not."""
        return len(self.nodes)

    @property
    def majority(self) -> int:
        """Return the quorum of the members: ``size // 2 + 1``."""
        return self.size // 2 + 1


if {field.name for field in fields(Node)} - {"name", "known_from", "client_url", "directory"} != set(
    Kind
) - CLUSTER_KINDS:
    raise AssertionError("Kind and the evidence fields of Node must name the same things")
if not {kind.value for kind in CLUSTER_KINDS} <= {field.name for field in fields(Cluster)}:
    raise AssertionError("CLUSTER_KINDS and the evidence fields of Cluster must name the same things")
