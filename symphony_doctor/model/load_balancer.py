"""Load balancers in front of the cluster, as their configuration files say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from symphony_doctor.model.evidence import Evidence, Missing, State

NOT_PLACED = Missing(State.NOT_ASKED, "not compared with the nodes")


class Layer(StrEnum):
    """What a load balancer understands of the traffic that it forwards."""

    HTTP = "http"
    TCP = "tcp"


class Service(StrEnum):
    """A port of a node that a load balancer forwards to."""

    UI = "UI"
    WEBSOCKET = "WebSocket"
    NATS = "NATS client"


@dataclass(frozen=True, slots=True)
class PoolServer:
    """One server of a pool: ``host`` is ``None`` for a socket file, ``port`` where none can be told.

    ``nodes`` are the nodes that it may be, filled in by ``assemble``: one where it is that node, several
    where it is one of them and cannot be told which, none where it is no node of the cluster.
    ``unused`` says why it gets no traffic, empty where it does.
    """

    address: str
    host: str | None
    port: int | None
    where: str
    backup: bool = False
    unused: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A line, or the lack of one, that keeps a WebSocket handshake from reaching the node."""

    where: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A place that forwards traffic to a pool: an nginx ``proxy_pass``, a frontend of HAProxy.

    ``title`` names it as people do, such as ``location /ws``. ``obstacles`` are those to a WebSocket
    handshake, which matter where the pool is of WebSocket ports alone.
    """

    title: str
    where: str
    layer: Layer
    obstacles: Evidence[tuple[Obstacle, ...]]


@dataclass(frozen=True, slots=True)
class Pool:
    """Servers that traffic is spread over: an nginx ``upstream``, a ``backend`` of HAProxy, or one address.

    ``named`` is false for the single address of a ``proxy_pass`` without an upstream. ``affinity`` is what
    keeps a client on one server. ``open_ended`` says why there may be servers that the file does not name.
    ``service`` is the port of the nodes that it leads to, filled in by ``assemble``: absent where the pool
    has nothing to do with the cluster, missing otherwise where that cannot be told.
    """

    title: str
    where: str
    named: bool
    servers: tuple[PoolServer, ...]
    affinity: Evidence[str]
    used_by: tuple[Forwarding, ...]
    open_ended: str = ""
    service: Evidence[Service] = NOT_PLACED


@dataclass(frozen=True, slots=True)
class Balancing:
    """What one configuration does. ``program`` is ``nginx`` or ``HAProxy``.

    ``undecided`` are places that forward to what only the running program knows, such as a variable.
    """

    program: str
    pools: tuple[Pool, ...]
    undecided: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """One configuration file of a load balancer, with all that it includes."""

    path: str
    content: Evidence[Balancing]
