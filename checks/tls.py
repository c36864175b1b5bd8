"""TLS of routes: on both sides, and with a certificate that the other side accepts."""

from __future__ import annotations

from collections import Counter

from symphony_doctor.api import (
    Because,
    Certificate,
    Cluster,
    ConfiguredRoute,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Node,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    Subject,
    check,
    known,
)

from ._certificates import renew
from ._commands import edit
from ._validity import validity
from ._words import listing, plural, verb


@check(
    "RT007",
    name="route-tls",
    severity=Severity.ERROR,
    needs=(Kind.ROUTE_TLS, Kind.CONFIGURED_ROUTES),
    explained_by=(Because("SV003", Same.SUBJECT), Because("CF006", Same.NODES)),
)
def route_tls(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Routes have TLS on one side only, or a certificate that is not valid for the route's host.

    What it means: the servers refuse each other. A server without TLS gets no route to one with TLS. A
    certificate that is not valid for the host in a route fails whoever dials that route; the node itself can
    still dial out, so the cluster may look healthy until it is the others that have to dial.

    How it is seen: TLS of the cluster block in VARZ, by the route port itself, or in nats.config, where TLS
    of the client port counts for the routes too, as Symphony encrypts them with the same certificate. The
    doctor looks at the certificate of every configured route and compares its alternative names with the
    host in the route, and its time with the clock of this machine. For a route by IP address the server also
    accepts the first host name of its other routes.

    What else it could be: TLS was turned on node by node, and not all are done.

    By hand: give all nodes the same TLS blocks; issue the certificate again with every host name and IP
    address that routes use.

    Verify: `openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -ext subjectAltName -dates`.
    """
    sides, gaps = known(cluster, lambda node: node.route_tls)
    yield from gaps
    routes, gaps = known(cluster, lambda node: node.configured_routes)
    yield from gaps
    yield from _one_sided(sides)
    yield from _unseen(cluster, sides, routes)
    yield from _wrong_host(cluster)
    yield from _out_of_time(cluster)


def _one_sided(sides: dict[str, Seen[bool]]) -> Iterator[Finding]:
    counted = Counter(seen.value for seen in sides.values())
    if len(counted) < 2:  # noqa: PLR2004 - with and without
        return
    tied = counted[True] == counted[False]
    odd = tuple(sorted(node for node, seen in sides.items() if tied or counted[seen.value] < counted[not seen.value]))
    usual = counted[True] >= counted[False]
    without = tuple(sorted(node for node, seen in sides.items() if not seen.value))
    yield Finding(
        title=f"Routes of {listing(without)} have no TLS, those of the other nodes have"
        if usual
        else f"Routes of {listing(odd)} have TLS, those of the other nodes have none",
        detail="A server with TLS and one without refuse each other's routes.",
        subject=Subject("cluster", "route TLS"),
        nodes=odd,
        evidence=tuple(
            EvidenceEntry(node, seen.where, _words(tls=usual), _words(tls=seen.value))
            for node, seen in sorted(sides.items())
        ),
        remedies=(
            edit("nats.config", without, "set the tls blocks as on the other nodes"),
            Remedy("Or turn TLS off on all nodes: routes are then readable on the network", (), Risk.DISRUPTIVE),
        ),
    )


def _words(*, tls: bool) -> str:
    return "TLS" if tls else "no TLS"


def _unseen(
    cluster: Cluster, sides: dict[str, Seen[bool]], routes: dict[str, Seen[tuple[ConfiguredRoute, ...]]]
) -> Iterator[Gap]:
    """Say which certificates could not be looked at, of routes that have TLS or may have it."""
    for name, seen in sorted(routes.items()):
        for route in seen.value:
            targets = [target for target in route.targets if cluster.node(target)]
            plain = bool(targets) and all(target in sides and not sides[target].value for target in targets)
            if isinstance(route.certificate, Missing) and not route.certificate.is_absence and targets and not plain:
                yield Gap(name, route.certificate)


def _wrong_host(cluster: Cluster) -> Iterator[Finding]:
    refused: dict[str, list[tuple[Node, ConfiguredRoute, Certificate]]] = {}
    for node, route, certificate in _shown(cluster):
        host = _host(route.address)
        if not any(certificate.is_valid_for(name) for name in (host, *_other_name(node, host))):
            refused.setdefault(route.address, []).append((node, route, certificate))
    for address, found in sorted(refused.items()):
        _, first, certificate = found[0]
        targets = first.targets or tuple(node.name for node, _, _ in found)
        names = listing(certificate.names or ()) or "no name at all"
        yield Finding(
            title=f"The certificate of {listing(targets)} is not valid for {_host(address)}, the host in its route",
            detail=f"It is valid for {names}. {plural(len(found), 'node')} {verb(len(found), 'dials', 'dial')} "
            f"{address}, and {verb(len(found), 'refuses', 'refuse')} what answers: "
            f"{listing(node.name for node, _, _ in found)}. "
            f"A route exists only as long as {listing(targets)} {verb(len(targets), 'dials', 'dial')} out.",
            subject=Subject("route", address),
            nodes=targets,
            evidence=tuple(
                EvidenceEntry(
                    node.name, route.where, f"a certificate valid for {_host(address)}", f"{address}: {names}"
                )
                for node, route, _ in found
            ),
            remedies=(
                Remedy(
                    f"Issue the certificate of {listing(targets)} again with {_host(address)} among its alternative "
                    "names, and restart Symphony there",
                    (
                        f"openssl s_client -connect {address} </dev/null | openssl x509 -noout -ext subjectAltName",
                        "sudo systemctl restart symphony",
                    ),
                    Risk.DISRUPTIVE,
                ),
                edit(
                    "nats.config",
                    sorted(node.name for node, _, _ in found),
                    f"or write {address} in cluster.routes with a name that the certificate is valid for",
                ),
            ),
        )


def _out_of_time(cluster: Cluster) -> Iterator[Finding]:
    late: dict[str, tuple[Certificate, str, dict[str, str]]] = {}
    for _, route, certificate in _shown(cluster):
        said = validity(certificate.not_before, certificate.not_after, cluster.observed_at, 0)
        if said is not None:
            for target in route.targets:
                late.setdefault(certificate.digest, (certificate, said[1], {}))[2][target] = route.address
    for digest, (certificate, words, places) in sorted(late.items()):
        nodes = tuple(sorted(places))
        yield Finding(
            title=f"The certificate of the routes of {listing(nodes)} {words}",
            detail="Routes that are open stay open; a new one is refused in both directions.",
            subject=Subject("certificate", digest),
            nodes=nodes,
            evidence=tuple(
                EvidenceEntry(node, address, "a certificate that is valid now", words)
                for node, address in sorted(places.items())
            ),
            remedies=(renew(certificate, nodes),),
        )


def _shown(cluster: Cluster) -> Iterator[tuple[Node, ConfiguredRoute, Certificate]]:
    """Yield the routes whose certificate was seen, but for those that a node has to itself."""
    for node in cluster.nodes:
        for route in node.configured_routes.value if isinstance(node.configured_routes, Seen) else ():
            if isinstance(route.certificate, Seen) and route.targets != (node.name,):
                yield node, route, route.certificate.value


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _other_name(node: Node, host: str) -> tuple[str, ...]:
    """Return the first host name in a node's routes: its server accepts it for a route by IP address."""
    if not _is_address(host) or not isinstance(node.configured_routes, Seen):
        return ()
    hosts = (_host(route.address) for route in node.configured_routes.value)
    return tuple(name for name in hosts if not _is_address(name))[:1]


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
