"""Faults of identity and of symphony.config."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from symphony_doctor.formats import jwt as jwts
from symphony_doctor.formats import jwt_make
from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed
from symphony_doctor.lab import breaking, filling, layout
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.identity import create_identity, credentials, sign_symphony, sign_system

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab
    from symphony_doctor.lab.identity import Identity

_DAY = 86400


async def wizard_per_node(lab: Lab, node: str | None = None) -> Broken:
    """Set up all nodes but the first by the wizard, or only the one that is named."""
    breaking.victim(lab, node, least=2)
    chosen = (lab.node(node).name,) if node else breaking.names(lab)[1:]
    # The page has the primary restarted too, once its cluster block is there.
    restarted = chosen if node else breaking.names(lab)
    await breaking.stop_all(lab, restarted)
    for name in chosen:
        _forget(lab, name)
        _give_identity(lab, name, create_identity())
    await breaking.start_all(lab, restarted)
    rest = breaking.others(lab, *chosen)
    if len(rest) * 2 > len(breaking.names(lab)):
        await filling.wait_settled(lab, rest)
    else:
        await filling.wait_leaderless(lab, rest[0])
    return Broken("wizard-per-node", f"the wizard was run on {', '.join(chosen)}", nodes=chosen)


async def config_drift(
    lab: Lab, node: str | None = None, *, key: str = "oidc.issuer", value: str | None = None
) -> Broken:
    """Change one key of symphony.config on one node."""
    name = breaking.victim(lab, node, least=2)
    breaking.edit_symphony_config(lab, name, key, value)
    return Broken("config-drift", f"{key} of symphony.config differs on {name}", nodes=(name,), key=key)


async def wizard_showing(lab: Lab, node: str | None = None) -> Broken:
    """Put one node back to where its setup wizard waits."""
    name = breaking.victim(lab, node, least=2)
    await lab.stop_node(name)
    _forget(lab, name)
    directory = lab.node(name).directory
    (directory / layout.NATS_CONFIG).unlink()
    document = json.loads((directory / layout.SYMPHONY_CONFIG).read_text())
    kept = {key: document[key] for key in ("naming", "network")}
    layout.write_private(directory / layout.SYMPHONY_CONFIG, json.dumps(kept, indent=2) + "\n")
    lab.node_state(name).in_setup = True
    lab.save()
    await _settle(lab, name)
    return Broken("wizard-showing", f"{name} still shows the setup wizard", nodes=(name,))


async def operator_differs(lab: Lab, node: str | None = None) -> Broken:
    """Give one node another operator, which signs the very same accounts."""
    name = breaking.victim(lab, node, least=2)
    fresh, own = create_identity(), lab.keys.identity
    changed = replace(
        fresh,
        operator_jwt=_operator_jwt(fresh, own.system.key),
        symphony_signing_seed=own.symphony_signing_seed,
        storage_salt=own.storage_salt,
    )
    changed = replace(changed, system=own.system, symphony=own.symphony)
    changed = replace(
        changed,
        system=breaking.reissued(own.system, sign_system(changed)),
        symphony=breaking.reissued(own.symphony, sign_symphony(changed)),
    )
    await _restart_as(lab, name, changed)
    return Broken("operator-differs", f"{name} trusts another operator", nodes=(name,))


async def system_account_differs(lab: Lab, node: str | None = None) -> Broken:
    """Give one node another system account of the same operator."""
    name = breaking.victim(lab, node, least=2)
    own = lab.keys.identity
    changed = replace(own, system=replace(own.system, seed=create_seed(Kind.ACCOUNT)))
    changed = replace(changed, system=breaking.reissued(changed.system, sign_system(changed)))
    changed = replace(changed, operator_jwt=_operator_jwt(changed, changed.system.key))
    await _restart_as(lab, name, changed)
    return Broken("system-account-differs", f"{name} has another system account", nodes=(name,), account=own.system.key)


async def preload_differs(lab: Lab, node: str | None = None) -> Broken:
    """Leave an older JWT of the Symphony account in one node's resolver_preload."""
    name = breaking.victim(lab, node, least=2)
    own = lab.keys.identity
    older = sign_symphony(own, issued_at=(jwts.decode(own.symphony.jwt).issued_at or 0) - _DAY)
    await breaking.reconfigure(lab, name, f"{own.symphony.key}: {own.symphony.jwt}", f"{own.symphony.key}: {older}")
    return Broken(
        "preload-differs",
        f"{name} preloads an older JWT of the Symphony account",
        nodes=(name,),
        account=own.symphony.key,
    )


def _forget(lab: Lab, name: str) -> None:
    directory = lab.node(name).directory
    for folder in (layout.STORAGE, layout.ACCOUNTS):
        shutil.rmtree(directory / folder)
        (directory / folder).mkdir(mode=0o700)


def _give_identity(lab: Lab, name: str, identity: Identity) -> None:
    breaking.write_configuration(lab, name, identity)
    for kind, account in (("system", identity.system), ("symphony", identity.symphony)):
        layout.write_private(lab.credentials_of(f"{kind}-{name}"), credentials(account, kind))


async def _restart_as(lab: Lab, name: str, identity: Identity) -> None:
    await lab.stop_node(name)
    _give_identity(lab, name, identity)
    await lab.start_node(name)
    await _settle(lab, name)


async def _settle(lab: Lab, name: str) -> None:
    rest = breaking.others(lab, name)
    if len(rest) * 2 > len(breaking.names(lab)):
        await filling.wait_settled(lab, rest)


def _operator_jwt(identity: Identity, system_account: str) -> str:
    claims = jwt_make.operator_claims(
        public_of_seed(identity.operator_seed),
        "symphony",
        system_account=system_account,
        signing_keys=[public_of_seed(identity.operator_signing_seed)],
    )
    return jwt_make.encode(claims, identity.operator_seed, issued_at=int(time.time()))
