"""Services on the cluster's subjects, asked with credentials of an account that is not the system account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from symphony_doctor.formats.cluster_info import replica_count
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import Greeting
from symphony_doctor.model.services import ClusterInfo
from symphony_doctor.sources.answers import Varz
from symphony_doctor.sources.credentials import Credentials, Tls
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.nats_server import greet
from symphony_doctor.sources.observation import Address
from symphony_doctor.sources.system_account import RefusedError, connected

CLUSTER_INFO = "cirata.services.cluster.info"


async def tell_apart(
    addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> tuple[Credentials | None, tuple[Credentials, ...]]:
    """Return the credentials of the system account, and the others: the servers know which they are.

    Where no server could be asked, or none is the system account's, the first is taken for it: its refusal
    is then the reason that a report gives.
    """
    if len(credentials) < 2:  # noqa: PLR2004 - nothing to tell apart
        return (credentials[0] if credentials else None), ()
    deadline = Deadline.after(seconds)
    reachable = await _greeting(addresses, credentials[0].tls, deadline)
    found = await asyncio.gather(*(_is_system(reachable, each, deadline) for each in credentials))
    system = next((each for each, yes in zip(credentials, found, strict=True) if yes), credentials[0])
    return system, tuple(each for each in credentials if each is not system)


async def cluster_info(
    addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> Evidence[ClusterInfo]:
    """Ask for the replica count that extensions are told, with the first credentials that get an answer."""
    deadline = Deadline.after(seconds)
    reachable = await _greeting(addresses, credentials[0].tls, deadline)
    missing = Missing(State.UNREACHABLE, f"no server could be asked for {CLUSTER_INFO}", CLUSTER_INFO)
    for each in credentials:
        for address, greeting in reachable:
            try:
                async with connected(address, each, greeting, deadline) as connection:
                    answer = await connection.call(CLUSTER_INFO, deadline)
            except RefusedError as refused:
                missing = refused.missing
                continue
            if isinstance(answer, Missing):
                missing = answer
                break
            count = replica_count(answer.value)
            if count is not None:
                return Seen(ClusterInfo(count), CLUSTER_INFO)
            why = f"{CLUSTER_INFO} answered without a number of replicas"
            missing = Missing(State.UNREADABLE, why, CLUSTER_INFO)
            break
    return missing


async def _greeting(addresses: Iterable[Address], tls: Tls, deadline: Deadline) -> list[tuple[str, Greeting]]:
    """Return the addresses at which a server greets, and what it says."""
    found = await asyncio.gather(*(greet(each, deadline, tls) for each in addresses))
    return [(each.address, each.greeting.value) for each in found if isinstance(each.greeting, Seen)]


async def _is_system(reachable: list[tuple[str, Greeting]], credentials: Credentials, deadline: Deadline) -> bool:
    for address, greeting in reachable:
        try:
            async with connected(address, credentials, greeting, deadline) as connection:
                # any account is told who it is; of a server's variables only the system account is
                said = await connection.ask(connection.server.id, "VARZ", Varz, lambda varz: varz, deadline)
        except RefusedError:
            continue
        return isinstance(said, Seen)
    return False
