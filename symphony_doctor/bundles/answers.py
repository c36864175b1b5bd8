"""The servers' own answers, as they came: kept packed until it is known which node each is of."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from symphony_doctor.bundles.files import BundleText

MOST: Final = 64 * 1024 * 1024
"""Bytes of all answers together, packed; those that come after are counted and not kept."""

_FAST: Final = 1


class Answers:
    """Collects answers while servers are asked: call it with the server's id, the endpoint and the answer."""

    __slots__ = ("_kept", "_left", "dropped")

    def __init__(self, most: int = MOST) -> None:
        self._kept: list[tuple[str, str, bytes]] = []
        self._left = most
        self.dropped = 0

    def __call__(self, server_id: str, endpoint: str, answer: bytes) -> None:
        """Keep one answer."""
        packed = zlib.compress(answer, _FAST)
        if len(packed) > self._left:
            self.dropped += 1
            return
        self._left -= len(packed)
        self._kept.append((server_id, endpoint, packed))

    def files(self, folders: Mapping[str, str]) -> Iterator[BundleText]:
        """Yield each answer as a file; ``folders`` are those of the servers by their id.

        The second and further answers of one server to one endpoint, such as pages of JSZ, are numbered.
        """
        seen: dict[tuple[str, str], int] = {}
        for server_id, endpoint, packed in self._kept:
            number = seen[server_id, endpoint] = seen.get((server_id, endpoint), 0) + 1
            name = endpoint if number == 1 else f"{endpoint}-{number}"
            folder = folders.get(server_id, server_id)
            text = zlib.decompress(packed).decode("utf-8", "replace")
            yield BundleText(f"answers/{folder}/{name}.json", text, f"{endpoint} of {server_id[:8]}")
