"""Turns the text of a JWT into a ``Token``, each distinct text once."""

from __future__ import annotations

import hashlib

from symphony_doctor.formats.jwt import Jwt, JwtError, decode
from symphony_doctor.model.identity import Flaw, Token


class TokenReader:
    """Decodes JWTs for one run; equal texts, as on every node of a cluster, are verified once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Token | Flaw] = {}

    def __call__(self, text: bytes | str) -> Token | Flaw:
        """Return the claims, or why the text is no JWT."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        found = self._known.get(data)
        if found is None:
            found = self._known[data] = _read(data)
        return found


def _read(data: bytes) -> Token | Flaw:
    try:
        return token_of(decode(data))
    except JwtError as error:
        return Flaw(error.reason.value, error.detail)


def token_of(jwt: Jwt) -> Token:
    """Return the public claims of a decoded JWT as the model has them."""
    return Token(
        kind=jwt.kind,
        subject=jwt.subject,
        issuer=jwt.issuer,
        name=jwt.name,
        issued_at=jwt.issued_at,
        expires_at=jwt.expires_at,
        not_before=jwt.not_before,
        token_id=jwt.jti,
        signing_keys=jwt.signing_keys,
        strict_signing=jwt.strict_signing_key_usage,
        system_account=jwt.system_account,
        grants_jetstream=jwt.jetstream.grants_jetstream if jwt.jetstream else None,
        signature_valid=jwt.signature_valid,
        digest=hashlib.sha256(jwt.text.encode()).hexdigest(),
    )
