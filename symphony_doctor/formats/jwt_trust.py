"""Whom a JWT was signed by, and when it holds: operator -> account -> user, as a server judges it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from symphony_doctor.formats.jwt import Jwt


class ChainProblem(StrEnum):
    """Why a JWT is not to be trusted although it can be decoded."""

    WRONG_TYPE = "wrong-type"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_ISSUER = "unknown-issuer"
    STRICT_SIGNING = "strict-signing"
    WRONG_ACCOUNT = "wrong-account"
    SCOPED_WITH_PERMISSIONS = "scoped-with-permissions"
    BEARER_REFUSED = "bearer-refused"


class Validity(StrEnum):
    """Where a moment lies in a JWT's life."""

    NOT_YET_VALID = "not-yet-valid"
    VALID = "valid"
    EXPIRING_SOON = "expiring-soon"
    EXPIRED = "expired"


def operator_chain_problem(operator: Jwt) -> ChainProblem | None:
    """Check that an operator is signed by itself or by one of its signing keys; None where all is well."""
    if operator.kind != "operator":
        return ChainProblem.WRONG_TYPE
    if not operator.signature_valid:
        return ChainProblem.BAD_SIGNATURE
    if operator.issuer not in {operator.subject, *operator.signing_keys}:
        return ChainProblem.UNKNOWN_ISSUER
    return None


def account_chain_problem(account: Jwt, operators: Iterable[Jwt]) -> ChainProblem | None:
    """Check that an account is signed by one of the operators of a configuration.

    Their subjects count unless they demand signing keys (nats-server jwt.go, validateTrustedOperators;
    server.go, isTrustedIssuer).
    """
    if account.kind != "account":
        return ChainProblem.WRONG_TYPE
    if not account.signature_valid:
        return ChainProblem.BAD_SIGNATURE
    strict = False
    for operator in operators:
        if account.issuer in operator.signing_keys:
            return None
        if account.issuer == operator.subject:
            if not operator.strict_signing_key_usage:
                return None
            strict = True
    return ChainProblem.STRICT_SIGNING if strict else ChainProblem.UNKNOWN_ISSUER


def user_chain_problem(user: Jwt, account: Jwt, operators: Iterable[Jwt] = ()) -> ChainProblem | None:
    """Check that a user may sign in as one of this account's users; the account itself is not checked.

    A signing key is only found by way of issuer_account; the account's own key is refused where the operator
    that signed the account demands signing keys; a scoped key dictates the permissions (nats-server auth.go,
    processClientOrLeafAuthentication; accounts.go, UpdateAccountClaims).
    """
    if user.kind != "user" or account.kind != "account":
        return ChainProblem.WRONG_TYPE
    if not user.signature_valid:
        return ChainProblem.BAD_SIGNATURE
    if user.effective_account != account.subject:
        return ChainProblem.WRONG_ACCOUNT
    return _signer_problem(user, account, operators)


def _signer_problem(user: Jwt, account: Jwt, operators: Iterable[Jwt]) -> ChainProblem | None:
    if user.issuer in account.signing_keys:
        if user.issuer in account.scoped_keys and user.has_permissions:
            return ChainProblem.SCOPED_WITH_PERMISSIONS
    elif user.issuer != account.subject:
        return ChainProblem.UNKNOWN_ISSUER
    elif any(operator.strict_signing_key_usage and account.issuer in operator.signing_keys for operator in operators):
        return ChainProblem.STRICT_SIGNING
    return ChainProblem.BEARER_REFUSED if user.bearer and account.disallow_bearer else None


def validity(jwt: Jwt, now: float, soon: float) -> Validity:
    """Judge a JWT at `now` (Unix seconds); it expires soon where `soon` seconds or less are left.

    A server takes `exp` itself as past (nats-server accounts.go, checkExpiration).
    """
    if jwt.expires_at is not None and jwt.expires_at <= now:
        return Validity.EXPIRED
    if jwt.not_before is not None and jwt.not_before > now:
        return Validity.NOT_YET_VALID
    if jwt.expires_at is not None and jwt.expires_at - now <= soon:
        return Validity.EXPIRING_SOON
    return Validity.VALID
