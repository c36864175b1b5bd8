"""What a node's ports show of TLS, merged from what they showed, what its server says and what its files hold.

Believed, for each port: the certificates that the port itself showed and those of the files that nats.config
names, side by side, since a file may be newer than what the server has loaded; where neither could be had,
the end of the certificate by the server's own word (VARZ); else why not. A port that is known to have no
TLS, or not to exist, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from symphony_doctor.model.certificate import Certificate, Port, PortCertificate
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import RouteGreeting

if TYPE_CHECKING:
    from symphony_doctor.assemble.members import Member
    from symphony_doctor.sources.observation import PortProbe


def with_probes(members: Iterable[Member], probes: Iterable[PortProbe]) -> list[Member]:
    """Give each node what its WebSocket and UI ports showed."""
    every = list(probes)
    completed = []
    for member in members:
        found = (*gathered(member.node), *(each.found for each in every if _is_of(each, member)))
        completed.append(replace(member, node=replace(member.node, certificates=Seen(found, ""))))
    return completed


def gathered(node: Node) -> tuple[PortCertificate, ...]:
    """Return what was found so far of a node in the making."""
    return node.certificates.value if isinstance(node.certificates, Seen) else ()


def _is_of(probe: PortProbe, member: Member) -> bool:
    if probe.directory is not None:
        return probe.directory == member.directory
    return probe.server_id is not None and probe.server_id == member.server_id


def route_tls(node: Node, aimed: Iterable[Evidence[RouteGreeting]]) -> Evidence[bool]:
    """Tell whether a node's routes are encrypted: by VARZ, else by its route port, else by nats.config.

    Symphony encrypts routes where the client port has TLS, whatever the cluster block says.
    """
    if isinstance(node.server, Seen):
        listener = node.server.value.listener(Port.ROUTE)
        return Seen(listener.tls, "VARZ") if listener else Missing(State.ABSENT, "the server is in no cluster", "VARZ")
    for probe in aimed:
        if isinstance(probe, Seen):
            return Seen(probe.value.tls, probe.where)
    config = node.nats_config
    if isinstance(config, Seen):
        block = config.value.cluster
        if block is None:
            return Missing(State.ABSENT, "nats.config has no cluster block", config.where)
        return Seen(block.has_tls or config.value.has_client_tls, block.where)
    if config.is_absence:
        return Missing(State.UNREADABLE, config.why, config.where)
    tried = node.server.state is not State.NOT_ASKED and config.state is State.NOT_ASKED
    return node.server if tried else config


def certificates(
    node: Node, tls_of_routes: Evidence[bool], shown: Iterable[tuple[str, Evidence[Certificate]]]
) -> Evidence[tuple[PortCertificate, ...]]:
    """Return the certificates of all ports of a node; ``shown`` are those at its route addresses."""
    entries = [*gathered(node), *(PortCertificate(Port.ROUTE, where, found) for where, found in shown)]
    known = {
        Port.CLIENT: _client(node),
        Port.ROUTE: tls_of_routes.value if isinstance(tls_of_routes, Seen) else _unless_absent(tls_of_routes),
        Port.WEBSOCKET: _websocket(node),
        Port.UI: None,
    }
    if not entries and all(tls is None for tls in known.values()):
        return _nothing(node)
    found: list[PortCertificate] = []
    for port, tls in known.items():
        found += _of_port(node, port, [each for each in entries if each.port is port], tls=tls)
    return Seen(tuple(found), "")


def _of_port(node: Node, port: Port, entries: list[PortCertificate], *, tls: bool | None) -> list[PortCertificate]:
    seen = {
        each.certificate.value.digest: each
        for each in sorted(entries, key=lambda each: (each.live, each.where))
        if isinstance(each.certificate, Seen)
    }
    if seen:
        return sorted(seen.values(), key=lambda each: (not each.live, each.where))
    listener = node.server.value.listener(port) if isinstance(node.server, Seen) else None
    if listener is not None and listener.not_after is not None:
        told = Certificate(subject="", issuer="", names=None, not_before=None, not_after=listener.not_after)
        return [PortCertificate(port, "VARZ", Seen(told, "VARZ"))]
    missing = [each for each in entries if isinstance(each.certificate, Missing)]
    if tls is False or any(each.certificate.is_absence for each in missing if isinstance(each.certificate, Missing)):
        return []
    tried = [
        each
        for each in missing
        if isinstance(each.certificate, Missing) and each.certificate.state is not State.NOT_ASKED
    ]
    if missing:
        return (tried or missing)[:1]
    return [PortCertificate(port, "", Missing(State.NOT_ASKED, f"the {port} port was not looked at"))]


def _client(node: Node) -> bool | None:
    if isinstance(node.greeting, Seen):
        return node.greeting.value.tls_required
    if isinstance(node.server, Seen):
        listener = node.server.value.listener(Port.CLIENT)
        return listener is not None and listener.tls
    return node.nats_config.value.has_client_tls if isinstance(node.nats_config, Seen) else None


def _websocket(node: Node) -> bool | None:
    if isinstance(node.server, Seen):
        listener = node.server.value.listener(Port.WEBSOCKET)
        return listener is not None and listener.tls
    return node.nats_config.value.has_websocket_tls if isinstance(node.nats_config, Seen) else None


def _unless_absent(missing: Missing) -> bool | None:
    return False if missing.is_absence else None


def _nothing(node: Node) -> Missing:
    reasons = [each for each in (node.greeting, node.nats_config, node.server) if isinstance(each, Missing)]
    tried = [each for each in reasons if each.state is not State.NOT_ASKED]
    first = (tried or reasons)[0]
    # that nats.config is not there tells nothing of what its server shows
    return Missing(State.UNREADABLE, first.why, first.where) if first.is_absence else first
