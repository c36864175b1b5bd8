"""The floor of a live diagnosis: every server's JSZ with all accounts, streams and their configurations, once.

Usage: _round_trip.py SERVERS CREDENTIALS COUNT. Prints the streams told by the servers, and the seconds it took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import nats

WITHIN = 30.0


async def main(url: str, credentials: str, count: str) -> None:
    """Connect as the system account, ask all servers at once, and count what they tell."""
    began = time.perf_counter()
    client = await nats.connect(url.split(","), user_credentials=credentials)
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    options = {"accounts": True, "streams": True, "config": True, "limit": 4096}
    await client.publish("$SYS.REQ.SERVER.PING.JSZ", json.dumps(options).encode(), reply=inbox)
    streams = 0
    for _ in range(int(count)):
        answer = json.loads((await subscription.next_msg(timeout=WITHIN)).data)["data"]
        streams += sum(len(account.get("stream_detail") or ()) for account in answer["account_details"])
    print(streams, time.perf_counter() - began)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
