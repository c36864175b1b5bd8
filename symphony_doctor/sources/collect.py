"""Gathers all evidence of a run: files first, as they tell the addresses, then the network all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from symphony_doctor.errors import UsageError
from symphony_doctor.formats.nats_settings import DEFAULT_CLIENT_PORT, route_address
from symphony_doctor.model.identity import Located
from symphony_doctor.sources import load_balancer, node_directory
from symphony_doctor.sources.container import outside_of
from symphony_doctor.sources.counted_files import counted
from symphony_doctor.sources.deadline import Deadline, leave_threads_behind
from symphony_doctor.sources.network import look_around
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.node_hosts import NodeHosts, node_hosts
from symphony_doctor.sources.node_logs import with_logs, without_logs
from symphony_doctor.sources.observation import (
    Address,
    GivenCredentials,
    Observation,
)
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
    return [*observations, *await look_around(request, files, outside, reading)]


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
