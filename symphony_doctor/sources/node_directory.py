"""A node's Symphony directory: configuration, resolver directory and stream tree. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeVar

from symphony_doctor.formats import secret_values, symphony_config
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.accounts import AccountFile
from symphony_doctor.model.configuration import (
    ConfigProblem,
    NatsConfig,
    Setting,
    SymphonyConfig,
)
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.identity import Flaw, Located, SeedReference, Token
from symphony_doctor.sources.certificate_files import read_certificates
from symphony_doctor.sources.container import Container
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.file_system import LOCAL, FileSystem, UnreachedError
from symphony_doctor.sources.observation import NodeFiles
from symphony_doctor.sources.ssh_host import SshHost
from symphony_doctor.sources.store import MOST_ENTRIES, look_at_store, stream_directories
from symphony_doctor.sources.tokens import TokenReader, token_of

T = TypeVar("T")

CONFIG_LIMIT = 4 * 1024 * 1024
"""Bytes of a configuration file; the largest with a thousand preloaded accounts is below 1 MB."""

SMALL_LIMIT = 1024 * 1024
"""Bytes of a JWT or a meta.inf; nats-server refuses larger JWTs."""

Fingerprint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class NodeDirectory:
    """``--node [NAME=]DIR``, or one that was found; then ``container`` is what it is mounted in, if in any.

    With a ``host`` it is ``directory`` on that host.
    """

    directory: Path
    name: str | None = None
    container: Container | None = None
    host: SshHost | None = None

    @property
    def place(self) -> str:
        """Return the directory as it was given, with its host: no two nodes of a run have the same."""
        return str(self.directory) if self.host is None else f"{self.host.url}{self.directory}"

    @property
    def identity(self) -> str:
        """Return what is the same for one directory that is given by several paths."""
        return os.path.realpath(self.directory) if self.host is None else self.place


async def collect(
    node: NodeDirectory,
    read_token: TokenReader,
    fingerprint: Fingerprint,
    environment: Mapping[str, str],
    deadline: Deadline,
    files: FileSystem = LOCAL,
) -> NodeFiles:
    """Read one node's directory. Whatever cannot be read is missing with its reason; nothing raises."""
    reader = _Reader(node, read_token, fingerprint, environment, files)
    try:
        return await files.settle(reader.read, deadline)
    except UnreachedError as error:
        lost = error.missing
    except TimeoutError:
        why = f"{node.place} could not be read in time: its file system does not answer, or it holds huge files"
        lost = Missing(State.TIMED_OUT, why, node.place)
    return without_files(node, lost)


def without_files(node: NodeDirectory, lost: Missing) -> NodeFiles:
    """Return a node of which nothing could be read."""
    return NodeFiles(node.name, node.place, lost, lost, lost, lost, lost, store=lost)


class _Reader:
    """Reads one directory; everything it needs is given to it."""

    def __init__(
        self,
        node: NodeDirectory,
        read_token: TokenReader,
        fingerprint: Fingerprint,
        environment: Mapping[str, str],
        files: FileSystem,
    ) -> None:
        self.node = node
        self.directory = node.directory
        self.read_token = read_token
        self.fingerprint = fingerprint
        self.environment = environment
        self.container = node.container
        self.files = files
        self.root = node.directory

    def read(self) -> NodeFiles:
        self.root = self.files.resolve(self.directory)
        nats_config = self._nats_config(self.directory / "nats.config")
        config = nats_config.value if isinstance(nats_config, Seen) else None
        resolver = config.resolver.directory if config and config.resolver else None
        configured = config.jetstream.store_dir if config and config.jetstream else None
        accounts = self._locate(resolver.value if resolver else None, "accounts")
        storage = self._locate(configured.value if configured else None, "storage")
        store = storage if isinstance(storage, Missing) else storage / "jetstream"
        return NodeFiles(
            given_name=self.node.name,
            directory=self.node.place,
            symphony_config=self._symphony_config(self.directory / "symphony.config"),
            nats_config=nats_config,
            account_files=accounts if isinstance(accounts, Missing) else self._account_files(accounts),
            stream_directories=(
                store if isinstance(store, Missing) else stream_directories(store, self.fingerprint, self.files)
            ),
            store=store if isinstance(store, Missing) else look_at_store(store, self.files),
            certificates=read_certificates(config.certificate_files, self.directory, self.files) if config else (),
        )

    def _locate(self, configured: str | None, usual: str) -> Path | Missing:
        """Find a directory that nats.config names.

        Relative paths count from the node's directory. An absolute one that is not here, as in a copied
        directory, is looked for inside by its last components; then the usual name. In a container its mounts tell.
        """
        if self.container is not None:
            mounted = self.container.outside(configured or usual, self.directory)
            if mounted is not None:
                return mounted
        if configured:
            path = PurePath(configured)
            if not path.is_absolute():
                return self.directory / path
            if self._is_directory(Path(path)) and self._is_own(Path(path)):
                return Path(path)
            inside = self._inside(path)
            if inside is not None and self._is_directory(inside):
                return inside
            if self._is_directory(Path(path)):
                return Path(path)
        return self.directory / usual

    def _is_directory(self, path: Path) -> bool:
        return self.files.kind(path) == "directory"

    def _is_own(self, path: Path) -> bool:
        """Tell whether an absolute path is inside this very directory, not in the origin of a copy."""
        return self.files.resolve(path).is_relative_to(self.root) or not self._is_directory(self.directory / path.name)

    def _symphony_config(self, path: Path) -> Evidence[SymphonyConfig]:
        found = self.files.read_file(path, CONFIG_LIMIT)
        if isinstance(found, Missing):
            return found
        try:
            parsed = symphony_config.parse(found.value, str(path), self.fingerprint)
        except FormatError as error:
            return Missing(State.UNREADABLE, str(error), str(path))
        references = (*parsed.identities.operators, *parsed.identities.accounts)
        port = next(
            (
                each.value
                for each in parsed.settings
                if each.path == ("network", "uiport") and isinstance(each.value, int)
            ),
            None,
        )
        return Seen(
            SymphonyConfig(
                path=str(path),
                settings=tuple(
                    Setting(each.path, each.display, str(each.position), each.secret) for each in parsed.settings
                ),
                tokens=tuple(Located(token_of(each.jwt), str(each.position)) for each in references),
                seeds=tuple(
                    SeedReference(each.kind.name.lower(), each.public_key, str(each.position))
                    for each in parsed.identities.seeds
                ),
                ui_port=port,
            ),
            str(path),
        )

    def _nats_config(self, path: Path) -> Evidence[NatsConfig]:
        from symphony_doctor.formats import nats_config  # noqa: PLC0415 - the grammar is built where there is a file
        from symphony_doctor.formats.nats_settings import nats_settings  # noqa: PLC0415

        found = self.files.read_file(path, CONFIG_LIMIT)
        if isinstance(found, Missing):
            return found
        try:
            tree = nats_config.parse(found.value, str(path), read_include=self._include, environment=self.environment)
            problems = nats_config.problems(tree)
        except FormatError as error:
            return Missing(State.UNREADABLE, str(error), str(path))
        if not tree.entries:
            return Missing(State.UNREADABLE, f"{path} sets nothing, expected the settings of nats-server", str(path))
        config = nats_settings(
            tree,
            str(path),
            self.read_token,
            self._operator_file,
            self._show,
            tuple(ConfigProblem(str(each.position), each.message) for each in problems if not each.warning),
        )
        return Seen(config, str(path))

    def _include(self, including: str, written: str) -> bytes:
        path = Path(including).parent / written
        found = self.files.read_file(path, CONFIG_LIMIT)
        if isinstance(found, Missing):
            raise OSError(found.why)
        return found.value

    def _operator_file(self, written: str) -> Token | Flaw:
        for path in (self.directory / written, self.directory / PurePath(written).name):
            found = self.files.read_file(path, SMALL_LIMIT)
            if isinstance(found, Seen):
                return self.read_token(found.value)
        return Flaw("unreadable", f"the operator file {written} was not found here")

    def _show(self, path: tuple[str, ...], text: str) -> tuple[str, bool]:
        """Show a value of nats.config: secrets as fingerprints, own paths relative, JWTs by their digest."""
        inside = self._relative(text)
        if inside != text:
            return inside, False  # a long path looks like a key, and this one exists
        if secret_values.is_secret(path, text):
            return self.fingerprint(text), True
        masked = secret_values.mask(text, self.fingerprint)
        if masked != text:
            return masked, True
        if text.startswith("eyJ"):
            token = self.read_token(text)
            return (
                f"JWT of {token.subject} ({token.digest[:12]})" if isinstance(token, Token) else "a broken JWT"
            ), False
        return text, False

    def _relative(self, text: str) -> str:
        for base in {str(self.directory), str(self.root)}:
            if text.startswith(base + os.sep):
                return text[len(base) + 1 :]
        inside = self._inside(PurePath(text)) if text.startswith(os.sep) else None
        return text if inside is None else str(inside.relative_to(self.directory))

    def _inside(self, path: PurePath) -> Path | None:
        """Find what an absolute path of another machine leads to in this copy: its last components."""
        for count in range(min(len(path.parts) - 1, 8), 0, -1):
            candidate = self.directory.joinpath(*path.parts[-count:])
            if self.files.exists(candidate):
                return candidate
        return None

    def _account_files(self, directory: Path) -> Evidence[tuple[AccountFile, ...]]:
        names = self.files.list_directory(directory, MOST_ENTRIES)
        if isinstance(names, Missing):
            return names
        files = []
        for name in names.value:
            if name.endswith(".jwt"):
                path = os.path.join(directory, name)  # noqa: PTH118 - there are thousands, and a Path costs more than a read
                found = self.files.read_file(path, SMALL_LIMIT)
                if isinstance(found, Seen):
                    files.append(AccountFile(name, path, len(found.value), self.read_token(found.value)))
                elif not found.is_absence:  # a file that went away while it was read is no file
                    files.append(AccountFile(name, path, 0, Flaw(found.state.value, found.why)))
        return Seen(tuple(files), str(directory))
