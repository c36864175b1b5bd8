"""Configurations of load balancers: nginx or HAProxy, told apart by content, with all that nginx includes."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from symphony_doctor.formats import secret_values
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.load_balancer import Balancing, LoadBalancer
from symphony_doctor.sources.deadline import Deadline, in_thread
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.observation import LoadBalancerFile

FILE_LIMIT: Final = 512 * 1024
"""Bytes of one file: a megabyte takes crossplane some six seconds."""

TOTAL_LIMIT: Final = 1024 * 1024
"""Bytes of a configuration with all that it includes."""

MOST_FILES: Final = 1000
"""Files that one ``include`` may name."""

_WITHOUT_FORWARDING: Final = frozenset(
    {"mime.types", "fastcgi_params", "fastcgi.conf", "scgi_params", "uwsgi_params", "koi-utf", "koi-win", "win-utf"}
)
"""Files of every nginx package that forward nothing: a copied nginx.conf often comes without them."""


async def collect(path: Path, fingerprint: Callable[[str], str], deadline: Deadline) -> LoadBalancerFile:
    """Read one configuration. Whatever cannot be read is missing with its reason; nothing raises."""
    try:
        content = await in_thread(lambda: _read(path, fingerprint), deadline)
    except TimeoutError:
        content = Missing(State.TIMED_OUT, f"{path} could not be read in time", str(path))
    return LoadBalancerFile(LoadBalancer(str(path), content))


def unread(path: Path, missing: Missing) -> LoadBalancerFile:
    """Return a configuration that was not read."""
    return LoadBalancerFile(LoadBalancer(str(path), missing))


def _read(path: Path, fingerprint: Callable[[str], str]) -> Evidence[Balancing]:
    from symphony_doctor.formats import haproxy, nginx  # noqa: PLC0415 - only where there is a load balancer
    from symphony_doctor.formats.haproxy_sections import is_haproxy  # noqa: PLC0415

    found = read_file(path, FILE_LIMIT)
    if isinstance(found, Missing):
        return found

    def show(text: str) -> str:
        return secret_values.mask(text, fingerprint)

    try:
        if is_haproxy(found.value):
            return Seen(haproxy.parse(found.value, str(path), show), str(path))
        return Seen(nginx.parse(found.value, str(path), _Includes(path), show), str(path))
    except FormatError as error:
        return Missing(State.UNREADABLE, str(error), str(error.position))


class _Includes:
    """Reads what ``include`` names: from the directory of the file that was given, or from the one above.

    nginx counts from the directory of nginx.conf, which for a file of conf.d or sites-enabled is the one above.
    """

    def __init__(self, path: Path) -> None:
        self.bases = (path.parent, path.absolute().parent.parent)
        self.left = TOTAL_LIMIT

    def __call__(self, pattern: str) -> Iterator[tuple[str, bytes]]:
        """Yield each file with its content. Raises ``OSError`` with a reason in words."""
        if not glob.has_magic(pattern):
            candidates = [base / pattern for base in self.bases]
            path = next((each for each in candidates if each.exists()), candidates[0])
            if path.exists() or path.name not in _WITHOUT_FORWARDING:
                yield str(path), self._content(path)
            return
        for base in self.bases:
            names = sorted(islice(glob.iglob(str(base / pattern)), MOST_FILES + 1))  # noqa: PTH207 - as nginx does
            if len(names) > MOST_FILES:
                raise OSError(f"{pattern} names more than {MOST_FILES:,} files")
            if names:
                for name in names:
                    yield name, self._content(Path(name))
                return

    def _content(self, path: Path) -> bytes:
        found = read_file(path, FILE_LIMIT)
        if isinstance(found, Missing):
            raise OSError(found.why)
        self.left -= len(found.value)
        if self.left < 0:
            raise OSError(f"{path} and all before it have more than {TOTAL_LIMIT:,} bytes")
        return found.value
