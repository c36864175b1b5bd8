"""lab.json: what a lab consists of and which processes are its own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.identity import AccountKeys, Identity
from symphony_doctor.lab.layout import NodeAddress, write_private
from symphony_doctor.lab.processes import Process

if TYPE_CHECKING:
    from pathlib import Path

STATE_FILE = "lab.json"
CREDENTIALS = "credentials"
_KEYS_FILE = "keys.json"


@dataclass(slots=True)
class NodeState:
    """A node of a lab, as it is now."""

    address: NodeAddress
    process: Process | None = None
    # Given to the server on its command line: they win over nats.config, which stays as it is.
    arguments: tuple[str, ...] = ()
    in_setup: bool = False
    # Says of itself that its messaging is not healthy.
    degraded: bool = False


@dataclass(slots=True)
class LabState:
    """All that is needed to go on with a lab from another process."""

    server: str
    detached: bool
    nodes: list[NodeState]
    helpers: list[Process] = field(default_factory=list)
    # What the cluster information service says; None for what is right.
    told_replicas: int | None = None

    def save(self, root: Path) -> None:
        """Write it to its file."""
        write_private(root / STATE_FILE, json.dumps(asdict(self), indent=2) + "\n")


@dataclass(slots=True)
class Keys:
    """The secrets of a lab."""

    identity: Identity
    users: list[AccountKeys]

    def save(self, root: Path) -> None:
        """Write them where only the owner reads them."""
        write_private(root / CREDENTIALS / _KEYS_FILE, json.dumps(asdict(self), indent=2) + "\n")


def load_state(root: Path) -> LabState:
    """Read lab.json."""
    document = _read(root / STATE_FILE)
    nodes = [
        NodeState(
            address=NodeAddress(**node["address"]),
            process=_process(node["process"]),
            arguments=tuple(node["arguments"]),
            in_setup=node["in_setup"],
            degraded=node.get("degraded", False),
        )
        for node in document["nodes"]
    ]
    helpers = [process for item in document["helpers"] if (process := _process(item)) is not None]
    return LabState(document["server"], document["detached"], nodes, helpers, document.get("told_replicas"))


def load_keys(root: Path) -> Keys:
    """Read the secrets."""
    document = _read(root / CREDENTIALS / _KEYS_FILE)
    identity = document["identity"]
    for name in ("system", "symphony"):
        identity[name] = AccountKeys(**identity[name])
    return Keys(Identity(**identity), [AccountKeys(**user) for user in document["users"]])


def _process(item: dict[str, Any] | None) -> Process | None:
    if item is None:
        return None
    return Process(item["pid"], item["started"], tuple(item["command"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise LabError(f"{path}: no lab here") from None
    except ValueError as error:
        raise LabError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise LabError(f"{path}: not the state of a lab")
    return document
