"""A directory on another host, as ``ssh://[USER@]HOST[:PORT]/DIR`` names it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SCHEME: Final = "ssh://"

# neither may begin with a dash, which ssh would take for an option, nor hold what a shell or ssh_config would read
_HOST: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]")
_USER: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9._+@\\-]*\$?")
_MOST_PORT: Final = 65535


class SshUrlError(ValueError):
    """It names no directory on a host; the message says what was expected, and repeats no password."""


@dataclass(frozen=True, slots=True)
class SshHost:
    """Whom to connect to; what is not given is for the user's ssh_config to say. ``sudo``: read as root there."""

    host: str
    user: str | None = None
    port: int | None = None
    sudo: bool = False

    @property
    def destination(self) -> str:
        """Return it as ssh's own argument."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def url(self) -> str:
        """Return it as it was given, without a directory."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}{f'{self.user}@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}"

    @property
    def command(self) -> str:
        """Return the command by which people connect to it."""
        return f"ssh {f'-p {self.port} ' if self.port else ''}{self.destination}"


def parse(text: str, *, sudo: bool = False) -> tuple[SshHost, Path]:
    """Return the host and the directory on it. Raises ``SshUrlError``."""
    from urllib.parse import unquote  # noqa: PLC0415 - only where there is a URL

    place, slash, directory = text.removeprefix(SCHEME).partition("/")
    login, _, address = place.rpartition("@")
    user, colon, _ = login.partition(":")
    if colon:
        raise SshUrlError("a password in the URL: ssh takes none there; use a key or an agent")
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", address)
    host, port = (found[1], found[2]) if found else (address, None)
    if not _HOST.fullmatch(host):
        raise SshUrlError(f"{host!r} is no host name: expected ssh://[USER@]HOST[:PORT]/DIR")
    if login and not _USER.fullmatch(user):
        raise SshUrlError(f"{user!r} is no user name: expected ssh://[USER@]HOST[:PORT]/DIR")
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= _MOST_PORT):
        raise SshUrlError(f"{port!r} is no port: expected one from 1 to {_MOST_PORT}")
    path = posixpath.normpath(f"/{unquote(directory).lstrip('/')}")
    if not slash or path == "/" or any(ord(character) < ord(" ") for character in path):
        raise SshUrlError(f"{text!r} names no directory: expected ssh://[USER@]HOST[:PORT]/DIR")
    return SshHost(host.strip("[]"), user or None, int(port) if port else None, sudo), Path(path)
