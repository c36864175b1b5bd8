"""The UI ports: GET of the three public endpoints of each instance, all at once.

The standard library's client is used in threads: it follows no redirect and knows no proxy, and each
request has the deadline of its node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from symphony_doctor.formats.health import complaints
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.services import Ui, UiAnswer
from symphony_doctor.sources.deadline import Deadline, in_thread
from symphony_doctor.sources.observation import Address
from symphony_doctor.sources.reasons import reason

ENDPOINTS = ("/api/v1/ping", "/api/v1/health", "/api/v1/ready")

MOST = 64 * 1024
"""Bytes of a body that are read."""

Fingerprint = Callable[[str], str]


async def ask(address: Address, fingerprint: Fingerprint, deadline: Deadline) -> Evidence[Ui]:
    """Ask one UI port. A port that refuses is seen; a host that is not reached is missing evidence."""
    try:
        async with asyncio.timeout(deadline.remaining):
            _, writer = await asyncio.open_connection(address.host, address.port)
        writer.transport.abort()
    except TimeoutError:
        # a firewall between here and there says nothing about the instance
        why = f"{address.text} does not answer a connection: down, or a firewall drops it"
        return Missing(State.TIMED_OUT, why, address.text)
    except (OSError, UnicodeError, OverflowError) as error:
        words = reason(error)
        if "refuses" in words:
            return Seen(Ui(address.text, refused=True, answers=()), address.text)
        return Missing(State.UNREACHABLE, f"{address.text} {words}", address.text)
    answers = await asyncio.gather(*(_get(address, path, fingerprint, deadline) for path in ENDPOINTS))
    return Seen(Ui(address.text, refused=False, answers=tuple(answers)), address.text)


async def _get(address: Address, path: str, fingerprint: Fingerprint, deadline: Deadline) -> UiAnswer:
    import http.client  # noqa: PLC0415 - only where a UI port is asked: start-up time

    def request() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=max(0.1, deadline.remaining))
        try:
            connection.request("GET", path, headers={"Accept": "application/json", "User-Agent": "symphony-doctor"})
            response = connection.getresponse()
            return response.status, response.read(MOST)
        finally:
            connection.close()

    try:
        status, body = await in_thread(request, deadline)
    except TimeoutError:
        return UiAnswer(path, None, ("accepts the connection and does not answer",))
    except http.client.HTTPException:
        return UiAnswer(path, None, ("does not speak HTTP",))
    except (OSError, ValueError) as error:
        return UiAnswer(path, None, (reason(error),))
    return UiAnswer(path, status, complaints(body, fingerprint))
