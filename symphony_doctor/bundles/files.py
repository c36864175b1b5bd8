"""The files of a bundle before they are packed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleText:
    """A text for people: its name in the bundle, and the file or the endpoint that it is from."""

    name: str
    text: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file as it is packed: every secret in it is masked by now. ``origin`` as of ``BundleText``."""

    name: str
    content: bytes
    origin: str = ""
