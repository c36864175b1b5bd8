"""The streams of a filled Symphony: system buckets, their mirrors in every account, extension buckets."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import nats.errors

from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.identity import MIRROR_API, MIRROR_DELIVERY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nats.aio.client import Client

SYSTEM_BUCKETS = (
    "roles",
    "role_assignments",
    "shares",
    "licenses",
    "usage",
    "business_units",
    "enforcement",
)
EXTENSION_BUCKETS = ("ext_catalog", "ext_jobs")
_RECORDS = 5
_RETRY = 0.1
# A create that meets a leader change is never answered; the same create again is harmless.
_ATTEMPT = 1.5
# What a server answers while it has not yet seen its peers, a leader or the account's JWT; 10049 is 2.10 when two
# streams of a new account are created at the same moment.
_TRANSIENT = frozenset({10004, 10005, 10008, 10009, 10023, 10035, 10039, 10049, 10076})
Config = dict[str, Any]


def system_stream(bucket: str) -> str:
    """Name the stream of one of the seven buckets."""
    return f"KV_symphony_{bucket}"


def bucket_config(stream: str, replicas: int) -> Config:
    """Describe a key-value bucket's stream as the client libraries do."""
    bucket = stream.removeprefix("KV_")
    return {
        "name": stream,
        "subjects": [f"$KV.{bucket}.>"],
        "storage": "file",
        "num_replicas": replicas,
        "max_msgs_per_subject": 1,
        "max_bytes": -1,
        "max_msg_size": -1,
        "duplicate_window": 120_000_000_000,
        "discard": "new",
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "allow_direct": True,
    }


def mirror_config(stream: str, account: str, replicas: int) -> Config:
    """Describe a user's memory-backed view of a Symphony bucket, across the account boundary."""
    return {
        "name": stream,
        "storage": "memory",
        "num_replicas": replicas,
        "max_msgs_per_subject": 1,
        "max_bytes": -1,
        "max_msg_size": -1,
        "discard": "new",
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "allow_direct": True,
        "mirror_direct": True,
        "mirror": {
            "name": stream,
            "external": {"api": MIRROR_API, "deliver": f"{MIRROR_DELIVERY}.{account}"},
        },
    }


async def request(
    client: Client, subject: str, body: Config | None = None, *, within: float = 10.0, attempt: float = _ATTEMPT
) -> Config:
    """Ask the JetStream API, again while the answer is that of a cluster still waking up."""
    deadline = time.monotonic() + within
    last = "no answer"
    while (left := deadline - time.monotonic()) > 0:
        try:
            message = await client.request(
                f"$JS.API.{subject}",
                json.dumps(body).encode() if body is not None else b"",
                timeout=min(left, attempt),
            )
        except nats.errors.NoRespondersError:
            last = "no responders"
        except nats.errors.TimeoutError:
            last = "no answer"
        else:
            answer: Config = json.loads(message.data)
            error = answer.get("error")
            if error is None:
                return answer
            last = f"{error.get('code')} / {error.get('err_code')} {error.get('description')}"
            if error.get("err_code") not in _TRANSIENT:
                break
        await asyncio.sleep(_RETRY)
    raise LabError(f"{subject}: {last}")


async def create_streams(client: Client, configurations: Iterable[Config]) -> None:
    """Create streams, all at once."""
    await asyncio.gather(*(request(client, f"STREAM.CREATE.{config['name']}", config) for config in configurations))


async def create_buckets(client: Client, buckets: Iterable[str], replicas: int) -> None:
    """Create key-value buckets with some records in them."""
    names = list(buckets)
    await create_streams(client, (bucket_config(name, replicas) for name in names))
    await asyncio.gather(*(put_records(client, name) for name in names))


async def put_records(client: Client, stream: str, count: int = _RECORDS) -> None:
    """Put records into a bucket, each acknowledged."""
    bucket = stream.removeprefix("KV_")
    await asyncio.gather(
        *(
            put(client, f"$KV.{bucket}.record-{number}", json.dumps({"number": number}).encode())
            for number in range(count)
        )
    )


async def put(client: Client, subject: str, data: bytes, *, within: float = 5.0) -> None:
    """Publish with an acknowledgement from the stream."""
    deadline = time.monotonic() + within
    while True:
        try:
            message = await client.request(subject, data, timeout=2)
        except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
            message = None
        if message is not None and "error" not in json.loads(message.data):
            return
        if time.monotonic() > deadline:
            raise LabError(f"{subject}: not stored")
        await asyncio.sleep(_RETRY)
