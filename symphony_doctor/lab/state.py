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
    # Another nats-server than the lab's: a cluster in the middle of an upgrade.
    server: str | None = None
    # Says of itself that its messaging is not healthy.
    degraded: bool = False


@dataclass(slots=True)
class LabState:
    """All that is needed to go on with a lab from another process."""

    server: str
    detached: bool
    nodes: list[NodeState]
    helpers: list[Process] = field(default_factory=list)
    tls: bool = False
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
    path = root / STATE_FILE
    try:
        return _state(_read(path))
    except (KeyError, TypeError, AttributeError):
        raise LabError(f"{path}: not the state of a lab") from None


def _state(document: dict[str, Any]) -> LabState:
    nodes = [
        NodeState(
            address=NodeAddress(**node["address"]),
            process=_process(node["process"]),
            arguments=tuple(node["arguments"]),
            in_setup=node["in_setup"],
            server=node["server"],
            degraded=node["degraded"],
        )
        for node in document["nodes"]
    ]
    helpers = [process for item in document["helpers"] if (process := _process(item)) is not None]
    return LabState(
        server=document["server"],
        detached=document["detached"],
        nodes=nodes,
        helpers=helpers,
        tls=document["tls"],
        told_replicas=document["told_replicas"],
    )


def load_keys(root: Path) -> Keys:
    """Read the secrets."""
    path = root / CREDENTIALS / _KEYS_FILE
    try:
        return _keys(_read(path))
    except (KeyError, TypeError, AttributeError):
        raise LabError(f"{path}: not the keys of a lab") from None


def _keys(document: dict[str, Any]) -> Keys:
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
    except OSError as error:
        raise LabError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError as error:
        raise LabError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise LabError(f"{path}: not the state of a lab")
    return document
