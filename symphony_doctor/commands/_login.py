"""Which servers are asked, and who asks: by options first, then by the environment as the nats command line has it.

Which servers are asked (NATS_URL, NATS_CONTEXT, the context that was selected) is taken from the environment only where
the command line names nothing to look at: variables of another cluster must not lead there. Who asks (NATS_CREDS,
NATS_NKEY, NATS_USER, NATS_CA ...) goes for what the command line names as well, and is said on standard error. The
credentials of a context that only the environment names are never sent to what --node leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from symphony_doctor.commands._wanted import Wanted
from symphony_doctor.errors import UsageError
from symphony_doctor.sources.collect import server_address
from symphony_doctor.sources.credentials import Credentials, Tls, checked_tls, creds_file, exposure, nkey_file
from symphony_doctor.sources.nats_cli import nats_context, selected_context, surroundings
from symphony_doctor.sources.observation import Address


@dataclass(frozen=True, slots=True)
class Login:
    """Servers and credentials, of which the first are the system account's unless servers tell otherwise.

    ``said`` are lines for standard error.
    """

    servers: tuple[Address, ...]
    credentials: tuple[Credentials, ...]
    tls: Tls
    said: tuple[str, ...]


def log_in(wanted: Wanted, environment: Mapping[str, str], *, named: bool) -> Login:
    """Join options and environment; ``named`` tells that there are directories or bundles to look at.

    Raises ``UsageError`` or ``InputError``.
    """
    _check(wanted)
    servers = _addresses(wanted.servers, wanted.said.get("servers", "--server"))
    if wanted.servers and not servers:
        raise UsageError("--server names no address: an empty variable of the shell?")
    tls = checked_tls(
        wanted.tlsca, wanted.tlscert, wanted.tlskey, wanted.said.get("tlsca") or wanted.said.get("tlscert", "--tls")
    )
    credentials = tuple(creds_file(each, wanted.place("creds")) for each in wanted.creds)
    if wanted.nkey is not None:
        credentials = (nkey_file(wanted.nkey, wanted.place("nkey")),)
    said: list[str] = []
    if wanted.context is not None:
        context = nats_context(wanted.context, environment, wanted.place("context"))
        servers = servers or _addresses(context.servers, f"--context {wanted.context}")
        credentials = (context.credentials,) if context.credentials else ()
    else:
        name = _context_around(environment, named=named, asked=bool(servers))
        around = surroundings(environment, name, who_is_given=bool(credentials))
        context = around.context
        if not servers and not named and context.servers:
            servers = _addresses(context.servers, around.servers_from)
            said.append(f"servers are those of {around.servers_from}: {', '.join(each.text for each in servers)}")
        if not credentials and context.credentials is not None and (servers or named):
            credentials = (context.credentials,)
            said.append(f"credentials are those of {around.credentials_from}: {context.credentials.label}")
    tls = tls.over(context.tls)
    credentials = tuple(replace(each, tls=tls) for each in credentials)
    return Login(servers, credentials, tls, (*said, *exposures(credentials)))


def exposures(credentials: Iterable[Credentials]) -> tuple[str, ...]:
    """Warn of files with secrets that others may read."""
    files = [path for each in credentials for path in (each.creds_file, each.nkey_file, each.tls.key)]
    return tuple(filter(None, (exposure(path) for path in dict.fromkeys(files) if path is not None)))


def _check(wanted: Wanted) -> None:
    given = [
        name
        for name, value in (
            (wanted.place("creds"), wanted.creds),
            (wanted.place("nkey"), wanted.nkey),
            (wanted.place("context"), wanted.context),
        )
        if value is not None and value != ()
    ]
    if len(given) > 1:
        raise UsageError(
            f"{given[0]} and {given[1]} exclude each other"
            + (": a context brings its own credentials" if wanted.context is not None else ": give one of them")
        )
    if wanted.tlskey is not None and wanted.tlscert is None:
        raise UsageError(f"{wanted.place('tlskey')} is the key of a certificate: give --tlscert FILE too")


def _context_around(environment: Mapping[str, str], *, named: bool, asked: bool) -> str:
    """Name the context of the environment; the selected one goes only where nothing else names a server."""
    if named:
        return ""
    name = environment.get("NATS_CONTEXT", "").strip()
    return name if name or asked or environment.get("NATS_URL", "").strip() else selected_context(environment)


def _addresses(urls: Iterable[str], said: str) -> tuple[Address, ...]:
    written = (url.strip() for each in urls for url in each.split(","))
    return tuple(server_address(url, said) for url in written if url)
