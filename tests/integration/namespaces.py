"""Hosts of a test: network namespaces with an address each, joined by a switch that can be told to misbehave."""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.lab.layout import NodeAddress
from symphony_doctor.lab.processes import enter

_PROGRAM = "ip"
_NUMBERS = count()
_SIOCETHTOOL = 0x8946
_OFFLOADS = (
    0x17,
    0x1F,
    0x24,
)  # checksums (STXCSUM), segments (STSO, SGSO): whoever reads raw frames must find them whole
OPERATOR = "operator"
"""The host on which the doctor runs, which is no node."""


@dataclass
class Hosts:
    """Hosts by their names; all start out near each other and reach each other."""

    prefix: str
    names: tuple[str, ...]
    switch: subprocess.Popen[bytes]
    _changed: set[tuple[str, str]] = field(default_factory=set)

    def namespace(self, name: str) -> str:
        """The network namespace of a host, as `ip netns` knows it."""
        return f"{self.prefix}{name}"

    def address(self, name: str) -> str:
        """The address of a host."""
        return f"10.97.0.{1 + self.names.index(name)}"

    def nodes(self) -> tuple[NodeAddress, ...]:
        """The places of a lab's nodes: each on a host of its own, all at the usual ports."""
        return tuple(
            NodeAddress(name, 4222, 9222, 6222, 8080, host=self.address(name), namespace=self.namespace(name))
            for name in self.names
            if name != OPERATOR
        )

    def way(self, source: str, target: str, **rules: Any) -> None:  # noqa: ANN401 - as the switch has them
        """Say what holds for all that is sent from one host to another from now on: see ``switch.Way``."""
        assert self.switch.stdin is not None
        assert self.switch.stdout is not None
        self._changed.add((source, target))
        order = {"source": source, "target": target, **rules}
        self.switch.stdin.write(json.dumps(order).encode() + b"\n")
        self.switch.stdin.flush()
        assert self.switch.stdout.readline() == b"\n"

    def between(self, one: str, other: str, **rules: Any) -> None:  # noqa: ANN401
        """Say what holds in both directions."""
        self.way(one, other, **rules)
        self.way(other, one, **rules)

    def cut_off(self, *names: str) -> None:
        """Let nothing through to hosts, nor from them: no word of refusal comes back."""
        for name in names:
            for other in self.names:
                if other != name:
                    self.between(name, other, drop=True)

    def far_apart(self, seconds: float) -> None:
        """Let everything take its time, in each direction."""
        for source in self.names:
            for target in self.names:
                if source != target:
                    self.way(source, target, delay=seconds)

    def reset(self, name: str, other: str) -> None:
        """Close the connections of a host to another one, without a word to it."""
        which = ("-N", self.namespace(name), "-t", "-H", "state", "established", "dst", self.address(other))
        _run("ss", "-K", *which)
        if _run("ss", *which).stdout:
            pytest.skip("this kernel does not let root close connections (INET_DIAG_DESTROY)")

    def heal(self) -> None:
        """Let everything through again, at once."""
        for way in sorted(self._changed):
            self.way(*way)
        self._changed.clear()


@contextlib.contextmanager
def hosts(nodes: int) -> Iterator[Hosts]:
    """Make hosts, and stand on the operator's until the block ends. Skips the test where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which(_PROGRAM):
        pytest.skip("there is no ip program (Debian's iproute2)")
    prefix = f"sd{os.getpid()}x{next(_NUMBERS)}-"
    names = (*(f"node{number}" for number in range(1, nodes + 1)), OPERATOR)
    hub = f"{prefix}hub"
    with contextlib.ExitStack() as stack:
        for namespace in (hub, *(f"{prefix}{name}" for name in names)):
            made = _ip("netns", "add", namespace)
            if made.returncode:
                pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
            stack.callback(_ip, "netns", "del", namespace)
        for number, name in enumerate(names, 1):
            _wire(hub, f"{prefix}{name}", name, f"10.97.0.{number}")
        switch = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("switch.py"), *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: enter(hub),  # noqa: PLW1509 - two system calls
        )
        stack.callback(_end, switch)
        stack.enter_context(standing_in(f"{prefix}{OPERATOR}"))
        yield Hosts(prefix, names, switch)


@contextlib.contextmanager
def standing_in(namespace: str) -> Iterator[None]:
    """Let this thread, and what it starts, be in a network namespace."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(namespace)
        yield
    finally:
        enter(Path(f"/proc/thread-self/fd/{home}"))
        os.close(home)


def _wire(hub: str, namespace: str, name: str, address: str) -> None:
    """Lay a cable from the switch to a host."""
    for line in (
        f"-n {hub} link add {name} type veth peer name eth0 netns {namespace}",
        f"-n {hub} link set {name} addrgenmode none up",
        f"-n {namespace} link set lo up",
        f"-n {namespace} link set eth0 addrgenmode none up",
        f"-n {namespace} address add {address}/24 dev eth0",
    ):
        done = _ip(*line.split())
        assert not done.returncode, (line, done.stderr)
    _in_thread(namespace, _no_offloads)


def _no_offloads() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for feature in _OFFLOADS:
            wanted = array.array("I", [feature, 0])
            fcntl.ioctl(any_socket, _SIOCETHTOOL, struct.pack("16sP", b"eth0", wanted.buffer_info()[0]))


def _in_thread(namespace: str, work: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def target() -> None:
        try:
            enter(namespace)
            work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(_PROGRAM, *arguments)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def _end(switch: subprocess.Popen[bytes]) -> None:
    with switch:
        switch.kill()
