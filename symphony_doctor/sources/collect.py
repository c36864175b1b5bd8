"""Gathers all evidence of a run: files first, as they tell the addresses, then the network all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from symphony_doctor.errors import UsageError
from symphony_doctor.formats.nats_settings import DEFAULT_CLIENT_PORT, route_address
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.identity import Located
from symphony_doctor.sources import load_balancer, node_directory
from symphony_doctor.sources.container import outside_of
from symphony_doctor.sources.counted_files import counted
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline, leave_threads_behind
from symphony_doctor.sources.http import collect as collect_ui
from symphony_doctor.sources.nats_server import collect as collect_servers
from symphony_doctor.sources.nats_server import probe_routes
from symphony_doctor.sources.node_addresses import client_addresses, route_addresses, told_routes, ui_addresses
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.node_hosts import NodeHosts, node_hosts
from symphony_doctor.sources.node_logs import with_logs, without_logs
from symphony_doctor.sources.observation import (
    Address,
    GivenCredentials,
    Observation,
    ServerAnswers,
    ServiceAnswer,
    UiAnswers,
)
from symphony_doctor.sources.ports import probe_ports
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.tokens import TokenReader


async def collect(
    request: Request, fingerprint: Callable[[str], str], hosts: NodeHosts | None = None
) -> list[Observation]:
    """Return everything that was seen; what could not be had is in it with its reason.

    ``hosts`` are where the nodes' files are, where that is used again; else connections are made for this look alone.
    """
    if hosts is None:
        async with node_hosts(request.directories, request.environment) as own:
            return await collect(request, fingerprint, own)
    hosts.forget()
    leave_threads_behind()
    read_token = TokenReader()
    deadline = Deadline.after(request.seconds)
    nodes = _distinct(request.directories)
    do, seconds = request.attendance.do, request.seconds
    files = await asyncio.gather(
        *(
            do(
                each.place,
                "reading files",
                seconds,
                partial(
                    node_directory.collect,
                    each,
                    read_token,
                    fingerprint,
                    request.environment,
                    deadline,
                    counted(hosts.files(each), each.place, request.attendance.progress),
                ),
                partial(node_directory.without_files, each),
            )
            for each in nodes
        )
    )
    balancers = await asyncio.gather(
        *(
            do(
                "load balancers",
                f"reading {path}",
                seconds,
                partial(load_balancer.collect, path, fingerprint, deadline),
                partial(load_balancer.unread, path),
            )
            for path in request.load_balancers
        )
    )
    files, given = await do(
        "logs",
        "reading",
        seconds,
        partial(with_logs, request, nodes, files, hosts, fingerprint),
        partial(without_logs, files),
    )
    observations: list[Observation] = [*files, *given, *balancers, *_claims(request)]
    if not request.network:
        return observations
    reading = Reading(read_token, fingerprint, request.record, request.attendance)
    outside = outside_of(((each.place, each.container) for each in nodes), hosts.addresses)
    addresses = _unique(_given_first(request.servers, client_addresses(files, outside)))
    routes = route_addresses(files, outside)
    system, others = request.credentials, request.further_credentials
    if system is not None and others:
        from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used

        given_all = (system, *others)
        system, others = await do(
            "servers",
            "whose credentials these are",
            seconds,
            partial(services.tell_apart, addresses, given_all, seconds),
            lambda _: (given_all[0], given_all[1:]),
        )
    interfaces = _given_first(request.uis, ui_addresses(files, outside))
    answers, probes, answered, told = await asyncio.gather(
        collect_servers(addresses, system, reading, seconds),
        do("routes", "connecting", seconds, partial(probe_routes, routes, seconds, outside), lambda _: []),
        do(
            "UI ports",
            "asked for their health",
            seconds,
            partial(collect_ui, interfaces, fingerprint, seconds),
            lambda missing: [UiAnswers(each.directory or "", missing, each.client or "") for each in interfaces],
        ),
        do(
            "services",
            "asked for the replica count",
            seconds,
            partial(_ask_services, addresses, others, seconds),
            lambda missing: [ServiceAnswer(missing)] if others else [],
        ),
    )
    observations += [*answers, *probes, *answered, *told]
    servers = [each for each in answers if isinstance(each, ServerAnswers)]
    further, more, ports = await asyncio.gather(
        do(
            "routes",
            "connecting to those told",
            seconds,
            partial(probe_routes, told_routes(answers, set(routes)), seconds, outside),
            lambda _: [],
        ),
        collect_servers(_advertised(request, observations), None, reading, seconds),
        do(
            "ports",
            "asked for their certificates",
            seconds,
            partial(probe_ports, files, servers, addresses, seconds, outside),
            lambda _: [],
        ),
    )
    # an address that only a server advertises may be of a network that is not this one: its silence says nothing
    greeted = [each for each in more if isinstance(each, ServerAnswers) and isinstance(each.greeting, Seen)]
    return [*observations, *further, *ports, *greeted]


def _claims(request: Request) -> list[GivenCredentials]:
    every = (request.credentials, *request.further_credentials)
    return [GivenCredentials(Located(each.claims, each.label)) for each in every if each and each.claims]


def _distinct(directories: Iterable[NodeDirectory]) -> tuple[NodeDirectory, ...]:
    """Take a directory once that was given by several paths, under its name where one was given."""
    by_place: dict[str, NodeDirectory] = {}
    for each in directories:
        if each.identity not in by_place or by_place[each.identity].name is None:
            by_place[each.identity] = each
    return tuple(by_place.values())


async def _ask_services(
    addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> list[ServiceAnswer]:
    if not credentials:
        return []
    from symphony_doctor.sources import services  # noqa: PLC0415 - the client is imported only if used

    return [ServiceAnswer(await services.cluster_info(addresses, credentials, seconds))]


def server_address(text: str, said: str = "--server") -> Address:
    """Read one URL that something ``said``: ``nats://host:port`` or ``host:port``. Raises ``UsageError``."""
    scheme, has_scheme, rest = text.rpartition("://")
    if "@" in rest:
        # not repeated in the message: what stands before the @ is secret
        raise UsageError(f"{said}: a URL with a user in it: give credentials by --creds or --context")
    found = route_address(rest)
    if found is None or (has_scheme and scheme.lower() not in {"nats", "tls"}):
        raise UsageError(
            f"{said}: {text!r} is no address: expected nats://HOST:PORT or HOST:PORT, with a port from 1 to 65535"
        )
    has_port = ":" in rest.rpartition("]")[2]
    port = found[1] if has_port else DEFAULT_CLIENT_PORT
    if port == 0:
        raise UsageError(f"{said}: {text!r}: expected a port from 1 to 65535")
    return Address(found[0], port)


def ui_address(text: str, said: str) -> Address:
    """Read the URL of a UI that something ``said``: ``http://host:port`` or ``host:port``. Raises ``UsageError``."""
    found = route_address(text.removeprefix("http://").rstrip("/"))
    if "@" in text or "://" in text.removeprefix("http://") or found is None or not found[1]:
        # not repeated in the message: there may be a password in it
        raise UsageError(f"{said}: expected http://HOST:PORT or HOST:PORT")
    return Address(*found)


def _given_first(given: Iterable[Address], derived: Iterable[Address]) -> list[Address]:
    """Return the addresses that were given, and of other nodes those that follow from their files."""
    first = list(given)
    named = {each.directory for each in first if each.directory is not None}
    return [*first, *(each for each in derived if each.directory not in named)]


def _unique(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Ask each address once; a node's own directory goes with the address where both name it."""
    by_text: dict[str, Address] = {}
    for address in addresses:
        known = by_text.get(address.text)
        if known is None or known.directory is None:
            by_text[address.text] = address
    return tuple(by_text.values())


def _advertised(request: Request, observations: list[Observation]) -> tuple[Address, ...]:
    """Return the addresses that servers advertise and that nobody named, where nothing else leads to them."""
    if request.credentials is not None or request.directories:
        return ()
    asked = {each.address for each in observations if isinstance(each, ServerAnswers)}
    found = []
    for each in observations:
        if isinstance(each, ServerAnswers) and isinstance(each.greeting, Seen):
            for url in each.greeting.value.connect_urls:
                parsed = route_address(url)
                if parsed is not None and (address := Address(*parsed)).text not in asked:
                    found.append(address)
    return _unique(found)
