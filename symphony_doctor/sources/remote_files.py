"""The files of another host in memory: what readers ask for and is not known yet is fetched, and they read again.

So the readers themselves say what is needed, of a host as of this machine; nothing else travels, and nothing of it is
written to a disk here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.jetstream import Disk
from symphony_doctor.sources.deadline import Deadline, in_thread
from symphony_doctor.sources.file_system import Kind, OpenLog, UnreachedError
from symphony_doctor.sources.remote_log import RemoteLog
from symphony_doctor.sources.ssh_script import FILE_LIMIT, AnswerError, Ask, Facts, Status, learn, request
from symphony_doctor.sources.ssh_session import Answering

T = TypeVar("T")

MOST_ROUNDS: Final = 16
"""Rounds of one reading; configuration, what it names and what that holds are four."""

MOST_ASKED: Final = 200_000
"""Questions of one round."""

_KINDS: Final = {
    "d": "a directory", "f": "a file", "p": "a FIFO", "s": "a socket", "c": "a character device",
    "b": "a block device", "o": "no regular file",
}  # fmt: skip

_UNKNOWN: Final = Missing(State.ABSENT, "not known yet")


class _NotHereYetError(Exception):
    """What is read now has to be fetched first."""


class RemoteFiles:
    """What is known of the files below a node's ``directory`` on a host, and of others that its configuration names."""

    def __init__(self, session: Answering, directory: Path, where: str) -> None:
        self.session = session
        self.directory = str(directory)
        self.where = where
        self.facts = Facts()
        self.lost: Missing | None = None
        self._wanted: dict[Ask, None] = {}
        self._links: dict[str, str] = {}

    def read_file(self, path: Path | str, limit: int) -> Evidence[bytes]:
        """Read a regular file of at most ``limit`` bytes."""
        where, key = str(path), self._key(path)
        if key is None:
            return _UNKNOWN
        if "\n" in key:
            return Missing(State.UNREADABLE, f"{where}: a file with that name is not read over SSH", where)
        if (out := self._leads_out(key)) is not None:
            return _not_followed(where, out)
        status = self._status("R", key)
        if status is None:
            return _UNKNOWN
        if status.kind != "f" or not status.readable:
            return self._failure(status, where, "a file")
        content = self.facts.contents.get(key)
        size = len(content) if content is not None else self._size(key)
        if size is not None and (size > limit or size > FILE_LIMIT):
            why = f"{where} has {size:,} bytes, expected at most {min(limit, FILE_LIMIT):,}: it was not read"
            return Missing(State.TOO_LARGE, why, where)
        if content is None:
            return Missing(State.UNREADABLE, f"{where}: tar on its host did not send it", where)
        return Seen(content, where)

    def list_directory(self, path: Path | str, limit: int) -> Evidence[tuple[str, ...]]:
        """Return the sorted names in a directory, refusing one with more than ``limit`` entries."""
        where, key = str(path), self._key(path)
        if key is not None and (out := self._leads_out(key)) is not None:
            return _not_followed(where, out)
        status = self._status("L", key) if key is not None else None
        if key is None or status is None:
            return _UNKNOWN
        if status.kind != "d" or not status.readable:
            return self._failure(status, where, "a directory")
        names = self.facts.names[key]
        if len(names) > limit:
            return Missing(State.TOO_LARGE, f"{where} holds more than {limit:,} entries", where)
        # what stands in the node's own directory was put there by its people: a store on another disk, say
        if key != self.directory:
            self._note_links(key, (name for name, kind in names if kind == "l"))
        return Seen(tuple(sorted(name for name, _ in names)), where)

    def kind(self, path: Path | str) -> Kind | None:
        """Tell what is at a path, links followed."""
        status = self._status_of(path)
        if status is None or status.kind in "nxtl":
            return None
        return "directory" if status.kind == "d" else "file" if status.kind == "f" else "other"

    def exists(self, path: Path | str) -> bool:
        """Tell whether there is anything at a path, be it a link to nothing."""
        status = self._status_of(path)
        return status is not None and status.kind not in "nxt"

    def resolve(self, path: Path) -> Path:
        """Return the path without links, as far as it exists."""
        key = self._key(path)
        found = self._real(key) if key is not None else None
        return Path(found) if found else path

    def disk(self, path: Path) -> Disk | None:
        """Return the file system that a directory is on, as df there says."""
        key = self._key(path)
        if key is None or "\n" in key:
            return None
        if key not in self.facts.disks:
            self._want(Ask("D", key))
        return self.facts.disks.get(key)

    def prepare_logs(self, paths: Sequence[Path], budget: int) -> None:
        """Fetch the ends of these logs, the newest first, of all of them no more than ``budget`` bytes."""
        every = (key for key in map(self._key, paths) if key is not None)
        keys = tuple(key for key in every if "\n" not in key and self._leads_out(key) is None)
        if any(key not in self.facts.logs for key in keys):
            self._want(Ask("G", paths=keys, budget=budget))
        if self._wanted:
            raise _NotHereYetError

    def open_log(self, path: Path) -> OpenLog:
        """Open a log that was fetched. Raises ``OSError`` as for a file of this machine."""
        key = self._key(path) or ""
        if self._leads_out(key) is not None:
            raise OSError(errno.EXDEV, "a link out of the node's directory is not followed over SSH", str(path))
        found = self.facts.logs.get(key)
        if found is None or found.status.kind in "nl":
            raise OSError(errno.ENOENT, "no such file", str(path))
        if found.status.kind in "xt" or not found.status.readable:
            raise PermissionError(errno.EACCES, "permission denied", str(path))
        if found.size and not found.content:
            raise OSError(errno.EFBIG, "too large", str(path))
        return RemoteLog(found)

    async def settle(self, work: Callable[[], T], deadline: Deadline) -> T:
        """Let ``work`` read until nothing that it asked for is unknown. Raises ``UnreachedError``, ``TimeoutError``."""
        for _ in range(MOST_ROUNDS):
            if self.lost is not None:
                raise UnreachedError(self.lost)
            self._wanted.clear()
            try:
                result = await in_thread(work, deadline)
            except _NotHereYetError:
                pass
            else:
                if not self._wanted:
                    return result
            if self.directory not in self.facts.status:
                self._want(Ask("P", self.directory))
            await self._fetch(deadline)
            self._refuse_no_directory()
        why = f"{self.where}: its configuration leads from file to file, {MOST_ROUNDS} times: it was given up"
        raise UnreachedError(Missing(State.UNREACHABLE, why, self.where))

    def _refuse_no_directory(self) -> None:
        """Raise ``UnreachedError`` where there is no directory: a slip in the URL, and no node without files."""
        kind = self.facts.status[self.directory].kind
        if kind not in "dx":
            what = f"is {_KINDS[kind]}" if kind in _KINDS else "does not exist"
            why = f"{self.where} {what}: expected a node's Symphony directory, with symphony.config in it"
            raise UnreachedError(Missing(State.UNREACHABLE, why, self.where))

    def forget(self) -> None:
        """Read all anew from now on, by the same connection; a host that was lost stays lost."""
        self.facts = Facts()
        self._links.clear()

    async def close(self) -> None:
        """End the connection."""
        await self.session.close()

    async def _fetch(self, deadline: Deadline) -> None:
        asks = tuple(self._wanted)
        if len(asks) > MOST_ASKED:
            why = f"{self.where} holds more than {MOST_ASKED:,} files: run the doctor on that host"
            raise UnreachedError(Missing(State.UNREACHABLE, why, self.where))
        try:
            answer = await self.session.ask(request(asks), deadline)
            await in_thread(lambda: learn(self.facts, asks, answer), deadline)
        except UnreachedError as error:
            self.lost = error.missing
            raise
        except AnswerError as error:
            why = f"{self.where}: its answer cannot be read: {error}"
            raise UnreachedError(Missing(State.UNREACHABLE, why, self.where)) from None

    def _want(self, ask: Ask) -> None:
        self._wanted[ask] = None

    def _key(self, path: Path | str) -> str | None:
        """Return the absolute path by which a file is asked for; ``None`` where that is not known yet."""
        text = os.fspath(path)
        head, dots, rest = text.rpartition("/../")
        if not dots and not text.endswith("/.."):
            return text
        # what .. leads to is for the host to say: there may be a link before it
        found = self._real(f"{head}/.." if dots else text)
        return None if found is None else os.path.normpath(f"{found}/{rest}" if dots else found)

    def _real(self, key: str) -> str | None:
        if key not in self.facts.real and "\n" not in key:
            self._want(Ask("C", key))
        return self.facts.real.get(key)

    def _status(self, verb: str, key: str) -> Status | None:
        if "\n" in key:
            return Status("n")
        done = {"R": self.facts.read, "L": self.facts.names.keys(), "P": self.facts.status.keys()}[verb]
        if key not in done:
            self._want(Ask(verb, key))
            return None
        return self.facts.status.get(key)

    def _status_of(self, path: Path | str) -> Status | None:
        key = self._key(path)
        return self._status("P", key) if key is not None else None

    def _size(self, key: str) -> int | None:
        if key not in self.facts.sizes:
            self._want(Ask("S", key))
        return self.facts.sizes.get(key)

    def _note_links(self, directory: str, names: Iterable[str]) -> None:
        """Note which links in a directory that was listed lead out of it and of the node's."""
        for name in names:
            link = f"{directory}/{name}"
            target, *homes = (self._real(each) for each in (link, directory, self.directory))
            if target and all(homes) and not any(f"{target}/".startswith(f"{home}/") for home in homes):
                self._links[link] = target

    def _leads_out(self, key: str) -> str | None:
        """Return where a link leads that is in the way to a path, where that is out of the node's directory."""
        if not self._links:
            return None
        parts = key.split("/")
        ways = ("/".join(parts[:count]) for count in range(len(parts), 1, -1))
        return next((self._links[way] for way in ways if way in self._links), None)

    def _failure(self, status: Status, where: str, expected: str) -> Missing:
        if status.kind in "nl":
            return Missing(State.ABSENT, f"{where} does not exist", where)
        if status.kind == "t":
            why = f"{where}: a part of the path is no directory, expected {expected}"
            return Missing(State.UNREADABLE, why, where)
        kind = _KINDS.get(status.kind)
        if kind is not None and kind != expected:
            return Missing(State.UNREADABLE, f"{where} is {kind}, expected {expected}", where)
        why = f"{where}: permission denied on its host; connect as its owner, or read with --sudo"
        return Missing(State.DENIED, why, where)


def _not_followed(where: str, target: str) -> Missing:
    why = f"{where} is behind a link to {target}, out of the node's directory: it is not followed over SSH"
    return Missing(State.UNREADABLE, why, where)
