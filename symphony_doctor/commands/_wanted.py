"""Servers and credentials as they were asked for, before any file of them was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say of servers and credentials, as they were written.

    ``said`` has where those of an inventory stand, by name.
    """

    servers: tuple[str, ...] = ()
    creds: tuple[Path, ...] = ()
    nkey: Path | None = None
    context: str | None = None
    tlsca: Path | None = None
    tlscert: Path | None = None
    tlskey: Path | None = None
    said: Mapping[str, str] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """Return what gave a value: the option, or where it stands in the inventory."""
        return self.said.get(name, f"--{name}")

    @property
    def is_any(self) -> bool:
        """Tell whether they name a server or credentials."""
        return bool(self.servers or self.creds or self.nkey is not None or self.context is not None)
