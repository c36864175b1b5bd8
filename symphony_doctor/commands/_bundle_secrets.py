"""The secrets of a bundle's making: the seed that its key is derived from, and those of the credentials given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from symphony_doctor.formats import secret_values
from symphony_doctor.model.evidence import Seen
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import FileSystem, UnreachedError
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.node_directory import CONFIG_LIMIT, NodeDirectory
from symphony_doctor.sources.node_hosts import NodeHosts
from symphony_doctor.sources.request import Request


async def configurations(request: Request, hosts: NodeHosts) -> list[str]:
    """Return the texts of symphony.config of the directories asked for, as far as they can be read."""
    deadline = Deadline.after(request.seconds)
    every = await asyncio.gather(*(_configuration(each, hosts.files(each), deadline) for each in request.directories))
    return [text for text in every if text is not None]


async def _configuration(node: NodeDirectory, files: FileSystem, deadline: Deadline) -> str | None:
    try:
        path = node.directory / "symphony.config"
        found = await files.settle(lambda: files.read_file(path, CONFIG_LIMIT), deadline)
    except (TimeoutError, UnreachedError):
        return None  # what it is missed for is said where the evidence is
    return found.value.decode("utf-8", "replace") if isinstance(found, Seen) else None


def register(request: Request, known: Secrets) -> None:
    """Make the secrets of the credentials that were given known to the search before the bundle is written."""
    for each in (request.credentials, *request.further_credentials):
        if each is None:
            continue
        for secret in (each.password, each.token):
            known.fingerprint(secret or "")
        for path in (each.creds_file, each.nkey_file):
            found = read_file(path, CONFIG_LIMIT) if path is not None else None
            if isinstance(found, Seen):
                text = found.value.decode("utf-8", "replace")
                for span in secret_values.find(text):
                    known.fingerprint(text[span.start : span.end])


def reached(request: Request) -> Iterator[str]:
    """Yield the names of hosts and users behind SSH."""
    for host in (each.host for each in request.directories):
        if host is not None:
            yield from filter(None, (host.host, host.user))
