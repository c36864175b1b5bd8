"""Faults of JetStream: streams, replicas, the meta group."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, buckets, control, filling, layout, leading, mirrors
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.identity import user_name

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.identity import AccountKeys

_OLD_BUCKET = "KV_ext_legacy"
_NEW_BUCKET = "KV_ext_reports"
_REFUSED_WITHIN = 15.0
# jetstream_cluster.go, processStreamAssignmentResults: five seconds, and some for the clocks.
_ASSIGNMENT_YOUNG = 5.5


async def r1_bucket(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Create an extension bucket with one replica, as before the cluster was one."""
    breaking.victim(lab, node, least=3)
    owner = breaking.user(lab, account)
    async with lab.client(owner.name) as client:
        await buckets.create_buckets(client, [_OLD_BUCKET], 1)
    async with lab.system_client() as system:
        seen = await control.streams(system, expect=len(breaking.names(lab)))
    holders = tuple(name for name in sorted(seen) if _OLD_BUCKET in seen[name].get(owner.key, {}))
    return Broken(
        "r1-bucket",
        f"{_OLD_BUCKET} of {owner.name} has one replica, on {', '.join(holders)}",
        nodes=holders,
        account=owner.key,
        stream=_OLD_BUCKET,
    )


async def missing_stream_directory(
    lab: Lab, node: str | None = None, *, account: str | None = None, stream: str | None = None
) -> Broken:
    """Remove a stream's directory on one node, under a server that stays up."""
    name = breaking.victim(lab, node, least=3)
    key = lab.keys.identity.symphony.key if account == "symphony" else breaking.user(lab, account).key
    bucket = stream or f"KV_{buckets.EXTENSION_BUCKETS[0]}"
    directory = lab.node(name).directory / layout.STORAGE / "jetstream" / key / "streams" / bucket
    if not directory.is_dir():
        raise LabError(f"{directory}: not there")
    await _until_old(lab, key, bucket)
    shutil.rmtree(directory)
    return Broken(
        "missing-stream-directory",
        f"the directory of {bucket} was removed on {name}",
        nodes=(name,),
        account=key,
        stream=bucket,
    )


async def _until_old(lab: Lab, key: str, bucket: str) -> None:
    """Wait until a stream is old enough for its directory to be missed: a new one may not be everywhere yet."""

    async def complaint() -> str | None:
        seen = await control.streams(system, expect=len(breaking.names(lab)))
        created = [accounts[key][bucket]["created"] for accounts in seen.values() if bucket in accounts.get(key, {})]
        ages = [datetime.now(UTC) - datetime.fromisoformat(each) for each in created]
        young = not ages or min(ages).total_seconds() < _ASSIGNMENT_YOUNG
        return f"{bucket} has just been created" if young else None

    async with lab.system_client() as system:
        await control.until(complaint, within=3 * _ASSIGNMENT_YOUNG, poll=0.2)


async def absent_replica(lab: Lab, node: str | None = None) -> Broken:
    """Create a stream while one node cannot look its account up: the replica assigned there never starts."""
    name = breaking.victim(lab, node, least=3)
    owner = await _create_unseen_by(lab, name)
    await _make_known(lab, owner)
    await filling.wait_settled(lab, breaking.names(lab))
    async with lab.client(owner.name, *breaking.others(lab, name)) as client:
        await buckets.put_records(client, _NEW_BUCKET)
    await mirrors.reconnect(lab)
    return Broken(
        "absent-replica",
        f"{_NEW_BUCKET} of {owner.name} has no replica on {name}, which is assigned one",
        nodes=(name,),
        account=owner.key,
        stream=_NEW_BUCKET,
    )


async def system_bucket_missing(
    lab: Lab, node: str | None = None, *, stream: str = "KV_symphony_enforcement"
) -> Broken:
    """Delete one of the seven system buckets."""
    breaking.victim(lab, node)
    async with lab.client("symphony") as client:
        await buckets.request(client, f"STREAM.DELETE.{stream}")
    return Broken(
        "system-bucket-missing",
        f"{stream} was deleted",
        nodes=breaking.names(lab),
        account=lab.keys.identity.symphony.key,
        stream=stream,
    )


async def jetstream_disabled(lab: Lab, node: str | None = None) -> Broken:
    """Take the jetstream block out of one node's nats.config."""
    name = breaking.victim(lab, node, least=2)
    text = (lab.node(name).directory / layout.NATS_CONFIG).read_text()
    block = re.search(r"jetstream \{.*?\n\}\n", text, re.DOTALL)
    if block is None:
        raise LabError(f"{name}: no jetstream block in its nats.config")
    breaking.edit_nats_config(lab, name, block[0], "")
    await lab.restart_node(name)
    rest = breaking.others(lab, name)
    if len(rest) * 2 > len(breaking.names(lab)):
        await filling.wait_settled(lab, rest)
    return Broken("jetstream-disabled", f"{name} runs without JetStream", nodes=(name,), key="jetstream")


async def ghost_peer(lab: Lab, node: str | None = None) -> Broken:
    """Remove a node as the product's page says: its peers go on counting it."""
    name = breaking.victim(lab, node or breaking.names(lab)[-1], least=3)
    gone = lab.node_state(name).address
    rest = breaking.others(lab, name)
    await lab.stop_node(name)
    for other in rest:
        kept = [address for address in breaking.addresses(lab) if address.name not in (other, name)]
        listed = [address for address in breaking.addresses(lab) if address.name != other]
        breaking.edit_nats_config(lab, other, layout.routes(listed), layout.routes(kept))
    lab.state.nodes = [state for state in lab.state.nodes if state.address != gone]
    for other in rest:
        await lab.restart_node(other)
        await filling.wait_settled(lab, rest)
    return Broken("ghost-peer", f"{name} was removed and is still a peer", nodes=(name,))


async def _create_unseen_by(lab: Lab, blind: str) -> AccountKeys:
    rest = breaking.others(lab, blind)
    await leading.move_meta_leader(lab, rest[0])
    owner = await _account_unknown_to(lab, blind)
    process = lab.node_state(blind).process
    if process is None:
        raise LabError(f"{blind} is not running")
    # Held still: a member's refusal undoes an assignment that is younger than that, and none that is older.
    process.send(signal.SIGSTOP)
    try:
        async with lab.client(owner.name, *rest) as client:
            await buckets.create_streams(client, [buckets.bucket_config(_NEW_BUCKET, lab.replicas)])
        await asyncio.sleep(_ASSIGNMENT_YOUNG)
    finally:
        process.send(signal.SIGCONT)
    log = lab.node(blind).directory / layout.NATS_LOG

    async def complaint() -> str | None:
        failed = f"Account [{owner.key}] lookup for stream create failed"
        return None if failed in log.read_text(errors="replace") else f"{blind} has not seen the stream"

    await control.until(complaint, within=_REFUSED_WITHIN)
    return owner


async def _account_unknown_to(lab: Lab, blind: str) -> AccountKeys:
    # A directory in the file's place: neither found on a look-up nor fetched and saved.
    name = user_name(len(lab.keys.users))
    key = lab.add_account(name)
    owner = breaking.user(lab, name)
    breaking.jwt_file(lab, blind, key).mkdir()
    everyone = breaking.names(lab)
    async with lab.system_client() as system:
        answers = await control.ask_servers(system, "$SYS.REQ.CLAIMS.UPDATE", owner.jwt.encode(), expect=len(everyone))
    taken = {server for server, answer in answers.items() if answer.get("code") == 200}  # noqa: PLR2004
    if taken != set(everyone) - {blind}:
        raise LabError(f"the JWT of {name} was taken by {sorted(taken)}")
    return owner


async def _make_known(lab: Lab, owner: AccountKeys) -> None:
    everyone = breaking.names(lab)
    for node in everyone:
        path = breaking.jwt_file(lab, node, owner.key)
        if path.is_dir():
            path.rmdir()
    async with lab.system_client() as system:
        await control.push_account(system, owner.jwt, expect=len(everyone))
