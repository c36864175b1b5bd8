"""Services on the cluster's subjects, asked with credentials of an account that is not the system account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from symphony_doctor.formats.cluster_info import replica_count
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import Greeting
from symphony_doctor.model.services import ClusterInfo
from symphony_doctor.sources.answers import Varz
from symphony_doctor.sources.credentials import Credentials
from symphony_doctor.sources.deadline import Deadline
from symphony_doctor.sources.greetings import Greetings
from symphony_doctor.sources.observation import Address
from symphony_doctor.sources.system_account import RefusedError, connected

CLUSTER_INFO = "cirata.services.cluster.info"


async def tell_apart(
    greetings: Greetings, addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> tuple[Credentials | None, tuple[Credentials, ...]]:
    """Return the credentials of the system account, and the others: the servers know which they are.

    Where no server could be asked, or none is the system account's, the first is taken for it: its refusal
    is then the reason that a report gives.
    """
    if len(credentials) < 2:  # noqa: PLR2004 - nothing to tell apart
        return (credentials[0] if credentials else None), ()
    asking = [asyncio.create_task(_which_is_system(greetings, each, credentials, seconds)) for each in addresses]
    system = credentials[0]
    try:
        for answer in asyncio.as_completed(asking):
            found = await answer
            if found is not None:
                system = found  # servers that are silent are not waited for
                break
    finally:
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return system, tuple(each for each in credentials if each is not system)


async def _which_is_system(
    greetings: Greetings, address: Address, credentials: tuple[Credentials, ...], seconds: float
) -> Credentials | None:
    greeted = await greetings.of(address)
    if isinstance(greeted.greeting, Missing):
        return None
    greeting, deadline = greeted.greeting.value, Deadline.after(seconds)
    found = await asyncio.gather(*(_is_system(address.text, greeting, each, deadline) for each in credentials))
    return next((each for each, yes in zip(credentials, found, strict=True) if yes), None)


async def _is_system(address: str, greeting: Greeting, credentials: Credentials, deadline: Deadline) -> bool:
    try:
        async with connected(address, credentials, greeting, deadline) as connection:
            # any account is told who it is; of a server's variables only the system account is
            said = await connection.ask(connection.server.id, "VARZ", Varz, lambda varz: varz, deadline)
    except RefusedError:
        return False
    return isinstance(said, Seen)


async def cluster_info(
    greetings: Greetings, addresses: Iterable[Address], credentials: tuple[Credentials, ...], seconds: float
) -> Evidence[ClusterInfo]:
    """Ask for the replica count that extensions are told, with the first credentials that get an answer."""
    missing = Missing(State.UNREACHABLE, f"no server could be asked for {CLUSTER_INFO}", CLUSTER_INFO)
    left = list(credentials)
    deadline: Deadline | None = None
    async for address, greeting in greetings.as_they_come(addresses):
        deadline = deadline or Deadline.after(seconds)
        for each in tuple(left):
            try:
                async with connected(address, each, greeting, deadline) as connection:
                    answer = await connection.call(CLUSTER_INFO, deadline)
            except RefusedError as refused:
                missing = refused.missing  # another server may accept them
                continue
            left.remove(each)
            if isinstance(answer, Missing):
                missing = answer
                continue
            count = replica_count(answer.value)
            if count is not None:
                return Seen(ClusterInfo(count), CLUSTER_INFO)
            why = f"{CLUSTER_INFO} answered without a number of replicas"
            missing = Missing(State.UNREADABLE, why, CLUSTER_INFO)
        if not left:
            break
    return missing
