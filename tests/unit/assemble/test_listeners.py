"""Where nodes can be reached, by what their files, their servers and the routes of the others tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symphony_doctor.api import Listeners, Missing, Seen, State
from symphony_doctor.assemble.addresses import RouteMap
from symphony_doctor.assemble.listeners import listeners_of
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.configuration import Listen
from symphony_doctor.testing import healthy

NO_ROUTES = RouteMap({}, {}, (), {})
NOT_ASKED = Missing(State.NOT_ASKED, "no --node directory")
NO_ANSWER = Missing(State.NOT_ASKED, "no system-account credentials")


def node() -> Node:
    return replace(healthy(3).nodes[0], client_url=None)


def heard(of: Node, routes: RouteMap = NO_ROUTES) -> Listeners:
    return listeners_of(of, of.server_name, routes).get()


def test_ports_and_names() -> None:
    found = heard(node())
    assert [port.get() for port in (found.ui, found.websocket, found.client)] == [8080, 9222, 4222]
    assert (found.hosts, found.labels) == ((), ("node1",))


def test_hosts_are_those_of_routes_listeners_and_the_address_that_was_asked() -> None:
    config = node().nats_config.get()
    listening = replace(config, websocket=Listen("10.0.0.1", 9222, "nats.config:3:1"))
    of = replace(node(), client_url="Node1.example.com:4222", nats_config=Seen(listening, "nats.config"))
    routes = RouteMap({}, {"n1.example.com:6222": "node1", "n2.example.com:6222": "node2"}, (), {})
    assert heard(of, routes).hosts == ("10.0.0.1", "n1.example.com", "node1.example.com")


def test_the_product_s_own_port_where_symphony_config_sets_none() -> None:
    config = replace(node().symphony_config.get(), ui_port=None, settings=())
    assert heard(replace(node(), symphony_config=Seen(config, "s"))).ui == Seen(8080, "s")


def test_a_port_that_is_no_number_is_not_taken_for_the_default() -> None:
    config = replace(node().symphony_config.get(), ui_port=None)
    found = heard(replace(node(), symphony_config=Seen(config, "s"))).ui
    assert isinstance(found, Missing)
    assert found.state is State.UNREADABLE


def test_a_node_without_a_websocket_block_has_no_such_port() -> None:
    server = replace(node().server.get(), listeners=())
    config = replace(node().nats_config.get(), websocket=None)
    of = replace(node(), server=Seen(server, "VARZ"), nats_config=Seen(config, "nats.config"))
    found = heard(of).websocket
    assert isinstance(found, Missing)
    assert found.is_absence


def test_files_alone_and_servers_alone() -> None:
    files = heard(replace(node(), server=NO_ANSWER))
    assert [port.get() for port in (files.ui, files.websocket, files.client)] == [8080, 9222, 4222]
    servers = heard(replace(node(), symphony_config=NOT_ASKED, nats_config=NOT_ASKED))
    assert servers.ui is NOT_ASKED
    assert [port.get() for port in (servers.websocket, servers.client)] == [9222, 4222]


@pytest.mark.parametrize("state", [State.DENIED, State.ABSENT])
def test_what_could_not_be_read_is_no_absence(state: State) -> None:
    lost = Missing(state, "nats.config")
    of = replace(node(), server=NO_ANSWER, symphony_config=lost, nats_config=lost)
    found = listeners_of(of, of.server_name, NO_ROUTES)
    assert isinstance(found, Missing)
    assert not found.is_absence
