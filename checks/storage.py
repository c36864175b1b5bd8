"""Room to store: JetStream's limits, the limits of streams, the disk itself."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    JetStream,
    Kind,
    Remedy,
    Same,
    Seen,
    Severity,
    Store,
    Stream,
    StreamState,
    Subject,
    check,
    known,
)

from ._commands import edit
from ._words import account_words, size_words


@check(
    "JS009",
    name="storage-nearly-full",
    severity=Severity.WARNING,
    needs=(Kind.JETSTREAM, Kind.STORE),
    explained_by=(Because("CF003", Same.NODES),),
)
def storage_nearly_full(
    cluster: Cluster, *, most_percent: float = 90.0, full_percent: float = 97.0, least_free_bytes: int = 20 * 2**30
) -> Iterator[Finding | Gap]:
    """JetStream's limit, a stream's limit or the disk itself is nearly used up.

    What it means: at its limit JetStream refuses to store ('insufficient resources', err_code 10023), and a
    bucket refuses new keys. A server whose disk is full turns its JetStream off, and counts for no quorum
    until it is restarted.

    How it is seen: what is stored or reserved against the limit, for memory and disk (JSZ); the size of a
    stream against its max_bytes or max_msgs, where it discards new messages: one that discards old
    ones is full by design; the file system of each storage directory, where less than
    least_free_bytes are left. From full_percent on it is an error.

    What else it could be: the storage directory is a copy, and the disk that of another machine.

    By hand: raise the limit, remove what is not needed, or make room on the disk.

    Verify: `nats server report jetstream` and `df -h` show room.
    """
    servers, gaps = known(cluster, lambda node: node.jetstream)
    yield from gaps
    stores, gaps = known(cluster, lambda node: node.store)
    yield from gaps
    for node, jetstream in sorted(servers.items()):
        yield from _limits(node, jetstream, most_percent, full_percent)
    for stream in cluster.streams:
        if stream.state is not None and stream.by_leader and '"new"' in _settings(stream).get("discard", ""):
            yield from _stream(cluster, stream, stream.state, most_percent, full_percent)
    for node, store in sorted(stores.items()):
        disk = store.value.disk
        if disk is not None and disk.used_percent >= most_percent and disk.free < least_free_bytes:
            yield _disk(node, store, full_percent)


def _severity(percent: float, full: float) -> Severity:
    return Severity.ERROR if percent >= full else Severity.WARNING


def _limits(node: str, seen: Seen[JetStream], most: float, full: float) -> Iterator[Finding]:
    jetstream = seen.value
    for name, limit, stored, reserved in (
        ("max_mem", jetstream.max_memory, jetstream.memory, jetstream.reserved_memory),
        ("max_file", jetstream.max_storage, jetstream.storage, jetstream.reserved_storage),
    ):
        if not jetstream.enabled or limit <= 0:
            continue
        used, what = max((stored, "stored"), (reserved, "reserved"))
        percent = 100 * used / limit
        if percent < most:
            continue
        yield Finding(
            title=f"JetStream on {node} has {size_words(used)} {what} of {size_words(limit)} ({name}), {percent:.0f} %",
            detail=f"At {name} the server refuses to store more and takes no further replica.",
            subject=Subject("setting", f"jetstream.{name} of {node}"),
            nodes=(node,),
            evidence=(EvidenceEntry(node, seen.where, f"less than {most:g} % of {name}", f"{percent:.0f} % {what}"),),
            remedies=(
                Remedy(
                    "See which accounts and streams take the room, with system-account credentials",
                    ("nats server report jetstream", "nats server report accounts"),
                ),
                edit("nats.config", (node,), f"raise {name} in the jetstream block, on all nodes alike"),
            ),
            severity=_severity(percent, full) if what == "stored" else None,
        )


def _settings(stream: Stream) -> dict[str, str]:
    return dict(stream.config.settings)


def _stream(cluster: Cluster, stream: Stream, state: StreamState, most: float, full: float) -> Iterator[Finding]:
    settings = _settings(stream)
    for key, used in (("max_bytes", state.stored_bytes), ("max_msgs", state.messages)):
        limit = int(settings.get(key, "-1"))
        percent = 100 * used / limit if limit > 0 else 0.0
        if percent < most:
            continue
        amount, of = (size_words(used), size_words(limit)) if key == "max_bytes" else (f"{used:,}", f"{limit:,}")
        change = f"nats stream edit {stream.name} --max-bytes {2 * limit} -f"
        if key == "max_msgs":
            change = f"nats stream edit {stream.name} --max-msgs {2 * limit} -f"
        elif stream.name.startswith("KV_"):
            change = f"nats kv edit {stream.name.removeprefix('KV_')} --max-bucket-size {2 * limit}"
        yield Finding(
            title=f"{stream.name} is at {percent:.0f} % of its {key}: {amount} of {of}",
            detail="It discards new messages: at the limit every write to it is refused.",
            subject=Subject("stream", stream.name, stream.account),
            nodes=(state.leader,),
            evidence=(EvidenceEntry(state.leader, "JSZ", f"less than {most:g} % of {key} {limit}", f"{used}"),),
            remedies=(
                Remedy(
                    f"Raise the limit, with credentials of account {account_words(cluster, stream.account)}; or remove "
                    "what is not needed",
                    (change,),
                ),
            ),
            severity=_severity(percent, full),
        )


def _disk(node: str, seen: Seen[Store], full: float) -> Finding:
    disk, path = seen.value.disk, seen.value.path
    free = disk.free if disk is not None else 0
    percent = disk.used_percent if disk is not None else 0.0
    return Finding(
        title=f"The disk with the storage of {node} is {percent:.0f} % full: {size_words(free)} are left",
        detail="A server whose disk is full turns its JetStream off until it is restarted.",
        subject=Subject("file", f"{node}/storage"),
        nodes=(node,),
        evidence=(EvidenceEntry(node, path, "room on the disk", f"{percent:.1f} % used, {size_words(free)} free"),),
        remedies=(
            Remedy(f"Make room on {node}: see what takes it", (f"df -h '{path}'", f"du -xsh '{path}'/*/streams/*")),
        ),
        severity=_severity(percent, full),
    )
