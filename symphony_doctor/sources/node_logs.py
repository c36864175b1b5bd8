"""The logs of a run: those that the nodes' nats.config name, where the nodes are, and those that were given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.log import Log
from symphony_doctor.sources import log_files
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.node_directory import NodeDirectory
from symphony_doctor.sources.node_hosts import NodeHosts
from symphony_doctor.sources.observation import GivenLog, NodeFiles
from symphony_doctor.sources.request import Request

_NO_LOGS = Missing(State.NOT_ASKED, "logs were left out (--exclude logs)")


async def with_logs(
    request: Request,
    nodes: tuple[NodeDirectory, ...],
    files: list[NodeFiles],
    hosts: NodeHosts,
    fingerprint: Callable[[str], str],
) -> tuple[list[NodeFiles], list[GivenLog]]:
    """Read the logs that the nodes' nats.config name, and those given: it would delay the network beside it."""
    if not request.read_logs:
        return [replace(each, log=_NO_LOGS) for each in files], []
    deadline = Deadline.after(request.seconds)
    own, given = await asyncio.gather(
        asyncio.gather(
            *(
                log_files.collect_own(node.directory, each.nats_config, fingerprint, deadline, hosts.files(node))
                for node, each in zip(nodes, files, strict=True)
            )
        ),
        asyncio.gather(*(log_files.collect_given(each, fingerprint, deadline) for each in request.logs)),
    )
    since = request.logs_since
    read = [replace(each, log=_recent(log, since)) for each, log in zip(files, own, strict=True)]
    if request.keep_log is not None:
        for node, each in zip(nodes, read, strict=True):
            for log in each.log.value if isinstance(each.log, Seen) else ():
                request.keep_log(log, hosts.files(node))
    return read, [replace(each, logs=_recent(each.logs, since)) for each in given]


def without_logs(files: list[NodeFiles], missing: Missing) -> tuple[list[NodeFiles], list[GivenLog]]:
    """Return the nodes with the reason why no log of theirs was read."""
    return [replace(each, log=missing) for each in files], []


def _recent(logs: Evidence[tuple[Log, ...]], since: float | None) -> Evidence[tuple[Log, ...]]:
    if since is None or isinstance(logs, Missing):
        return logs
    return replace(logs, value=tuple(log.since(since) for log in logs.value))
