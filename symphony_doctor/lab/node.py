"""A node of the lab as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from symphony_doctor.lab.state import NodeState


@dataclass(frozen=True, slots=True)
class LabNode:
    """A node as it stands at the moment of asking."""

    name: str
    directory: Path
    client_port: int
    websocket_port: int
    route_port: int
    ui_port: int
    host: str
    pid: int | None

    @property
    def client_url(self) -> str:
        """Where NATS clients connect."""
        return f"nats://{self.host}:{self.client_port}"

    @property
    def ui_url(self) -> str:
        """Where browsers and load balancers connect."""
        return f"http://{self.host}:{self.ui_port}"

    @classmethod
    def of(cls, root: Path, state: NodeState) -> Self:
        """Look at a node of the lab in ``root``."""
        address, process = state.address, state.process
        return cls(
            name=address.name,
            directory=root / address.name,
            client_port=address.client_port,
            websocket_port=address.websocket_port,
            route_port=address.route_port,
            ui_port=address.ui_port,
            host=address.host,
            pid=process.pid if process is not None and process.alive else None,
        )
