"""Makes a bundle: gather, judge, render, search for secrets, write."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from symphony_doctor import __version__
from symphony_doctor.bundles.key import bundle_key, key_name
from symphony_doctor.bundles.manifest import KIND, REPORT, REPORT_TEXT, SCHEMA, SNAPSHOT, Manifest, to_json
from symphony_doctor.bundles.material import material, node_folders
from symphony_doctor.bundles.write import fit
from symphony_doctor.commands._bundle_file import write_bundle
from symphony_doctor.commands._diagnosis import cluster_of
from symphony_doctor.commands._gather import gather
from symphony_doctor.commands.checks import load_rules, not_loaded
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.formats import secret_values
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.redaction import Secrets
from symphony_doctor.reports import FORMATS
from symphony_doctor.sources.collect import Request
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.log_tail import tail_of
from symphony_doctor.sources.node_directory import CONFIG_LIMIT
from symphony_doctor.sources.snapshot import Snapshot


async def make(request: Request, output: Path | None, limit: int) -> tuple[Path, Manifest]:
    """Write a bundle of at most ``limit`` bytes; return where it is and its manifest.

    Raises ``LeakError`` where it would hold a secret, ``InputError`` where it cannot be written.
    """
    key = bundle_key(_configurations(request))
    known = Secrets(key)
    _register(request, known)
    snapshot = await gather(request, known)
    cluster = cluster_of(snapshot)
    loaded = load_rules(())
    report = diagnose(loaded.checks, cluster, problems=not_loaded(loaded))
    needed = [(SNAPSHOT, to_json(Snapshot, snapshot)), (REPORT, FORMATS["json"](report).encode())]
    text = FORMATS["terminal"](report, verbosity=1)
    wanted = [
        (REPORT_TEXT, text),
        *((name, known.redact(each)) for name, each in (*material(cluster), *_log_tails(cluster))),
    ]
    files, omitted = fit(needed, ((name, each.encode("utf-8", "backslashreplace")) for name, each in wanted), limit)
    host = socket.gethostname()
    manifest = Manifest(
        kind=KIND,
        schema=SCHEMA,
        doctor_version=__version__,
        made_at=snapshot.observed_at,
        host=host,
        fingerprints=key_name(key),
        nodes=tuple(node.name for node in cluster.nodes),
        files=(),
        left_out=omitted,
        directories=_places(request),
    )
    path = output if output is not None else Path(_file_name(host, snapshot.observed_at))
    return path, write_bundle(path, manifest, files, known.leaks)


def _log_tails(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield the end of each log that was read, once where it is of several nodes."""
    folders = node_folders(cluster)
    done: set[str] = set()
    for node in cluster.nodes:
        for log in node.log.value if isinstance(node.log, Seen) else ():
            text = None if log.path in done else tail_of(Path(log.path))
            done.add(log.path)
            if text is not None:
                yield f"nodes/{folders[node.name]}/log-tail.txt", text


def _file_name(host: str, made_at: float) -> str:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", host).strip(".-") or "node"
    return f"symphony-bundle-{name}-{datetime.fromtimestamp(made_at, UTC):%Y%m%dT%H%M%SZ}.tar.gz"


def _places(request: Request) -> tuple[str, ...]:
    return tuple(os.path.realpath(each.directory) for each in request.directories)


def _configurations(request: Request) -> Iterator[str]:
    for each in request.directories:
        found = read_file(each.directory / "symphony.config", CONFIG_LIMIT)
        if isinstance(found, Seen):
            yield found.value.decode("utf-8", "replace")


def _register(request: Request, known: Secrets) -> None:
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
