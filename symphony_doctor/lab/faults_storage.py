"""Faults of what is stored: data of no account, full buckets, configurations on disk, mirrors, replicas."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, buckets, control, layout
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.identity import create_user_account

if TYPE_CHECKING:
    from pathlib import Path

    from symphony_doctor.lab.cluster import Lab

_SMALL_BUCKET = "KV_ext_small"
_SMALL = 32 * 1024
_WIDE_BUCKET = "KV_ext_wide"
_LARGE = "ext_large"
_RESERVED = 245 * 2**20  # of 256 MB
_VIEW = "KV_ext_view"
# Left alone a mirror takes up to 40 s to find its origin; what is silent for longer has none.
_MIRROR_OLD = 46.0


async def orphan_data(lab: Lab, node: str | None = None) -> Broken:
    """Leave the data of an account that nobody knows any more on one node."""
    name, owner = breaking.victim(lab, node), breaking.user(lab, None)
    gone = create_user_account(lab.keys.identity, "gone")
    store = _store(lab, name)
    bucket = f"KV_{buckets.EXTENSION_BUCKETS[0]}"
    shutil.copytree(store / owner.key / "streams" / bucket, store / gone.key / "streams" / bucket)
    return Broken("orphan-data", f"{name} keeps data of an account that is gone", nodes=(name,), account=gone.key)


async def bucket_nearly_full(lab: Lab, node: str | None = None) -> Broken:
    """Fill a small bucket nearly to its limit."""
    breaking.victim(lab, node)
    owner = breaking.user(lab, None)
    async with lab.client(owner.name) as client:
        config = buckets.bucket_config(_SMALL_BUCKET, lab.replicas) | {"max_bytes": _SMALL}
        await buckets.create_streams(client, [config])
        # one kilobyte a record, and what the server adds to each
        for number in range(int(0.94 * _SMALL) // 1070):
            await buckets.put(client, f"$KV.{_SMALL_BUCKET.removeprefix('KV_')}.{number}", b"x" * 1024)
        answer = await buckets.request(client, f"STREAM.INFO.{_SMALL_BUCKET}")
    leader = breaking.leader_of(lab, answer)
    return Broken(
        "bucket-nearly-full",
        f"{_SMALL_BUCKET} holds {answer['state']['bytes']} of {_SMALL} bytes",
        nodes=(leader,),
        account=owner.key,
        stream=_SMALL_BUCKET,
    )


async def config_split(lab: Lab, node: str | None = None) -> Broken:
    """Change a stream's configuration in the file of one node."""
    name, owner = breaking.victim(lab, node, least=3), breaking.user(lab, None)
    bucket = f"KV_{buckets.EXTENSION_BUCKETS[0]}"
    path = _store(lab, name) / owner.key / "streams" / bucket / "meta.inf"
    if not path.is_file():
        raise LabError(f"{path}: not there")
    document = json.loads(path.read_bytes())
    layout.write_private(path, json.dumps(document | {"max_msgs_per_subject": 5}))
    return Broken(
        "config-split", f"meta.inf of {bucket} differs on {name}", nodes=(name,), account=owner.key, stream=bucket
    )


async def stalled_mirror(lab: Lab, node: str | None = None) -> Broken:
    """Mirror a bucket that does not exist: the mirror hears nothing and reports no error."""
    breaking.victim(lab, node)
    owner = breaking.user(lab, None)
    async with lab.client(owner.name) as client:
        config = {"name": _VIEW, "storage": "memory", "num_replicas": 1, "mirror": {"name": "KV_ext_absent"}}
        await buckets.create_streams(client, [config])
        created = time.monotonic()

        async def complaint() -> str | None:
            answer = await buckets.request(client, f"STREAM.INFO.{_VIEW}")
            silent = answer.get("mirror", {}).get("active", 0) < 0
            if not silent:
                raise LabError(f"{_VIEW} hears an origin that does not exist")
            age = time.monotonic() - created
            return None if age > _MIRROR_OLD else f"the mirror is {age:.0f} s old"

        await control.until(complaint, within=2 * _MIRROR_OLD, poll=1.0)
        answer = await buckets.request(client, f"STREAM.INFO.{_VIEW}")
    leader = breaking.leader_of(lab, answer)
    return Broken(
        "stalled-mirror",
        f"{_VIEW} of {owner.name} mirrors a bucket that does not exist",
        nodes=(leader,),
        account=owner.key,
        stream=_VIEW,
    )


async def extra_replicas(lab: Lab, node: str | None = None) -> Broken:
    """Create a bucket with a replica on every node, where the cluster's size asks for fewer."""
    breaking.victim(lab, node)
    everyone, owner = breaking.names(lab), breaking.user(lab, None)
    if lab.replicas >= len(everyone):
        raise LabError(f"this fault needs a lab of 2 or 4 nodes, not {len(everyone)}")
    async with lab.client(owner.name) as client:
        await buckets.create_buckets(client, [_WIDE_BUCKET], len(everyone))
    return Broken(
        "extra-replicas",
        f"{_WIDE_BUCKET} of {owner.name} has {len(everyone)} replicas",
        nodes=everyone,
        account=owner.key,
        stream=_WIDE_BUCKET,
    )


async def reserved_memory(lab: Lab, node: str | None = None) -> Broken:
    """Reserve most of one node's memory limit for a stream."""
    breaking.victim(lab, node)
    owner = breaking.user(lab, None)
    async with lab.client(owner.name) as client:
        config = {"name": _LARGE, "storage": "memory", "num_replicas": 1, "max_bytes": _RESERVED}
        await buckets.create_streams(client, [config])
        answer = await buckets.request(client, f"STREAM.INFO.{_LARGE}")
    holder = breaking.leader_of(lab, answer)
    return Broken(
        "reserved-memory",
        f"{_LARGE} reserves most of max_mem on {holder}",
        nodes=(holder,),
        account=owner.key,
        stream=_LARGE,
    )


def _store(lab: Lab, name: str) -> Path:
    return lab.node(name).directory / layout.STORAGE / "jetstream"
