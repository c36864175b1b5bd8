"""The options that say what to look at, and the one request that they make."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from symphony_doctor.commands._evidence import OPTIONS, samples_option
from symphony_doctor.commands._paths import load_balancers as balancer_files
from symphony_doctor.commands._paths import log_file, node_directories
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.collect import server_address
from symphony_doctor.sources.credentials import Tls, authority_file, creds_file, nats_context
from symphony_doctor.sources.request import Request


def request_of(
    *,
    nodes: tuple[str, ...],
    servers: tuple[str, ...],
    creds: tuple[Path, ...],
    context: str | None,
    tlsca: Path | None,
    load_balancers: tuple[Path, ...],
    logs: tuple[str, ...],
    bundles: tuple[Path, ...],
    offline: bool,
    timeout: float,
    samples: int = 1,
    interval: float = 5.0,
) -> Request:
    """Return what the options ask for; raise ``UsageError`` or ``InputError``."""
    if creds and context is not None:
        raise UsageError("--creds and --context exclude each other: a context brings its own credentials")
    addresses = [url.strip() for each in servers for url in each.split(",") if url.strip()]
    if servers and not addresses:
        raise UsageError("--server names no address: an empty variable of the shell?")
    credentials = tuple(creds_file(each) for each in creds)
    if context is not None:
        found = nats_context(context, os.environ)
        credentials = (found.credentials,)
        addresses = addresses or list(found.servers)
    tls = credentials[0].tls if credentials else Tls()
    if tlsca is not None:
        tls = replace(tls, authority=authority_file(tlsca).authority)
        credentials = tuple(replace(each, tls=tls) for each in credentials)
    if offline and (addresses or credentials):
        raise UsageError("--offline touches no network: leave out --server, --creds and --context")
    if not nodes and not addresses and not bundles:
        raise UsageError(
            "nothing to look at: give --node DIR for each node's Symphony directory, or --server URL for live NATS"
        )
    # what was seen elsewhere says nothing of what is to be reached from here
    offline = offline or bool(bundles and not addresses and not credentials)
    return Request(
        directories=node_directories(nodes),
        servers=tuple(server_address(address) for address in addresses),
        credentials=credentials[0] if credentials else None,
        further_credentials=credentials[1:],
        network=not offline,
        seconds=timeout,
        environment=dict(os.environ),
        load_balancers=balancer_files(load_balancers),
        logs=tuple(log_file(each) for each in logs),
        tls=tls,
        bundles=tuple(dict.fromkeys(bundles)),
        samples=samples,
        interval=interval,
    )


EVIDENCE = ("nodes", "servers", "creds", "context", "tlsca", "offline", "timeout")
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
