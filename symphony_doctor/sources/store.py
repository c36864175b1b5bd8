"""The store of JetStream: its streams, whose directories are in it, and what room its disk has left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from symphony_doctor.formats import stream_meta
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.evidence import Evidence, Missing, Seen
from symphony_doctor.model.jetstream import Store, StreamConfig, StreamDirectory
from symphony_doctor.sources.file_system import FileSystem

MOST_ENTRIES: Final = 500_000
"""Entries of one directory."""

META_LIMIT: Final = 1024 * 1024
"""Bytes of a meta.inf."""


def look_at_store(path: Path, files: FileSystem) -> Evidence[Store]:
    """Look at the store itself: whose directories are in it, and what room its disk has left."""
    names = files.list_directory(path, MOST_ENTRIES)
    if isinstance(names, Seen):
        return Seen(Store(str(path), names.value, files.disk(path)), str(path))
    if names.is_absence and files.kind(path.parent) == "directory":
        return Seen(Store(str(path), (), files.disk(path.parent)), str(path))
    return names


def stream_directories(
    store: Path, fingerprint: Callable[[str], str], files: FileSystem
) -> Evidence[tuple[StreamDirectory, ...]]:
    """Read the configuration of every stream that the store holds."""
    accounts = files.list_directory(store, MOST_ENTRIES)
    if isinstance(accounts, Missing):
        # a store that never held a stream has no such directory yet
        if accounts.is_absence and files.kind(store.parent) == "directory":
            return Seen((), str(store))
        return accounts
    found: list[StreamDirectory] = []
    for account in accounts.value:
        folder = os.path.join(store, account, "streams")  # noqa: PTH118 - there are thousands, and a Path costs more than a read
        streams = files.list_directory(folder, MOST_ENTRIES)
        if isinstance(streams, Missing):
            if not streams.is_absence and files.kind(store / account) == "directory":
                return streams
            continue
        found.extend(
            _stream_directory(account, name, f"{folder}{os.sep}{name}", fingerprint, files)
            for name in streams.value
            if not name.startswith(".")  # half deleted: the server removes it at its next start
        )
    return Seen(tuple(found), str(store))


def _stream_directory(
    account: str, name: str, path: str, fingerprint: Callable[[str], str], files: FileSystem
) -> StreamDirectory:
    file = f"{path}{os.sep}meta.inf"
    found = files.read_file(file, META_LIMIT)
    if isinstance(found, Missing):
        return StreamDirectory(account, name, path, None, found.why)
    try:
        meta = stream_meta.parse(found.value, file, fingerprint)
    except FormatError as error:
        encrypted = isinstance(error, stream_meta.EncryptedMetaError)
        return StreamDirectory(account, name, path, None, str(error), encrypted=encrypted)
    config = StreamConfig(
        name=meta.name,
        storage=meta.storage,
        num_replicas=max(1, meta.num_replicas),
        mirror=meta.mirror,
        sources=meta.sources,
        settings=meta.config,
    )
    return StreamDirectory(account, name, path, config, None)
