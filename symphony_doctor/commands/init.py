"""``symphony-doctor init``: write an inventory of what can be discovered."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from symphony_doctor import __version__
from symphony_doctor.commands._diagnosis import new_secrets
from symphony_doctor.commands._evidence import OPTIONS
from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._output import check_writable, print_document, write_checked
from symphony_doctor.commands._request import EVIDENCE, request_of
from symphony_doctor.commands._running import finish
from symphony_doctor.errors import DoctorError, InputError, UsageError
from symphony_doctor.formats.inventory_name import NAME
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.redaction import Secrets, printable
from symphony_doctor.sources.request import Request

_NOT_HERE = ("inventory", "no_inventory", "profile")
_TAKEN = (*(name for name in EVIDENCE if name not in _NOT_HERE), "load_balancers")
_WHERE = ("nodes", "local", "docker", "servers", "context")


def _init(output: Path, *, force: bool, print_schema: bool, **options: Any) -> None:  # noqa: ANN401 - as click has it
    """Write symphony-doctor.toml of the nodes named, or of those found here, and of the servers that they tell of.

    Nodes come from --node, --local (which is tried where nothing is named) and --docker; further ones from their routes
    and from the addresses that their servers advertise. Files with credentials are named in it, no secret is copied.

    \b
    Examples:
      symphony-doctor init
      symphony-doctor init --node /opt/symphony --creds system.creds
    """  # noqa: D301 - \b keeps click from joining lines
    if print_schema:
        import json

        from symphony_doctor.formats.inventory import schema

        print_document(json.dumps(schema(), indent=2) + "\n")
        return
    from symphony_doctor.commands._init import advertised, chosen, tables
    from symphony_doctor.formats.inventory import read_inventory
    from symphony_doctor.reports.inventory_text import inventory_text

    if os.path.lexists(output) and not force:
        raise UsageError(f"{output} exists: --force replaces it, --output FILE names another")
    check_writable(output)
    request, known = _request(options), new_secrets()
    cluster = finish(observe(request, known))
    if request.network:
        further = advertised(request, cluster)
        if further:
            request, cluster = finish(_with_further(request, further, known))
    found = tables(request, cluster, os.environ)
    try:
        text = inventory_text(found, f"symphony-doctor {__version__} init")
        read_inventory(text.encode(), str(output))
    except UnicodeEncodeError:
        raise InputError("a path is not in UTF-8: TOML cannot hold it") from None
    write_checked(text, known, output)
    for table in found:
        for line in chosen(table):
            click.echo(printable(line), err=True)
    click.echo(f"{output} was written; `symphony-doctor run` takes it from now on", err=True)


def _request(options: dict[str, Any]) -> Request:
    given = {**options, "logs": (), "bundles": (), "inventory": None, "no_inventory": True, "profile": None}
    if any(options[name] not in {None, False, ()} for name in _WHERE):
        return request_of(**given)
    try:
        return request_of(**{**given, "local": True})
    except UsageError as nowhere:
        try:
            return request_of(**given)
        except DoctorError:
            raise nowhere from None


async def _with_further(request: Request, urls: tuple[str, ...], known: Secrets) -> tuple[Request, Cluster]:
    """Look again, with the servers that others tell of: those that answer have a name."""
    from symphony_doctor.sources.collect import server_address

    further = tuple(server_address(url, "connect_urls") for url in urls)
    again = replace(request, servers=(*request.servers, *further))
    return again, await observe(again, known)


command = click.Command("init", callback=_init, help=_init.__doc__)
for _option in OPTIONS:
    _option(command)
command.params = [
    *(parameter for parameter in command.params if parameter.name in _TAKEN),
    click.Option(
        ["--output"],
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=NAME,
        show_default=True,
        help="Write it there.",
    ),
    click.Option(["--force"], is_flag=True, help="Replace the file that is there."),
    click.Option(["--print-schema"], is_flag=True, help="Print the JSON Schema of the file instead."),
]
