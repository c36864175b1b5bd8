"""Load balancers: browsers kept on one node, WebSockets and NATS passed on."""

from __future__ import annotations

from symphony_doctor.api import (
    Cluster,
    EvidenceEntry,
    Finding,
    Forwarding,
    Gap,
    Iterator,
    Kind,
    Layer,
    Missing,
    Obstacle,
    Seen,
    Service,
    Severity,
    State,
    Subject,
    check,
)

from ._balancing import SOURCE, Placed, addresses, change, pools_of
from ._words import listing


@check(
    "LB002",
    name="lb-websocket-not-sticky",
    severity=Severity.ERROR,
    needs=(Kind.LOAD_BALANCERS, Kind.LISTENERS),
)
def lb_websocket_not_sticky(cluster: Cluster) -> Iterator[Finding | Gap]:
    """WebSocket connections are spread over the nodes without session affinity.

    What it means: a browser that connects again lands on another node than its session is on (specification,
    WebSocket Traffic: sticky sessions).

    How it is seen: the upstream that holds the nodes' WebSocket ports has no ip_hash, no sticky and no hash of
    something that stays the same for a client, as its address or a cookie; in HAProxy no balance source, no
    cookie with a value for each server, no stick on. With one server at work there is nothing to choose.

    What else it could be: one more load balancer in front, which sends each client here with affinity of its
    own; behind one that hides addresses, ip_hash sends all clients to one node, and a hash of
    $http_x_forwarded_for is right.

    By hand: add ip_hash to the upstream (nginx), or balance source to the backend (HAProxy); reload.

    Verify: connect twice from one machine; the nodes' connections (`nats server report connections`) show both
    on one server.
    """
    pools, gaps = pools_of(cluster, Service.WEBSOCKET)
    yield from gaps
    for placed in pools:
        pool, affinity = placed.pool, placed.pool.affinity
        at_work = addresses(tuple(each for each in pool.servers if not (each.backup or each.unused)))
        if isinstance(affinity, Seen) or (len(at_work) < 2 and not pool.open_ended):  # noqa: PLR2004 - a choice of two
            continue
        if not affinity.is_absence or len(at_work) < 2:  # noqa: PLR2004
            yield Gap(None, affinity if not affinity.is_absence else Missing(State.UNREADABLE, pool.open_ended))
            continue
        line = "ip_hash" if placed.program == "nginx" else "balance source"
        if placed.program == "nginx" and any(each.layer is Layer.TCP for each in pool.used_by):
            line = "hash $remote_addr consistent"
        yield Finding(
            title=f"{pool.title} spreads WebSocket connections without affinity",
            detail="A browser that connects again is sent to another node than its session is on.",
            subject=Subject("setting", placed.name),
            nodes=(),
            evidence=(EvidenceEntry(SOURCE, affinity.where or pool.where, line, affinity.why),),
            remedies=(change(placed, affinity.where or pool.where, f"keep each client on one node: {line}"),),
        )


@check(
    "LB003",
    name="lb-websocket-upgrade",
    severity=Severity.ERROR,
    needs=(Kind.LOAD_BALANCERS, Kind.LISTENERS),
)
def lb_websocket_upgrade(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The load balancer does not pass the WebSocket handshake on to the nodes.

    What it means: the node sees an ordinary request and refuses it with 400; the user interface loads and
    never connects (specification, Load Balancing: HTTP/1.1, and the headers Upgrade and Connection).

    How it is seen: at each proxy_pass to the nodes' WebSocket ports, what nginx sends: proxy_http_version, and
    the proxy_set_header lines that hold there. A block that has any of its own inherits none. The values of
    maps are worked out for a handshake. HAProxy passes handshakes on by itself, unless http-request rules
    take the headers away.

    What else it could be: nginx 1.29.7 or newer, where HTTP/1.1 is the default: there proxy_http_version may
    be left out, though it does no harm. nats-server 2.15 takes a handshake in HTTP/1.0 as well.

    By hand: in that location set proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade and
    proxy_set_header Connection "upgrade"; reload.

    Verify: `curl -sk -o /dev/null -w '%{http_code}' --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket'
    -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' -m 3 URL` says 101.
    """
    pools, gaps = pools_of(cluster, Service.WEBSOCKET)
    yield from gaps
    for placed in pools:
        if not placed.pool.used_by:
            why = f"nothing in {placed.path} forwards to {placed.pool.title}"
            yield Gap(None, Missing(State.ABSENT, why, placed.pool.where))
        for forwarding in placed.pool.used_by:
            if forwarding.layer is Layer.TCP:
                continue
            if isinstance(forwarding.obstacles, Missing):
                yield Gap(None, forwarding.obstacles)
            elif forwarding.obstacles.value:
                yield _no_upgrade(placed, forwarding, forwarding.obstacles.value)


def _no_upgrade(placed: Placed, forwarding: Forwarding, found: tuple[Obstacle, ...]) -> Finding:
    if placed.program == "HAProxy":
        what = f"take away what changes the handshake: {listing(each.actual for each in found)}"
    else:
        what = f"pass the handshake on: {listing(each.expected for each in found)}"
    headers = any("HTTP/1" not in each.actual and "http_version" not in each.actual for each in found)
    return Finding(
        title=f"{forwarding.title} does not pass WebSocket handshakes on",
        detail="The nodes refuse what arrives with 400 Bad Request: the user interface loads and never connects."
        if headers
        else "WebSocket needs HTTP/1.1 (RFC 6455, and the product's page); some servers take HTTP/1.0, others do not.",
        subject=Subject("setting", f"{placed.path}: {forwarding.title}"),
        nodes=(),
        evidence=tuple(EvidenceEntry(SOURCE, each.where, each.expected, each.actual) for each in found),
        remedies=(change(placed, found[0].where, what),),
    )


@check(
    "LB004",
    name="lb-nats-not-passthrough",
    severity=Severity.WARNING,
    needs=(Kind.LOAD_BALANCERS, Kind.LISTENERS),
)
def lb_nats_not_passthrough(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The NATS client ports are forwarded as HTTP instead of as plain TCP.

    What it means: NATS is no HTTP: a server speaks first, and the load balancer waits for a request. No
    extension and no NATS client connects that way (specification, NATS Client Traffic).

    How it is seen: a proxy_pass of nginx inside http, or a backend of HAProxy in mode http, that leads to the
    nodes' client ports.

    What else it could be: a port that is meant to be the WebSocket port.

    By hand: move the upstream and its server into a stream block (nginx), or set mode tcp (HAProxy); reload.

    Verify: `nats --server nats://LOADBALANCER:4222 server check connection` with any credentials answers OK.
    """
    pools, gaps = pools_of(cluster, Service.NATS)
    yield from gaps
    for placed in pools:
        wrong = [each for each in placed.pool.used_by if each.layer is Layer.HTTP]
        if not wrong:
            continue
        nginx = placed.program == "nginx"
        expected = "a stream block" if nginx else "mode tcp"
        what = "move it into a stream block, with its upstream" if nginx else "set mode tcp, in the frontend as well"
        yield Finding(
            title=f"{placed.pool.title} forwards NATS client ports as HTTP",
            detail="NATS is no HTTP: no client connects through this.",
            subject=Subject("setting", placed.name),
            nodes=(),
            evidence=tuple(
                EvidenceEntry(SOURCE, each.where, expected, f"{each.title}, in {'http' if nginx else 'mode http'}")
                for each in wrong
            ),
            remedies=(change(placed, wrong[0].where if nginx else placed.pool.where, what),),
        )
