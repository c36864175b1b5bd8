"""The slowest single request of a diagnosis, alone: JSZ of one server, by nats-py, in a process of its own.

Prints the seconds of the request itself, from the first byte of the connection to the answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import nats


async def main(url: str, credentials: str) -> None:
    """Connect as the system account, ask, and print how long it took."""
    began = time.perf_counter()
    client = await nats.connect(url, user_credentials=credentials)
    options = {"accounts": True, "streams": True, "config": True, "limit": 256}
    reply = await client.request("$SYS.REQ.SERVER.PING.JSZ", json.dumps(options).encode(), timeout=5)
    if "account_details" not in json.loads(reply.data)["data"]:
        raise SystemExit("no account in the answer")
    print(time.perf_counter() - began)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
