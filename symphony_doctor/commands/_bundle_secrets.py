"""The secrets of a bundle's making: the seed that its key is derived from, and those of the credentials given."""

from __future__ import annotations

from collections.abc import Iterator

from symphony_doctor.formats import secret_values
from symphony_doctor.model.evidence import Seen
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.node_directory import CONFIG_LIMIT
from symphony_doctor.sources.request import Request


def configurations(request: Request) -> Iterator[str]:
    """Yield the texts of symphony.config of the directories asked for, as far as they can be read."""
    for each in request.directories:
        found = read_file(each.directory / "symphony.config", CONFIG_LIMIT)
        if isinstance(found, Seen):
            yield found.value.decode("utf-8", "replace")


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
