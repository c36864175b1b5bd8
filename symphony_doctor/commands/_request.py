"""What the options of `run` ask for, as the sources take it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path

import click

from symphony_doctor.errors import UsageError
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.sources.collect import Request, server_address
from symphony_doctor.sources.credentials import authority_file, creds_file, nats_context
from symphony_doctor.sources.files import directory_at
from symphony_doctor.sources.log_files import LogFile
from symphony_doctor.sources.node_directory import NodeDirectory

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        match = _DURATION.fullmatch(str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(
                f"{value!r} is no duration: expected a positive number of seconds, or such as 500ms, 30s, 5m",
                param,
                ctx,
            )
        return float(match[1]) * _SECONDS[match[2]]


DURATION = _Duration()


def evidence_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say what to look at; the command gets all of them as one ``request``."""

    @wraps(command)
    def with_request(
        *,
        nodes: tuple[str, ...],
        servers: tuple[str, ...],
        creds: tuple[Path, ...],
        context: str | None,
        tlsca: Path | None,
        load_balancers: tuple[Path, ...],
        logs: tuple[str, ...],
        offline: bool,
        timeout: float,
        **others: object,
    ) -> int:
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
        if tlsca is not None:
            authority = authority_file(tlsca).authority
            credentials = tuple(replace(each, tls=replace(each.tls, authority=authority)) for each in credentials)
        if offline and (addresses or credentials):
            raise UsageError("--offline touches no network: leave out --server, --creds and --context")
        if not nodes and not addresses:
            raise UsageError(
                "nothing to look at: give --node DIR for each node's Symphony directory, or --server URL for live NATS"
            )
        request = Request(
            directories=_nodes(nodes),
            servers=tuple(server_address(address) for address in addresses),
            credentials=credentials[0] if credentials else None,
            further_credentials=credentials[1:],
            network=not offline,
            seconds=timeout,
            environment=dict(os.environ),
            load_balancers=_load_balancers(load_balancers),
            logs=tuple(_log(each) for each in logs),
        )
        return command(request=request, **others)

    decorated: Callable[..., int] = with_request
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option(
        "--node", "nodes", multiple=True, metavar="[NAME=]DIR", help="A node's Symphony directory (repeatable)."
    ),
    click.option("--server", "servers", multiple=True, metavar="URL[,URL]", help="Client addresses of NATS servers."),
    click.option(
        "--creds",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False),
        help="Credentials of the system account; repeat it for those of an account that services answer.",
    ),
    click.option("--context", metavar="NAME", help="A context of the nats command line."),
    click.option(
        "--tlsca", metavar="FILE", type=click.Path(path_type=Path), help="Authorities to verify the servers by."
    ),
    click.option(
        "--load-balancer",
        "load_balancers",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="nginx or HAProxy configuration (repeatable).",
    ),
    click.option(
        "--log",
        "logs",
        multiple=True,
        metavar="[NAME=]FILE",
        help="A node's log, or what journalctl -o json or docker compose logs wrote (repeatable).",
    ),
    click.option("--offline", is_flag=True, help="Touch no network."),
    click.option(
        "--timeout", type=DURATION, default=5.0, metavar="S", help="Deadline of each node; 5s if it is not given."
    ),
)


def _load_balancers(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"--load-balancer: {path} does not exist: expected an nginx or HAProxy configuration")
    return tuple(dict.fromkeys(paths))


def _log(text: str) -> LogFile:
    name, file = _named(text)
    path = Path(file)
    if not path.is_file():
        what = "does not exist" if not path.exists() else "is no file"
        raise UsageError(
            f"--log: {file} {what}: expected a node's log, or what `journalctl -o json` or `docker compose logs` wrote"
        )
    return LogFile(path, name)


def _named(text: str) -> tuple[str | None, str]:
    """Split ``[NAME=]PATH``: a path with an equals sign in it is a path, unless what stands before could be a name."""
    name, given, path = text.partition("=")
    return (name, path) if given and name and "/" not in name else (None, text)


def _node(text: str) -> NodeDirectory:
    name, directory = _named(text)
    if not directory:
        raise UsageError(f"--node {text!r} names no directory: an empty variable of the shell?")
    path = Path(directory)
    found = directory_at(path)
    if isinstance(found, Missing) and found.state is not State.DENIED:
        raise UsageError(f"--node: {found.why}: expected a node's Symphony directory, with symphony.config in it")
    return NodeDirectory(path, name)


def _nodes(texts: tuple[str, ...]) -> tuple[NodeDirectory, ...]:
    """Read every ``--node``; one directory, or one name, is one node."""
    found: list[NodeDirectory] = []
    places: dict[str, str] = {}
    for text in texts:
        node = _node(text)
        place = os.path.realpath(node.directory)
        if place in places:
            raise UsageError(f"--node: {text} and {places[place]} are the same directory")
        if node.name is not None and any(node.name == other.name for other in found):
            raise UsageError(f"--node: two directories are named {node.name}")
        places[place] = text
        found.append(node)
    return tuple(found)


def codes(options: tuple[str, ...]) -> list[str]:
    """Split the values of ``--select`` and ``--ignore`` at their commas."""
    found = [code.strip() for option in options for code in option.split(",") if code.strip()]
    if options and not found:
        raise UsageError("--select or --ignore names no rule: an empty variable of the shell?")
    return found
