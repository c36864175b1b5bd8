"""Which node a log that was given is of.

Believed: the name it was given with; else the node whose server, host or service the log names; else,
where there is just one node and one log, that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from symphony_doctor.errors import UsageError
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen

if TYPE_CHECKING:
    from symphony_doctor.model.log import Log
    from symphony_doctor.sources.observation import GivenLog

_REPLICA = re.compile(r"[-_]\d+$")


def with_logs(nodes: tuple[Node, ...], given: Iterable[GivenLog]) -> tuple[Node, ...]:
    """Return the nodes with the logs that were given for them. Raises ``UsageError`` where one is no node's."""
    found = {node.name: node for node in nodes}
    for each in given:
        for name, log in _placed(nodes, each).items():
            found[name] = replace(found[name], log=_both(found[name].log, log))
    return tuple(found[node.name] for node in nodes)


def _both(own: Evidence[tuple[Log, ...]], given: Evidence[tuple[Log, ...]]) -> Evidence[tuple[Log, ...]]:
    """Add a log that was given to those there are; one that was asked for and cannot be read is missed."""
    if isinstance(given, Seen) and isinstance(own, Seen):
        return Seen((*own.value, *given.value), f"{own.where}, {given.where}")
    return own if isinstance(own, Missing) and isinstance(given, Seen) and _was_given(own) else given


def _was_given(own: Missing) -> bool:
    """Tell whether this is the lack of another log that was given: it is not made good by this one."""
    return own.where.startswith("--log ")


def _placed(nodes: tuple[Node, ...], given: GivenLog) -> dict[str, Evidence[tuple[Log, ...]]]:
    names = ", ".join(node.name for node in nodes)
    if given.given_name is not None:
        node = next((each for each in nodes if given.given_name in _names(each)), None)
        if node is None:
            raise UsageError(f"--log: {given.given_name} is no node of this cluster: expected one of {names}")
    else:
        node = nodes[0] if len(nodes) == 1 else None
    if isinstance(given.logs, Missing):
        if node is None:
            raise UsageError(f"--log: {given.logs.why}; give it as --log NAME=FILE, NAME one of {names}")
        return {node.name: replace(given.logs, where=f"--log {given.path}")}
    logs = given.logs.value
    if given.given_name is not None and node is not None:
        return {node.name: Seen((_one_of(logs, node, given.path),), given.path)}
    placed: dict[str, Evidence[tuple[Log, ...]]] = {}
    for log in logs:
        owners = [each for each in nodes if _names(each) & _named_in(log)]
        if len(owners) == 1 and owners[0].name not in placed:
            placed[owners[0].name] = Seen((log,), given.path)
    if not placed and node is not None:
        return {node.name: Seen((_one_of(logs, node, given.path),), given.path)}
    if not placed:
        raise UsageError(
            f"--log: {given.path} does not tell which node it is of: give it as --log NAME={given.path}, "
            f"NAME one of {names}"
        )
    return placed


def _one_of(logs: tuple[Log, ...], node: Node, path: str) -> Log:
    """Choose the service that is the node's, of a log in which several are mixed."""
    every = list(logs)
    for choice in (
        every,
        [log for log in every if _names(node) & _named_in(log)],
        [log for log in every if "symphony" in log.service.lower()],
        [log for log in every if log.server_name or log.started_at is not None or log.quorum_at is not None],
        [log for log in every if log.events],
    ):
        if len(choice) == 1:
            return choice[0]
    if not any(log.events or log.quorum_at or log.started_at for log in every):
        return every[0]  # none of them says anything
    services = ", ".join(log.service or "lines without a name" for log in every)
    raise UsageError(f"--log: {path} has several services ({services}), and none is known to be {node.name}")


def _names(node: Node) -> set[str]:
    server = {node.server_name.value} if isinstance(node.server_name, Seen) else set()
    return {node.name, *server}


def _named_in(log: Log) -> set[str]:
    host = {log.host, log.host.partition(".")[0]}
    return {log.server_name, log.service, _REPLICA.sub("", log.service), *host} - {""}
