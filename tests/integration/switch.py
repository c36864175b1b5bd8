"""The network between the namespaces of a test: a switch that delays, loses and drops frames as it is told.

Usage: switch.py PORT ..., where each PORT is an interface of this network namespace. A line of JSON on standard
input replaces all that holds on the way between two ports, in that direction; it is answered by an empty line.
No kernel module is needed, and each run loses the same frames.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any

_ALL = 0x0003  # ETH_P_ALL
_OUTGOING = 4  # PACKET_OUTGOING: what the switch itself has sent
_ARP, _IPV4 = 0x0806, 0x0800
_TCP = 6
_MOST = 65536


@dataclass(frozen=True)
class Way:
    """What holds for frames from one port to another: seconds, a share of them, all, all to TCP ports."""

    delay: float = 0.0
    loss: float = 0.0
    drop: bool = False
    ports: tuple[int, ...] = ()


class Switch:
    """Ports by number; what holds between them; where each address was heard; what is on its way."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.ports = [_port(name) for name in names]
        self.ways: dict[tuple[int, int], Way] = {}
        self._heard: dict[bytes, int] = {}
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._chance = random.Random(1)  # noqa: S311 - the same frames are lost in each run

    def run(self) -> None:
        """Switch until standard input ends."""
        poll = select.poll()
        by_file = {port.fileno(): place for place, port in enumerate(self.ports)}
        for file in (0, *by_file):
            poll.register(file, select.POLLIN)
        told = b""
        while True:
            for file, _ in poll.poll(self._pause()):
                if file != 0:
                    self._receive(by_file[file])
                elif data := os.read(0, _MOST):
                    *lines, told = (told + data).split(b"\n")
                    for line in lines:
                        self._obey(json.loads(line))
                else:
                    return
            self._deliver()

    def _obey(self, order: dict[str, Any]) -> None:
        key = self.names.index(order.pop("source")), self.names.index(order.pop("target"))
        self.ways[key] = Way(**{**order, "ports": tuple(order.get("ports", ()))})
        os.write(1, b"\n")

    def _receive(self, source: int) -> None:
        for frame in _frames(self.ports[source]):
            self._heard[frame[6:12]] = source
            known = self._heard.get(frame[:6])
            for target in range(len(self.ports)) if known is None else (known,):
                way = self.ways.get((source, target), Way())
                if target != source and not _is_dropped(frame, way, self._chance):
                    self._count += 1
                    heapq.heappush(self._waiting, (time.monotonic() + way.delay, self._count, target, frame))

    def _pause(self) -> float | None:
        """How long nothing is due, in the unit of poll."""
        return 1000 * max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None

    def _deliver(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, _, target, frame = heapq.heappop(self._waiting)
            # an interface that is down takes nothing: a cable that was pulled
            with contextlib.suppress(OSError):
                self.ports[target].send(frame)


def _port(name: str) -> socket.socket:
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    port.bind((name, 0))
    port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    port.settimeout(0)
    return port


def _frames(port: socket.socket) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < 256:  # then the others get their turn
        try:
            frame, origin = port.recvfrom(_MOST)
        except OSError:
            break
        if origin[2] != _OUTGOING:
            found.append(frame)
    return found


def _is_dropped(frame: bytes, way: Way, chance: random.Random) -> bool:
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == _ARP:
        return False  # it stands for what routers know of each other: a host that is dropped is not a missing one
    if way.drop or (way.loss and chance.random() < way.loss):
        return True
    if not way.ports or kind != _IPV4 or frame[23] != _TCP:
        return False
    return struct.unpack_from("!H", frame, 14 + 4 * (frame[14] & 0x0F) + 2)[0] in way.ports


if __name__ == "__main__":
    Switch(sys.argv[1:]).run()
