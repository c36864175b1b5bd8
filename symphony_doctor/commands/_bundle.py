"""Makes a bundle: gather, judge, render, mask, search for secrets, write."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from symphony_doctor import __version__
from symphony_doctor.bundles.answers import Answers
from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.key import bundle_key, key_name
from symphony_doctor.bundles.manifest import KIND, SCHEMA, SNAPSHOT, Manifest, Omitted, to_json
from symphony_doctor.bundles.masked import masked
from symphony_doctor.bundles.pseudonyms import Pseudonyms
from symphony_doctor.bundles.write import fit
from symphony_doctor.commands._bundle_file import write_bundle, write_names
from symphony_doctor.commands._bundle_secrets import configurations, reached, register
from symphony_doctor.commands._bundle_texts import reports, texts
from symphony_doctor.commands._gather import gather
from symphony_doctor.commands._observing import cluster_of
from symphony_doctor.model.log import Log
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.file_system import FileSystem
from symphony_doctor.sources.node_hosts import node_hosts
from symphony_doctor.sources.request import Request
from symphony_doctor.sources.snapshot import Snapshot

LOGS = "logs"
ANSWERS = "answers"
PARTS = (LOGS, ANSWERS)
"""What can be left out of a bundle."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a bundle is to be: at most ``limit`` bytes, without some parts, of logs since a time (Unix seconds).

    With ``anonymize`` hosts, addresses, users and accounts get other names.
    """

    limit: int
    left_out: frozenset[str] = frozenset()
    since: float | None = None
    anonymize: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was written, what it says of itself, and where the map of its names is, if it has one."""

    path: Path
    manifest: Manifest
    names: Path | None


async def make(request: Request, output: Path | None, wish: Wish) -> Made:
    """Write a bundle. Raises ``LeakError`` where it would hold a secret, ``InputError`` where it cannot be written."""
    answers, logs = Answers(), dict[Log, FileSystem]()
    async with node_hosts(request.directories, request.environment) as hosts:
        key = bundle_key(await configurations(request, hosts))
        known = Secrets(key)
        register(request, known)
        snapshot = await gather(_with(request, wish, answers, logs), known, hosts)
    host = socket.gethostname()
    names = Pseudonyms(key, snapshot, host, *reached(request)) if wish.anonymize else None
    show = names.text if names is not None else str
    shown = names.of(snapshot) if names is not None else snapshot
    cluster = cluster_of(snapshot)
    report, *pages = reports(cluster_of(shown) if names is not None else cluster, request.judging)
    needed = [BundleFile(SNAPSHOT, to_json(Snapshot, shown)), report]
    wanted = [*pages, *texts(cluster, answers, logs, wish.since, known.redact, show)]
    needed.append(masked((*needed, *wanted), lambda mark: str(known.kind_of(mark) or "secret of another run")))
    files, omitted = fit(needed, wanted, wish.limit)
    manifest = Manifest(
        kind=KIND,
        schema=SCHEMA,
        doctor_version=__version__,
        made_at=snapshot.observed_at,
        host=show(host),
        fingerprints=key_name(key),
        nodes=tuple(show(node.name) for node in cluster.nodes),
        files=(),
        left_out=(*omitted, *_unasked(wish, answers)),
        directories=tuple(map(show, _places(request))),
    )
    path = output if output is not None else Path(_file_name(show(host), snapshot.observed_at))
    written = write_bundle(path, manifest, files, known.leaks)
    return Made(path, written, write_names(path, names.mapping, os.environ) if names is not None else None)


def _with(request: Request, wish: Wish, answers: Answers, logs: dict[Log, FileSystem]) -> Request:
    return replace(
        request,
        keep_log=logs.__setitem__,
        record=None if ANSWERS in wish.left_out else answers,
        read_logs=LOGS not in wish.left_out,
        logs_since=wish.since,
    )


def _places(request: Request) -> Iterator[str]:
    return (each.identity for each in request.directories)


def _unasked(wish: Wish, answers: Answers) -> Iterator[Omitted]:
    yield from (Omitted(part, 0, f"--exclude {part}") for part in sorted(wish.left_out))
    if answers.dropped:
        yield Omitted(f"{answers.dropped} answers of servers", 0, "they are too large together")


def _file_name(host: str, made_at: float) -> str:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", host).strip(".-") or "node"
    return f"symphony-bundle-{name}-{datetime.fromtimestamp(made_at, UTC):%Y%m%dT%H%M%SZ}.tar.gz"
