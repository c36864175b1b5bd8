"""All that one server is asked of itself, by way of any connection of the system account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.jetstream import JetStream, MetaGroup
from symphony_doctor.model.server import Route, Server
from symphony_doctor.sources import answers, jsz
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.observation import ServerAnswers
from symphony_doctor.sources.reading import Reading
from symphony_doctor.sources.system_account import Connection

PAGE = 256
"""Accounts in one page of JSZ: the server holds a lock while it makes one."""


async def ask(
    way: Connection,
    server_id: str,
    reading: Reading,
    deadline: Deadline,
    tell: Callable[[ServerAnswers], None],
    who: str = "",
) -> ServerAnswers:
    """Ask all at once; what is not answered is missing with its reason.

    ``tell`` is given what the server is and its routes as soon as these are known: the rest may take its time. ``who``
    is it whom progress is told of.
    """
    asked_at = time.time()

    async def itself() -> tuple[Evidence[Server], Evidence[tuple[Route, ...]]]:
        found = await asyncio.gather(
            way.ask(
                server_id,
                "VARZ",
                answers.Varz,
                lambda varz: answers.server(varz, reading.token, asked_at, time.time()),
                deadline,
            ),
            way.ask(server_id, "ROUTEZ", answers.Routez, answers.routes, deadline),
        )
        tell(ServerAnswers("", server=found[0], routes=found[1]))
        return found

    (server, routes), jetstream, meta_group, health = await asyncio.gather(
        itself(),
        _jetstream(way, server_id, reading, deadline, who or f"server {server_id[:8]}"),
        way.ask(server_id, "RAFTZ", _Raftz, _meta_group, deadline, group="_meta_"),
        way.ask(server_id, "HEALTHZ", answers.Healthz, answers.health, deadline, details=True),
    )
    group: Evidence[MetaGroup]
    if isinstance(meta_group, Seen):
        group = (
            Seen(meta_group.value, meta_group.where)
            if meta_group.value is not None
            else Missing(State.ABSENT, "the server is in no meta group: JetStream is standalone or off", "RAFTZ")
        )
    else:
        group = meta_group
    return ServerAnswers("", server=server, routes=routes, jetstream=jetstream, meta_group=group, health=health)


_Raftz = dict[str, dict[str, answers.RaftGroup]]


def _meta_group(groups: _Raftz) -> MetaGroup | None:
    found = [account["_meta_"] for account in groups.values() if "_meta_" in account]
    return answers.meta_group(found[0]) if found else None


async def _jetstream(
    way: Connection, server_id: str, reading: Reading, deadline: Deadline, who: str = ""
) -> Evidence[JetStream]:
    pages: list[jsz.Jsz] = []
    accounts = 0
    while True:
        of = f" of {max(1, -(-pages[0].total // PAGE))}" if pages else ""
        with reading.attendance.telling(who, f"asked JSZ page {len(pages) + 1}{of}"):
            page = await way.ask(
                server_id, "JSZ", jsz.Jsz, _itself, deadline,
                accounts=True, streams=True, config=True, offset=accounts, limit=PAGE,
            )  # fmt: skip
        if isinstance(page, Missing):
            return page
        pages.append(page.value)
        got = len(page.value.account_details or ())
        accounts += got
        if got < PAGE or accounts >= page.value.total > 0:
            return Seen(jsz.jetstream(tuple(pages), reading.fingerprint), "JSZ")


def _itself(page: jsz.Jsz) -> jsz.Jsz:
    return page
