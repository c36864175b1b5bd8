"""A real cluster on loopback, laid out as Symphony lays out its nodes."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from typing import TYPE_CHECKING, Self

from symphony_doctor.lab import certificates, control, filling, layout, new, processes, starting
from symphony_doctor.lab.errors import LabError, PortClashError
from symphony_doctor.lab.identity import create_user_account, credentials, user_name
from symphony_doctor.lab.node import LabNode
from symphony_doctor.lab.server import find_server
from symphony_doctor.lab.state import (
    CREDENTIALS,
    Keys,
    LabState,
    NodeState,
    load_keys,
    load_state,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from nats.aio.client import Client

    from symphony_doctor.lab.broken import Broken
    from symphony_doctor.lab.layout import NodeAddress

SIZES = (1, 2, 3, 4, 5)


class Lab:
    """One to five real servers, filled as a Symphony in use."""

    def __init__(self, root: Path, state: LabState, keys: Keys) -> None:
        """Take over what exists; `create`, `open` and `running` are the ways to get a lab."""
        self.root = root
        self.state = state
        self.keys = keys

    @classmethod
    async def create(
        cls,
        root: Path,
        *,
        nodes: int = 3,
        user_accounts: int = 3,
        server: Path | None = None,
        detached: bool = False,
        mirror_replicas: int = 1,
        tls: bool = False,
        addresses: Sequence[NodeAddress] = (),
    ) -> Lab:
        """Write the directories, start the servers, fill them and wait until all is healthy.

        Unless `detached`, everything ends with the thread that calls this. The nodes are at free ports on
        loopback, unless `addresses` say where.
        """
        nodes = len(addresses) or nodes
        if nodes not in SIZES:
            raise LabError(f"a lab has {SIZES[0]} to {SIZES[-1]} nodes, not {nodes}")
        binary = find_server(server)
        root = new.prepare(root)
        for attempt in count():
            lab = cls(root, *new.write(root, nodes, addresses, str(binary), detached=detached, tls=tls))
            try:
                await lab._bring_up(user_accounts, mirror_replicas)
            except LabError as error:
                await lab.stop()
                # a port can be taken in between, and on a busy machine it may not become healthy in time
                if attempt + 1 >= (5 if isinstance(error, PortClashError) else 2):
                    raise
                new.empty(root)
            except BaseException:
                await lab.stop()
                raise
            else:
                return lab
        raise AssertionError

    @classmethod
    def open(cls, root: Path) -> Lab:
        """Go on with a lab that another process made."""
        root = root.resolve()
        return cls(root, load_state(root), load_keys(root))

    @classmethod
    def running(
        cls,
        root: Path,
        *,
        nodes: int = 3,
        user_accounts: int = 3,
        server: Path | None = None,
        mirror_replicas: int = 1,
        tls: bool = False,
        addresses: Sequence[NodeAddress] = (),
    ) -> AbstractAsyncContextManager[Lab]:
        """Give a lab that is stopped at the end of the block, whatever happens."""

        @contextlib.asynccontextmanager
        async def context() -> AsyncIterator[Lab]:
            lab = await cls.create(
                root,
                nodes=nodes,
                user_accounts=user_accounts,
                server=server,
                mirror_replicas=mirror_replicas,
                tls=tls,
                addresses=addresses,
            )
            async with lab:
                yield lab

        return context()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def nodes(self) -> tuple[LabNode, ...]:
        """All nodes, those that are down included."""
        return tuple(LabNode.of(self.root, state) for state in self.state.nodes)

    @property
    def replicas(self) -> int:
        """The product's replication factor for this many nodes."""
        return layout.replicas_for(len(self.state.nodes))

    @property
    def system_credentials(self) -> Path:
        """A user of the system account."""
        return self.credentials_of("system")

    @property
    def symphony_credentials(self) -> Path:
        """A user of the Symphony account."""
        return self.credentials_of("symphony")

    @property
    def authority(self) -> Path | None:
        """The certificate that signs all others, of a lab with TLS: what `--tlsca` wants."""
        return self.root / certificates.FOLDER / certificates.AUTHORITY if self.state.tls else None

    def credentials_of(self, name: str) -> Path:
        """Name the credentials file of `system`, `symphony` or a user account."""
        return self.root / CREDENTIALS / f"{name}.creds"

    def node(self, name: str) -> LabNode:
        """One node by its name."""
        return LabNode.of(self.root, self.node_state(name))

    def node_state(self, name: str) -> NodeState:
        """Give what lab.json knows of a node."""
        for state in self.state.nodes:
            if state.address.name == name:
                return state
        names = ", ".join(state.address.name for state in self.state.nodes)
        raise LabError(f"no node {name!r} in this lab: {names}")

    def urls(self, *names: str) -> list[str]:
        """Client addresses of the named nodes in the order of their names, or of all that run."""
        if names:
            return [self.node(name).client_url for name in names]
        return [node.client_url for node in self.nodes if node.pid is not None]

    def system_client(self, *names: str) -> AbstractAsyncContextManager[Client]:
        """Connect to the named nodes, or to any that runs, as a user of the system account."""
        return control.connected(self.urls(*names), self.system_credentials, self.authority)

    def client(self, account: str, *names: str) -> AbstractAsyncContextManager[Client]:
        """Connect as a user of an account: `symphony` or a user account's name."""
        return control.connected(self.urls(*names), self.credentials_of(account), self.authority)

    async def stop(self) -> None:
        """Stop all that was started; the directories stay."""
        state = self.state
        owned = [node.process for node in state.nodes if node.process is not None]
        await processes.stop([*owned, *state.helpers])
        for node in state.nodes:
            # A relay that stood before the node is gone: it listens at its own place again.
            node.process, node.arguments = None, ()
        state.helpers.clear()
        self.save()

    async def start(self) -> None:
        """Start a lab again that was stopped, and wait until it is healthy."""
        if any(node.pid is not None for node in self.nodes):
            raise LabError(f"{self.root}: the lab is running")
        await self._start_processes()
        await self.wait_healthy()

    async def stop_node(self, name: str, *, kill: bool = False) -> None:
        """Stop a node, or kill it as a power failure would."""
        state = self.node_state(name)
        if state.process is not None:
            if kill:
                processes.kill([state.process])
            else:
                await processes.stop([state.process])
            state.process = None
        self.save()

    async def start_node(self, name: str) -> None:
        """Start a node and wait until it greets its clients."""
        state = self.node_state(name)
        if state.process is None or not state.process.alive:
            state.process = starting.start_server(self.root, self.state, state)
        self.save()
        await starting.greets(self.root, self.state, state)

    async def restart_node(self, name: str) -> None:
        """Stop and start a node."""
        await self.stop_node(name)
        await self.start_node(name)

    async def wait_healthy(self, *, within: float = 45.0) -> None:
        """Wait until the servers themselves say that all is well."""
        await filling.wait_healthy(self, within=within)

    async def break_(self, fault: str, node: str | None = None, **options: str) -> Broken:
        """Break something on purpose; see `faults.FAULTS`."""
        from symphony_doctor.lab.faults import FAULTS  # noqa: PLC0415 - faults are made of labs

        if fault not in FAULTS:
            raise LabError(f"no fault {fault!r}; there are: {', '.join(FAULTS)}")
        return await FAULTS[fault].make(self, node, **options)

    def save(self) -> None:
        """Write lab.json."""
        if self.root.is_dir():
            self.state.save(self.root)

    async def _bring_up(self, user_accounts: int, mirror_replicas: int) -> None:
        await self._start_processes()
        names = [user_name(index) for index in range(user_accounts)]
        await filling.fill(self, names, mirror_replicas)

    async def _start_processes(self) -> None:
        wanted = [state for state in self.state.nodes if not state.in_setup]
        for state in wanted:
            state.process = starting.start_server(self.root, self.state, state)
        # what answers on the UI ports ends where there is no lab.json
        self.save()
        self.state.helpers += starting.start_uis(self.root, self.state)
        self.save()
        await asyncio.gather(*(starting.greets(self.root, self.state, state) for state in wanted))

    def add_account(self, name: str, *, jetstream: bool = True) -> str:
        """Make a user account with credentials, known to nobody yet; its public key."""
        account = create_user_account(self.keys.identity, name, jetstream=jetstream)
        self.keys.users.append(account)
        self.keys.save(self.root)
        layout.write_private(self.credentials_of(name), credentials(account, name))
        return account.key
