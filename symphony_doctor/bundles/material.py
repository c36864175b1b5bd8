"""What of a snapshot people want to read: text files, of each node a folder; every secret in it is a fingerprint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, TypeVar

from symphony_doctor.bundles.files import BundleText
from symphony_doctor.model.accounts import AccountFile
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.configuration import Setting
from symphony_doctor.model.evidence import Evidence, Missing, Seen
from symphony_doctor.model.identity import Flaw
from symphony_doctor.model.jetstream import Store, StreamDirectory
from symphony_doctor.model.log import Log
from symphony_doctor.model.server import Server

T = TypeVar("T")

_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


def material(cluster: Cluster, folders: Mapping[str, str]) -> Iterator[BundleText]:
    """Yield the texts on each node, what helps most first; ``folders`` by the name of the node."""
    for write in (_symphony_config, _nats_config, _figures, _streams, _log, _accounts):
        for node in cluster.nodes:
            name, text, origin = write(node)
            yield BundleText(f"nodes/{folders[node.name]}/{name}", text, origin)


def server_folders(cluster: Cluster, folders: Mapping[str, str]) -> dict[str, str]:
    """Return the folder of each server's node by the server's id."""
    return {node.server.value.server_id: folders[node.name] for node in cluster.nodes if isinstance(node.server, Seen)}


def node_folders(cluster: Cluster, show: Callable[[str], str] = str) -> dict[str, str]:
    """Return the name of each node's folder below ``nodes/``; ``show`` gives the names as the bundle shows them."""
    found: dict[str, str] = {}
    for node in cluster.nodes:
        number = 2
        name = plain = _ODD.sub("_", show(node.name)).strip("._-")[:60] or "node"
        while name in found.values():
            name = f"{plain}_{number}"
            number += 1
        found[node.name] = name
    return found


def _told(evidence: Evidence[T], lines: Callable[[T], Iterator[str]]) -> str:
    if isinstance(evidence, Missing):
        return f"({evidence.state}) {evidence.why}\n"
    return "\n".join((f"# {evidence.where}", *lines(evidence.value), ""))


def _settings(settings: tuple[Setting, ...]) -> Iterator[str]:
    for each in settings:
        yield f"{each.where.rpartition('/')[2]}  {each.key} = {each.shown}"


_Written: TypeAlias = tuple[str, str, str]
"""The name of a file in the node's folder, its text, and where that is from."""


def _symphony_config(node: Node) -> _Written:
    found = node.symphony_config
    return "symphony.config.txt", _told(found, lambda config: _settings(config.settings)), found.where


def _nats_config(node: Node) -> _Written:
    found = node.nats_config
    return "nats.config.txt", _told(found, lambda config: _settings(config.settings)), found.where


def _accounts(node: Node) -> _Written:
    def lines(files: tuple[AccountFile, ...]) -> Iterator[str]:
        for each in files:
            claims = each.token
            yield f"{each.name}, {each.size} bytes"
            if isinstance(claims, Flaw):
                yield f"  {claims.reason}: {claims.detail}"
                continue
            yield f"  {claims.kind} {claims.name}, {claims.subject}"
            yield f"  by {claims.issuer}, signature {'valid' if claims.signature_valid else 'INVALID'}"
            times = map(_time, (claims.issued_at, claims.not_before, claims.expires_at))
            yield "  made {}, not before {}, until {}".format(*times)
            if claims.signing_keys:
                yield f"  signing keys {', '.join(claims.signing_keys)}"
            if claims.grants_jetstream is not None:
                yield f"  JetStream {'granted' if claims.grants_jetstream else 'not granted'}"
            yield f"  SHA-256 {claims.digest}"

    return "accounts.txt", _told(node.account_files, lines), node.account_files.where


def _streams(node: Node) -> _Written:
    def lines(directories: tuple[StreamDirectory, ...]) -> Iterator[str]:
        usual = _usual([each.config.settings for each in directories if each.config is not None])
        if usual:
            yield "of every stream that says nothing else:"
            yield from (f"  {path} = {value}" for path, value in sorted(usual.items()))
        account = None
        for each in sorted(directories, key=lambda each: (each.account, each.name)):
            if each.account != account:
                account = each.account
                yield account
            if each.config is None:
                yield f"  {each.name}: meta.inf: {each.flaw}"
                continue
            yield f"  {each.name}: {each.config.storage}, {each.config.num_replicas} replicas"
            own = dict(each.config.settings)
            yield from (f"    {path} = {value}" for path, value in own.items() if usual.get(path) != value)
            yield from (f"    {path}: not set" for path in usual if path not in own)

    return "streams.txt", _told(node.stream_directories, lines), node.stream_directories.where


def _usual(every: list[tuple[tuple[str, str], ...]]) -> dict[str, str]:
    """Return the settings that more than half of the streams share."""
    counts = Counter(setting for settings in every for setting in settings)
    return {path: value for (path, value), count in counts.items() if count * 2 > len(every) > 1}


def _log(node: Node) -> _Written:
    def lines(logs: tuple[Log, ...]) -> Iterator[str]:
        for log in logs:
            yield f"{log.path} from {_time(log.first_at)} to {_time(log.last_at)}, start {_time(log.started_at)}"
            for each in log.events:
                yield f"  {each.kind} {each.about}: {each.total} times, last {_time(each.last_at)}, {each.where}"
                yield f"    {each.text}"

    return "log.txt", _told(node.log, lines), node.log.where


def _figures(node: Node) -> _Written:
    def store(found: Store) -> Iterator[str]:
        if found.disk is not None:
            yield f"disk {found.disk.size} bytes, {found.disk.free} free, {found.disk.used_percent:.0f} % used"

    def server(found: Server) -> Iterator[str]:
        yield f"nats-server {found.version}, {found.server_name} {found.server_id}, start {_time(found.started_at)}"
        yield f"clock {found.clock_offset:+.3f} s, round trip {found.round_trip:.3f} s"

    lines = (_told(node.store, store), _told(node.server, server))
    jetstream = node.jetstream
    memory = (
        f"jetstream: {jetstream.why}\n"
        if isinstance(jetstream, Missing)
        else f"jetstream memory {jetstream.value.memory} of {jetstream.value.max_memory} bytes,"
        f" storage {jetstream.value.storage} of {jetstream.value.max_storage} bytes\n"
    )
    return "figures.txt", "".join((*lines, memory)), "statvfs, VARZ, JSZ"


def _time(at: float | None) -> str:
    if at is None:
        return "(no time)"
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return "(no time)"
