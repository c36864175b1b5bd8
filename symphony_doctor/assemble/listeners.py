"""Where each node can be reached: its hosts, and the ports of its services.

Believed: the running server, else nats.config; for the port of the UI symphony.config, which no server tells.
Hosts are those that a node listens on or advertises, those by which the others' routes lead to it, and
the one by which its client port was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from symphony_doctor.formats.host_port import host_port
from symphony_doctor.model.certificate import Port
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.listeners import Listeners

if TYPE_CHECKING:
    from symphony_doctor.assemble.addresses import RouteMap

DEFAULT_UI_PORT = 8080
"""The product's own where symphony.config sets no network.uiport."""

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def listeners_of(node: Node, server_name: Evidence[str], routes: RouteMap) -> Evidence[Listeners]:
    """Return where a node can be reached; missing only where nothing at all is known of it."""
    seen = next(
        (each for each in (node.nats_config, node.server, node.symphony_config) if isinstance(each, Seen)), None
    )
    if seen is None and node.client_url is None:
        return _lacking(node)
    labels = {node.name, *([server_name.value] if isinstance(server_name, Seen) else [])}
    return Seen(
        Listeners(
            hosts=tuple(sorted(_hosts(node, routes) - _EVERYWHERE)),
            labels=tuple(sorted(label.lower() for label in labels)),
            ui=_ui(node),
            websocket=_websocket(node),
            client=_client(node),
        ),
        seen.where if seen is not None else node.client_url or "",
    )


def _hosts(node: Node, routes: RouteMap) -> set[str]:
    addresses = [address for address, name in routes.targets.items() if name == node.name]
    if node.client_url is not None:
        addresses.append(node.client_url)
    hosts: list[str | None] = []
    if isinstance(node.nats_config, Seen):
        config = node.nats_config.value
        hosts += [config.client.host, config.websocket.host if config.websocket else None]
        if config.cluster is not None:
            hosts.append(config.cluster.listen.host if config.cluster.listen else None)
            addresses += [config.cluster.advertise.value] if config.cluster.advertise else []
    if isinstance(node.server, Seen):
        hosts += [node.server.value.client_host, node.server.value.cluster_host]
    split = [host_port(address) for address in addresses]
    return {host.lower() for host in [*hosts, *(each[0] for each in split if each)] if host}


def _ui(node: Node) -> Evidence[int]:
    config = node.symphony_config
    if isinstance(config, Missing):
        return _as_lack(config)
    if config.value.ui_port is not None:
        return Seen(config.value.ui_port, config.where)
    for setting in config.value.settings:
        if setting.path == ("network", "uiport"):
            return Missing(State.UNREADABLE, f"{setting.where}: network.uiport is no number", setting.where)
    return Seen(DEFAULT_UI_PORT, config.where)


def _websocket(node: Node) -> Evidence[int]:
    told = node.server.value.listener(Port.WEBSOCKET) if isinstance(node.server, Seen) else None
    if told is not None:
        return Seen(told.number, "VARZ")
    if isinstance(node.nats_config, Seen):
        listen = node.nats_config.value.websocket
        if listen is not None:
            return Seen(listen.port, listen.where)
        return Missing(State.ABSENT, "nats.config has no websocket block", node.nats_config.where)
    if isinstance(node.server, Seen):
        return Missing(State.ABSENT, "the server has no WebSocket port", "VARZ")
    return _lacking(node)


def _client(node: Node) -> Evidence[int]:
    if isinstance(node.server, Seen) and node.server.value.client_port:
        return Seen(node.server.value.client_port, "VARZ")
    if isinstance(node.nats_config, Seen):
        listen = node.nats_config.value.client
        return Seen(listen.port, listen.where)
    if node.client_url is not None and (asked := host_port(node.client_url)) and asked[1] is not None:
        return Seen(asked[1], node.client_url)
    return _lacking(node)


def _lacking(node: Node) -> Missing:
    """Say why neither the server nor nats.config tells: what was tried and failed before what nobody asked for."""
    files = node.nats_config
    if isinstance(files, Missing) and files.state is not State.NOT_ASKED:
        return _as_lack(files)
    return node.server if isinstance(node.server, Missing) else NOT_TOLD


def _as_lack(missing: Missing) -> Missing:
    """A file that is not there tells nothing of the port: that is no knowledge that there is none."""
    if missing.is_absence:
        return Missing(State.UNREADABLE, missing.why, missing.where)
    return missing


NOT_TOLD = Missing(State.NOT_ASKED, "no source tells this port")
