"""Faults of account JWTs.

A resolver hashes what it holds in memory and compares hashes at each synchronisation: a file that is
changed behind its back stays as it is until the server starts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from symphony_doctor.formats import jwt as jwts
from symphony_doctor.lab import breaking, control
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.identity import create_identity, sign_user_account, user_name
from symphony_doctor.lab.layout import write_private

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab

_DAY = 86400


async def missing_jwt(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Delete the JWT of a user account from one node."""
    name, owner = breaking.victim(lab, node, least=2), breaking.user(lab, account)
    breaking.jwt_file(lab, name, owner.key).unlink()
    return Broken("missing-jwt", f"{name} lacks the JWT of {owner.name}", nodes=(name,), account=owner.key)


async def truncated_jwt(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Cut the JWT of a user account short on one node."""
    name, owner = breaking.victim(lab, node), breaking.user(lab, account)
    write_private(breaking.jwt_file(lab, name, owner.key), owner.jwt[: len(owner.jwt) // 2])
    return Broken("truncated-jwt", f"the JWT of {owner.name} is cut short on {name}", nodes=(name,), account=owner.key)


async def empty_jwt(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Empty the JWT file of a user account on one node."""
    name, owner = breaking.victim(lab, node), breaking.user(lab, account)
    write_private(breaking.jwt_file(lab, name, owner.key), "")
    return Broken("empty-jwt", f"the JWT of {owner.name} is empty on {name}", nodes=(name,), account=owner.key)


async def foreign_jwt(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Replace the JWT of a user account on one node by one that another operator signed."""
    name, owner = breaking.victim(lab, node), breaking.user(lab, account)
    foreign = sign_user_account(create_identity(), owner.seed, owner.name)
    write_private(breaking.jwt_file(lab, name, owner.key), foreign)
    return Broken(
        "foreign-jwt",
        f"another operator signed the JWT of {owner.name} on {name}",
        nodes=(name,),
        account=owner.key,
    )


async def stale_jwt(lab: Lab, node: str | None = None, *, account: str | None = None) -> Broken:
    """Put an older JWT of a user account on one node."""
    name, owner = breaking.victim(lab, node, least=2), breaking.user(lab, account)
    when = (jwts.decode(owner.jwt).issued_at or 0) - _DAY
    older = sign_user_account(lab.keys.identity, owner.seed, owner.name, issued_at=when)
    write_private(breaking.jwt_file(lab, name, owner.key), older)
    return Broken("stale-jwt", f"{name} has an older JWT of {owner.name}", nodes=(name,), account=owner.key)


async def account_without_jetstream(lab: Lab, node: str | None = None) -> Broken:
    """Add a user account that grants no JetStream, on every node."""
    breaking.victim(lab, node)
    name = user_name(len(lab.keys.users))
    key = lab.add_account(name, jetstream=False)
    everyone = breaking.names(lab)
    async with lab.system_client() as system:
        await control.push_account(system, breaking.user(lab, name).jwt, expect=len(everyone))
    return Broken("account-without-jetstream", f"{name} has no JetStream", nodes=everyone, account=key)
