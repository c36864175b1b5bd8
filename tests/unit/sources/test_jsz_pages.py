"""JSZ by pages of accounts: all of them, each once, whatever their number."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Flaw
from symphony_doctor.sources import server_questions
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.server_questions import PAGE


class Server:
    """A server with so many accounts, one stream each; one page can be made to fail."""

    def __init__(self, accounts: int, *, lost_at: int | None = None, total: int | None = None) -> None:
        self.names = [f"A{number:05}" for number in range(accounts)]
        self.total = accounts if total is None else total
        self.lost_at = lost_at
        self.offsets: list[int] = []

    async def ask(self, *request: Any, **options: Any) -> Evidence[Any]:  # noqa: ANN401 - as Connection.ask is called
        """Answer one page; the third argument is the type of the answer, the fourth what is made of it."""
        _, _, answer, understand, _ = request
        offset, limit = options["offset"], options["limit"]
        self.offsets.append(offset)
        if offset == self.lost_at:
            return Missing(State.TIMED_OUT, "JSZ was not answered in time")
        details = [
            {"name": name, "id": name, "stream_detail": [{"name": f"KV_{name}"}]}
            for name in self.names[offset : offset + limit]
        ]
        page = msgspec.convert({"total": self.total, "account_details": details}, answer)
        return Seen(understand(page), "JSZ")


def ask(server: Server) -> Evidence[Any]:
    way: Any = server
    return asyncio.run(server_questions._jetstream(way, "N1", Reading(lambda _: Flaw("", ""), str), Deadline.after(5)))


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 3])
@pytest.mark.parametrize("told", [True, False], ids=["total", "no-total"])
def test_all_accounts_once(count: int, told: bool) -> None:  # noqa: FBT001
    server = Server(count, total=None if told else 0)
    jetstream = ask(server).get()
    assert jetstream.accounts == tuple(server.names)
    assert [stream.config.name for stream in jetstream.streams] == [f"KV_{name}" for name in server.names]
    assert server.offsets == list(range(0, max(1, count + (0 if told else 1)), PAGE))


def test_a_page_that_is_lost_is_no_smaller_answer() -> None:
    found = ask(Server(3 * PAGE, lost_at=PAGE))
    assert isinstance(found, Missing)
    assert found.state is State.TIMED_OUT
