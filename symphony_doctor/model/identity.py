"""Cryptographic identity: what a JWT says, without what is secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Located(Generic[T_co]):
    """A value and the place it stands at, as ``FILE:LINE:COLUMN``."""

    value: T_co
    where: str


@dataclass(frozen=True, slots=True)
class Token:
    """The public claims of an operator, account or user JWT.

    Times are Unix seconds, ``None`` where the claim is not set. ``digest`` is the SHA-256 of the
    text: two tokens with one digest are the same file. ``grants_jetstream`` is ``None`` for all but
    account JWTs. ``signature_valid`` is the check of the text against ``issuer``, not of the chain.
    """

    kind: str
    subject: str
    issuer: str
    name: str
    issued_at: int | None
    expires_at: int | None
    not_before: int | None
    token_id: str
    signing_keys: tuple[str, ...]
    strict_signing: bool
    system_account: str | None
    grants_jetstream: bool | None
    signature_valid: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why something that should be a JWT is none: a short reason and what was found instead."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SeedReference:
    """A seed that a configuration holds, named by the public key that belongs to it."""

    kind: str
    public_key: str
    where: str


@dataclass(frozen=True, slots=True)
class OperatorIdentity:
    """The trust root of a node: the operator keys its server trusts."""

    keys: tuple[str, ...]
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Preloaded:
    """One entry of ``resolver_preload``."""

    account: str
    token: Token | Flaw
    where: str
