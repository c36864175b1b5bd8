"""A real sshd on loopback, and an OpenSSH client that knows it: no file of the user's is read or written."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .program import bounds

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SSH = shutil.which("ssh")
USER = os.environ.get("USER") or ("root" if os.getuid() == 0 else Path.home().name)
WHY = "there is no sshd here (Debian: openssh-server)"


def key(path: Path) -> str:
    """Make a key, and return its public half."""
    subprocess.run([str(shutil.which("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@dataclass(frozen=True)
class Host:
    """A host that is connected to with ``environment``; ``port`` is its own."""

    root: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def url(self, directory: Path, port: int | None = None) -> str:
        return f"ssh://{USER}@127.0.0.1:{port or self.port}{directory}"

    def know(self, public: str) -> None:
        """Write known_hosts anew: the key that is believed to be the host's, by way of a relay too."""
        (self.root / "known_hosts").write_text(f"* {public}\n")

    @property
    def connections(self) -> int:
        """How often somebody was let in."""
        return (self.root / "log").read_text().count("Accepted publickey")


@contextlib.contextmanager
def host(root: Path, *settings: str, powerless: bool = False) -> Iterator[Host]:
    """Run an sshd until the block ends. With ``powerless`` who connects may read what permissions allow, as no root."""
    root.mkdir(parents=True)
    public = key(root / "host_key")
    own = key(root / "key")
    (root / "authorized_keys").write_text(f"{own}\n")
    port = _free_port()
    lines = (
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {root}/host_key", "PidFile none", "UsePAM no",
        f"AuthorizedKeysFile {root}/authorized_keys", "StrictModes no", "PasswordAuthentication no",
        "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password", "MaxStartups 100", *settings,
    )  # fmt: skip
    (root / "sshd_config").write_text("\n".join(lines) + "\n")
    (root / "ssh_config").write_text(
        f"IdentityFile {root}/key\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {root}/known_hosts\n"
        "GlobalKnownHostsFile /dev/null\n"
    )
    programs = root / "programs"
    programs.mkdir()
    # ssh finds the user's files by the user, not by HOME
    (programs / "ssh").write_text(f'#!/bin/sh\nexec {SSH} -F {root}/ssh_config "$@"\n')
    (programs / "ssh").chmod(0o755)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [str(SSHD), "-D", "-f", root / "sshd_config", "-E", root / "log"],
        preexec_fn=bounds(powerless=powerless),  # noqa: PLW1509 - no thread of a test is running
    )
    found = Host(root, port, environment, process)
    found.know(public)
    try:
        _until_it_listens(found)
        yield found
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def relay(target: int, *, after: int | None = None, most: int | None = None) -> Iterator[int]:
    """Give the port of a relay: it hangs without ``most``, and breaks off once the server sent so many bytes.

    ``after`` is how many clients are let through whole before.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()
        thread = threading.Thread(target=_relay, args=(listener, target, after or 0, most, ended))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join(10)


def _relay(listener: socket.socket, target: int, whole: int, most: int | None, ended: threading.Event) -> None:
    open_: list[socket.socket] = []
    threads: list[threading.Thread] = []
    listener.settimeout(0.05)
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            client = listener.accept()[0]
            open_.append(client)
            if most is None:
                continue
            server = socket.create_connection(("127.0.0.1", target))
            open_.append(server)
            limit = most if whole <= 0 else 1 << 60
            whole -= 1
            for source, to, count in ((client, server, 1 << 60), (server, client, limit)):
                threads.append(threading.Thread(target=_pump, args=(source, to, count)))
                threads[-1].start()
    for each in open_:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
    for thread in threads:
        thread.join(10)


def _pump(source: socket.socket, to: socket.socket, most: int) -> None:
    with contextlib.suppress(OSError):
        while most > 0 and (data := source.recv(min(65536, most))):
            most -= len(data)
            to.sendall(data)
    for each in (source, to):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def children_named(word: str) -> list[int]:
    """Return the processes whose command line has a word in it."""
    found = []
    for each in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if word.encode() in (each / "cmdline").read_bytes():
                found.append(int(each.name))
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _until_it_listens(found: Host) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert found.process.poll() is None, (found.root / "log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", found.port), 1):
            return
    raise AssertionError((found.root / "log").read_text())
