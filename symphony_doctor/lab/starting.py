"""Starting the processes of a lab."""

from __future__ import annotations

import asyncio
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from symphony_doctor.lab import control, http, layout, processes
from symphony_doctor.lab.errors import LabError, PortClashError

if TYPE_CHECKING:
    from pathlib import Path

    from symphony_doctor.lab.processes import Process
    from symphony_doctor.lab.state import LabState, NodeState

RUN = "run"
_GREETING_WITHIN = 20.0
_POLL = 0.02
_LAST_WORDS = 2000


def start_server(root: Path, lab: LabState, node: NodeState) -> Process:
    """Start a node's server in its directory, from which its relative paths count."""
    name = node.address.name
    directory = root / name
    return processes.start(
        (node.server or lab.server, "-c", str(directory / layout.NATS_CONFIG), *node.arguments),
        directory=directory,
        output=root / RUN / f"{name}.out",
        detached=lab.detached,
        namespace=node.address.namespace,
    )


def start_uis(root: Path, lab: LabState) -> list[Process]:
    """Start what answers on the UI ports: one process for all nodes, or one in each network namespace."""
    apart = [node.address for node in lab.nodes if node.address.namespace is not None]
    if not apart:
        return [start_helper(root, lab, "http", str(root))]
    return [
        start_helper(root, lab, "http", str(root), f"{http.ONLY}{each.name}", namespace=each.namespace)
        for each in apart
    ]


def uis(lab: LabState) -> list[Process]:
    """Return what answers on the UI ports, as far as it was started."""
    return [helper for helper in lab.helpers if _program("http") in helper.command]


def start_helper(root: Path, lab: LabState, module: str, *arguments: str, namespace: str | None = None) -> Process:
    """Start one of the lab's own programs."""
    return processes.start(
        (sys.executable, "-m", _program(module), *arguments),
        directory=root,
        output=root / RUN / f"{module}.out",
        detached=lab.detached,
        namespace=namespace,
    )


def _program(module: str) -> str:
    return f"symphony_doctor.lab.{module}"


async def greets(root: Path, lab: LabState, node: NodeState) -> None:
    """Wait until a server speaks on its client port, and its UI port answers; a server that ended says why."""
    name = node.address.name
    deadline = time.monotonic() + _GREETING_WITHIN
    while (silent := await _silent_port(lab, node)) is not None:
        check(root, node)
        if time.monotonic() > deadline:
            raise LabError(f"{name}: no greeting on its {silent} port within {_GREETING_WITHIN:g} s")
        await asyncio.sleep(_POLL)


async def _silent_port(lab: LabState, node: NodeState) -> str | None:
    if not await http.speaks(node.address.host, node.address.client_port):
        return "client"
    # the program that answers on the UI ports starts more slowly than a server
    if any(each.alive for each in uis(lab)):
        status = await control.http_status(node.address.ui_port, http.PING, node.address.host)
        if status is None:
            return "UI"
        if status != HTTPStatus.OK:
            # the port of another lab's server: it was free when it was chosen, and this program took it later
            raise PortClashError(f"{node.address.name}: another program answers on its UI port: {status}")
    return None


def check(root: Path, node: NodeState) -> None:
    """Raise the last words of a server that ended by itself."""
    if node.process is not None and not node.process.alive:
        name = node.address.name
        raise _ended(name, _last_words(root, name))


def _ended(name: str, words: str) -> LabError:
    kind = PortClashError if "address already in use" in words else LabError
    return kind(f"{name}: the server ended at once: {words}")


def _last_words(root: Path, name: str) -> str:
    for path in (root / name / layout.NATS_LOG, root / RUN / f"{name}.out"):
        text = path.read_text(errors="replace").strip() if path.exists() else ""
        fatal = [line for line in text.splitlines() if "[FTL]" in line or "[ERR]" in line]
        if fatal:
            return fatal[-1]
        if text and path.suffix == ".out":
            return text[-_LAST_WORDS:]
    return "no word in its log"
