"""The cryptographic identity of a lab: operator, system account, Symphony account, users."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace

from symphony_doctor.formats import jwt_make
from symphony_doctor.formats.nkey import Kind, create_seed, public_of_seed

MIRROR_API = "JS.symphony.API"
MIRROR_DELIVERY = "symphony.deliver"
_SYSTEM = "SYS"
_SYMPHONY = "symphony"
_USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """An account with what is needed to sign for it."""

    name: str
    seed: str
    jwt: str

    @property
    def key(self) -> str:
        """The public key."""
        return public_of_seed(self.seed)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one run of the setup wizard makes."""

    operator_seed: str
    operator_signing_seed: str
    operator_jwt: str
    system: AccountKeys
    symphony: AccountKeys
    symphony_signing_seed: str
    storage_salt: str


def create_identity() -> Identity:
    """Make all of it anew, as the wizard does."""
    operator_seed, operator_signing = create_seed(Kind.OPERATOR), create_seed(Kind.OPERATOR)
    system_seed, symphony_seed = create_seed(Kind.ACCOUNT), create_seed(Kind.ACCOUNT)
    symphony_signing = create_seed(Kind.ACCOUNT)
    operator = jwt_make.operator_claims(
        public_of_seed(operator_seed),
        "symphony",
        system_account=public_of_seed(system_seed),
        signing_keys=[public_of_seed(operator_signing)],
    )
    made = Identity(
        operator_seed=operator_seed,
        operator_signing_seed=operator_signing,
        operator_jwt=jwt_make.encode(operator, operator_seed, issued_at=int(time.time())),
        system=AccountKeys(_SYSTEM, system_seed, ""),
        symphony=AccountKeys(_SYMPHONY, symphony_seed, ""),
        symphony_signing_seed=symphony_signing,
        storage_salt=secrets.token_hex(16),
    )
    return replace(
        made,
        system=replace(made.system, jwt=sign_system(made)),
        symphony=replace(made.symphony, jwt=sign_symphony(made)),
    )


def sign_system(identity: Identity) -> str:
    """Sign the JWT of the system account."""
    claims = jwt_make.account_claims(identity.system.key, identity.system.name)
    return jwt_make.encode(claims, identity.operator_seed, issued_at=int(time.time()))


def sign_symphony(identity: Identity, *, issued_at: int | None = None) -> str:
    """Sign the JWT of the Symphony account."""
    claims = jwt_make.account_claims(
        identity.symphony.key,
        identity.symphony.name,
        jetstream=jwt_make.UNLIMITED_JETSTREAM,
        signing_keys=[public_of_seed(identity.symphony_signing_seed)],
        exports=_mirror_exports(),
    )
    when = int(time.time()) if issued_at is None else issued_at
    return jwt_make.encode(claims, identity.operator_seed, issued_at=when)


def user_name(index: int) -> str:
    """Name the index-th user of a lab."""
    return _USERS[index] if index < len(_USERS) else f"user{index + 1}"


def create_user_account(identity: Identity, name: str, *, jetstream: bool = True) -> AccountKeys:
    """Make an account as Symphony does for a user: its own JetStream, the Symphony buckets imported."""
    seed = create_seed(Kind.ACCOUNT)
    return AccountKeys(name, seed, sign_user_account(identity, seed, name, jetstream=jetstream))


def sign_user_account(
    identity: Identity,
    seed: str,
    name: str,
    *,
    jetstream: bool = True,
    issued_at: int | None = None,
) -> str:
    """Sign the JWT of a user account; another identity makes it foreign, another time makes it stale."""
    key = public_of_seed(seed)
    claims = jwt_make.account_claims(
        key,
        name,
        jetstream=jwt_make.UNLIMITED_JETSTREAM if jetstream else None,
        imports=_mirror_imports(key, identity.symphony.key),
    )
    when = int(time.time()) if issued_at is None else issued_at
    return jwt_make.encode(claims, identity.operator_signing_seed, issued_at=when)


def credentials(account: AccountKeys, user: str) -> str:
    """Make a user of an account; the text of its credentials file."""
    seed = create_seed(Kind.USER)
    claims = jwt_make.user_claims(public_of_seed(seed), user)
    return jwt_make.credentials_file(jwt_make.encode(claims, account.seed, issued_at=int(time.time())), seed)


def _mirror_exports() -> list[dict[str, str]]:
    service = {"type": "service", "response_type": "Stream"}
    return [
        {"name": "mirror-consumers", "subject": "$JS.API.CONSUMER.>", **service},
        {"name": "mirror-flow-control", "subject": "$JS.FC.>", **service},
        {"name": "mirror-delivery", "subject": f"{MIRROR_DELIVERY}.>", "type": "stream"},
    ]


def _mirror_imports(user_key: str, symphony_key: str) -> list[dict[str, str]]:
    return [
        {
            "name": "mirror-consumers",
            "subject": "$JS.API.CONSUMER.>",
            "local_subject": f"{MIRROR_API}.CONSUMER.>",
            "account": symphony_key,
            "type": "service",
        },
        {
            "name": "mirror-flow-control",
            "subject": "$JS.FC.>",
            "account": symphony_key,
            "type": "service",
        },
        {
            "name": "mirror-delivery",
            "subject": f"{MIRROR_DELIVERY}.{user_key}.>",
            "account": symphony_key,
            "type": "stream",
        },
    ]
