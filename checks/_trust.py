"""Whether a JWT is what it should be: kind, signature, issuer, subject."""

from __future__ import annotations

from symphony_doctor.api import Flaw, OperatorIdentity, Token


def operator_flaw(token: Token | Flaw) -> str | None:
    """Say what is wrong with an operator JWT; it signs itself, or one of its signing keys does."""
    if isinstance(token, Flaw):
        return f"is no JWT: {token.reason}, {token.detail}"
    if token.kind != "operator":
        return f"is a JWT of an {token.kind}, expected an operator"
    if not token.signature_valid:
        return "has a signature that is not valid: it was changed after it was signed"
    if token.issuer not in {token.subject, *token.signing_keys}:
        return "is signed by another operator"
    return None


def account_flaw(token: Token | Flaw, key: str | None, operator: OperatorIdentity | None) -> str | None:
    """Say what is wrong with an account JWT that should be that of ``key`` under ``operator``.

    The server's own rule (verifyAccountClaims): the issuer is a trusted operator key or signing key.
    """
    if isinstance(token, Flaw):
        return f"is no JWT: {token.reason}, {token.detail}"
    if token.kind != "account":
        return f"is a JWT of an {token.kind}, expected an account"
    if key is not None and token.subject != key:
        return f"is the JWT of another account, {token.subject}"
    if not token.signature_valid:
        return "has a signature that is not valid: it was changed after it was signed"
    if operator is None:
        return None
    trusted = set(operator.keys)
    for each in operator.tokens:
        trusted |= set(each.signing_keys)
        if each.strict_signing:
            trusted.discard(each.subject)
    # without the operator's own JWT its signing keys are not known, and nothing can be said of the issuer
    if operator.tokens and token.issuer not in trusted:
        return f"is signed by {token.issuer}, which is no key of this cluster's operator"
    return None
