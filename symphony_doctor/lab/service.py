"""The cluster information service of a lab: what Symphony tells extensions of the cluster.

Run as a program with the directory of a lab. The names of the answer's fields are invented, as the product's
are not public.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nats
import nats.micro

from symphony_doctor.lab.layout import replicas_for
from symphony_doctor.lab.state import CREDENTIALS, load_state

if TYPE_CHECKING:
    from nats.micro.request import Request

SUBJECT = "cirata.services.cluster.info"


async def serve(root: Path) -> None:
    """Answer until the process is stopped; lab.json is read for each request."""

    async def answer(request: Request) -> None:
        state = load_state(root)
        count = len(state.nodes)
        document = {"nodes": count, "replicas": state.told_replicas or replicas_for(count)}
        await request.respond(json.dumps(document).encode())

    async def ignore(_: Exception) -> None:
        """Say nothing: the client connects again by itself."""

    client = await nats.connect(
        servers=[f"nats://{node.address.host}:{node.address.client_port}" for node in load_state(root).nodes],
        user_credentials=str(root / CREDENTIALS / "symphony.creds"),
        max_reconnect_attempts=-1,
        error_cb=ignore,
    )
    service = await nats.micro.add_service(client, name="cluster-info", version="1.0.0")
    await service.add_endpoint(name="info", subject=SUBJECT, handler=answer)
    await asyncio.Event().wait()


def main() -> None:
    """Serve the lab in the directory that is the only argument."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
