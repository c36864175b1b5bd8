"""Where a node can be reached by its clients."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Listeners:
    """The hosts that are known as a node's own, in lower case, and the port of each service.

    ``labels`` are the names that a host name of the node may begin with: its server name and its own. A port
    is absent where the node is configured without that listener.
    """

    hosts: tuple[str, ...]
    labels: tuple[str, ...]
    ui: Evidence[int]
    websocket: Evidence[int]
    client: Evidence[int]
