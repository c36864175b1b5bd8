"""The options that say what to look at, and the one request that they make."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from symphony_doctor.commands._evidence import OPTIONS, samples_option
from symphony_doctor.commands._found import with_found
from symphony_doctor.commands._inventory import judging_of, open_book
from symphony_doctor.commands._inventory_login import wanted_of
from symphony_doctor.commands._inventory_nodes import Taken, take
from symphony_doctor.commands._inventory_said import book_lines, nothing, tell
from symphony_doctor.commands._login import log_in
from symphony_doctor.commands._paths import load_balancers as balancer_files
from symphony_doctor.commands._paths import log_file, node_directories
from symphony_doctor.commands._wanted import Wanted
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.request import Request


def request_of(
    *,
    nodes: tuple[str, ...],
    sudo: bool,
    local: bool,
    docker: str | None,
    servers: tuple[str, ...],
    creds: tuple[Path, ...],
    nkey: Path | None,
    context: str | None,
    tlsca: Path | None,
    tlscert: Path | None,
    tlskey: Path | None,
    load_balancers: tuple[Path, ...],
    logs: tuple[str, ...],
    bundles: tuple[Path, ...],
    offline: bool,
    timeout: float,
    inventory: Path | None,
    no_inventory: bool,
    profile: str | None,
    samples: int = 1,
    interval: float = 5.0,
) -> Request:
    """Return what the options ask for; raise ``UsageError`` or ``InputError``."""
    wanted = Wanted(servers, creds, nkey, context, tlsca, tlscert, tlskey)
    if offline and wanted.is_any:
        raise UsageError("--offline touches no network: leave out --server, --creds, --nkey and --context")
    # what was seen elsewhere says nothing of what is to be reached from here
    offline = offline or bool(bundles and not wanted.is_any)
    book = open_book(inventory, profile, none=no_inventory)
    # where the command line says what to look at, the inventory says no more than how to judge it
    is_named = bool(nodes or local or docker is not None or servers or bundles)
    if book is None or is_named:
        taken = Taken()
        directories = node_directories(nodes, sudo=sudo)
    else:
        taken = take(book, sudo=sudo)
        directories, wanted = taken.directories, wanted if offline else wanted_of(book, wanted)
    if local or docker is not None:
        directories = with_found(directories, local=local, docker=docker, offline=offline)
    login = log_in(wanted, {} if offline else os.environ, named=bool(directories or bundles or taken.servers))
    reached = () if offline else (*taken.servers, *login.servers)
    if not (directories or reached or bundles):
        raise UsageError(nothing(book))
    judging = judging_of(book)
    tell((*book_lines(book, judging, directories, reached, wanted.said, is_named=is_named), *login.said))
    return Request(
        directories=directories,
        servers=reached,
        credentials=login.credentials[0] if login.credentials else None,
        further_credentials=login.credentials[1:],
        network=not offline,
        seconds=timeout,
        environment=dict(os.environ),
        load_balancers=balancer_files(load_balancers) or taken.load_balancers,
        logs=tuple(log_file(each) for each in logs) or taken.logs,
        tls=login.tls,
        bundles=tuple(dict.fromkeys(bundles)),
        samples=samples,
        interval=interval,
        uis=() if offline else taken.uis,
        judging=judging,
    )


EVIDENCE = (
    "nodes", "sudo", "local", "docker", "servers", "creds", "nkey", "context", "tlsca", "tlscert", "tlskey", "offline",
    "timeout", "inventory", "no_inventory", "profile",
)  # fmt: skip
"""The options by which nodes and servers are reached."""

_NAMES = frozenset(inspect.signature(request_of).parameters)


def evidence_options(*, samples: int) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add the options that say what to look at; the command gets all of them as one ``request``.

    ``samples`` is how often the servers are asked where the command line does not say it.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def with_request(**options: Any) -> int:  # noqa: ANN401 - as click hands them over
            request = request_of(**{name: options.pop(name) for name in _NAMES})
            return command(request=request, **options)

        decorated: Callable[..., int] = with_request
        for option in (samples_option(samples), *reversed(OPTIONS)):
            decorated = option(decorated)
        return decorated

    return decorate
