"""NATS JWTs (nats-io/jwt, version 2; version 1 is read): text -> frozen claims.

Decoding follows the server's library step by step, so that what is refused here is refused there. A bad
signature is a field and no error: what the claims say is still worth reading.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from symphony_doctor.formats import jwt_fields as fields
from symphony_doctor.formats import nkey
from symphony_doctor.formats.jwt_fields import JwtError, Reason
from symphony_doctor.formats.jwt_limits import JetStreamLimits, read_limits
from symphony_doctor.formats.nkey import Kind

__all__ = ["MAX_SIZE", "JetStreamLimits", "Jwt", "JwtError", "Reason", "decode", "peek_kind", "undecorated"]

MAX_SIZE: Final = 1024 * 1024
"""Bytes; nats-io/jwt refuses longer tokens (decoder.go, MaxTokenSize)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwt:
    """A decoded JWT. Times are Unix seconds, None where absent or 0 (never)."""

    kind: str
    """"operator", "account", "user"; others ("activation", "generic", ...) are decoded as far as they go."""
    version: int
    subject: str
    issuer: str
    name: str
    jti: str
    issued_at: int | None
    expires_at: int | None
    not_before: int | None
    signing_keys: tuple[str, ...] = ()
    scoped_keys: tuple[str, ...] = ()
    """Those of an account's signing keys that dictate the permissions of the users they sign."""
    jetstream: JetStreamLimits | None = None
    """Of accounts, always; all zero where the account has none."""
    disallow_bearer: bool = False
    system_account: str | None = None
    account_server_url: str | None = None
    operator_service_urls: tuple[str, ...] = ()
    strict_signing_key_usage: bool = False
    issuer_account: str | None = None
    bearer: bool = False
    has_permissions: bool = False
    """Of users: whether any permission or limit is set; one signed by a scoped key may have none."""
    signature_valid: bool
    """Whether the issuer that the claims name signed it; not whether that issuer is trusted."""
    text: str = field(repr=False)
    """The exact text, without the line end that a file puts after it."""

    @property
    def effective_account(self) -> str:
        """The account a user belongs to: issuer_account if a signing key was used, else the issuer."""
        return self.issuer_account or self.issuer


_ALPHABET: Final = re.compile(r"[A-Za-z0-9_\-\r\n]*")
_DECORATED: Final = re.compile(r"-{3,}[^\r\n]*-{3,}\r?\n([\w\-.=]+)\r?\n-{3,}[^\r\n]*-{3,}")
_SIGNATURE_LENGTH: Final = 64
_VERSION: Final = 2
_SUBJECTS: Final = {"operator": Kind.OPERATOR, "account": Kind.ACCOUNT, "user": Kind.USER}
_ISSUERS: Final = {
    "operator": (Kind.OPERATOR,),
    "account": (Kind.ACCOUNT, Kind.OPERATOR),
    "user": (Kind.ACCOUNT,),
}
_USER_LIMITS: Final = (
    "src", "times", "times_location", "subs", "data", "payload", "resp",
    "bearer_token", "proxy_required", "allowed_connection_types",
)  # fmt: skip


def undecorated(text: str) -> str:
    """Give the token of a `-----BEGIN NATS ... JWT-----` block; any other text comes back as it is."""
    match = _DECORATED.search(text)
    return match[1] if match else text


def decode(text: str | bytes, kind: str | None = None) -> Jwt:
    """Decode a bare token, and verify its signature into `signature_valid`.

    With `kind`, a JWT of another kind is WRONG_TYPE. Raises JwtError and nothing else.
    """
    token = _token(text)
    chunks = token.split(".")
    if len(chunks) != 3:  # noqa: PLR2004 - header, claims, signature
        _not_three(token, len(chunks))
    _check_header(chunks[0])
    claims = _object(chunks[1], Reason.BAD_CLAIMS, "claims")
    nats = fields.mapping(claims.get("nats"), "nats")
    found, version = _kind_and_version(claims, nats)
    if kind is not None and found != kind:
        raise JwtError(Reason.WRONG_TYPE, f"expected a JWT of kind {kind}, found {found}")
    # Version 1 signed the claims alone.
    signed = token[: len(chunks[0]) + 1 + len(chunks[1])] if version > 1 else chunks[1]
    subject, issuer = _identities(claims, found)
    signature = _signature(chunks[2])
    return Jwt(
        kind=found,
        version=version,
        subject=subject,
        issuer=issuer,
        name=fields.text(claims, "name"),
        jti=fields.text(claims, "jti"),
        issued_at=fields.integer(claims, "iat") or None,
        expires_at=fields.integer(claims, "exp") or None,
        not_before=fields.integer(claims, "nbf") or None,
        signature_valid=nkey.verify(issuer, signed.encode(), signature),
        text=token,
        **_specific(found, claims, nats),
    )


def peek_kind(text: str) -> str | None:
    """Give the kind that a token's claims name, its signature unseen or cut off; None where unreadable."""
    chunks = text.split(".")
    try:
        if not 2 <= len(chunks) <= 3 or len(text) > MAX_SIZE:  # noqa: PLR2004
            return None
        _check_header(chunks[0])
        claims = _object(chunks[1], Reason.BAD_CLAIMS, "claims")
        return _kind_and_version(claims, fields.mapping(claims.get("nats"), "nats"))[0]
    except JwtError:
        return None


def _token(text: str | bytes) -> str:
    if len(text) > MAX_SIZE:
        raise JwtError(Reason.TOO_LARGE, f"longer than the {MAX_SIZE} bytes that a server takes")
    if isinstance(text, bytes):
        try:
            text = text.decode("ascii")
        except UnicodeDecodeError:
            raise JwtError(Reason.NOT_A_JWT, "holds bytes that are not ASCII") from None
    if not text.strip("\0 \t\r\n"):
        # A crash of the machine can leave a file of the right length, full of zero bytes.
        raise JwtError(Reason.EMPTY, "nothing but zero bytes" if "\0" in text else "empty")
    # Go's base64 skips line ends, so a file that ends with one is still a JWT to the server.
    return text.rstrip("\r\n")


def _not_three(token: str, count: int) -> NoReturn:
    if count < 3 and token.startswith("eyJ") and _ALPHABET.fullmatch(token.replace(".", "")):  # noqa: PLR2004
        raise JwtError(Reason.TRUNCATED, f"ends within part {count} of 3")
    raise JwtError(Reason.NOT_A_JWT, f"expected 3 parts divided by dots, found {count}")


def _base64(chunk: str) -> bytes:
    if not _ALPHABET.fullmatch(chunk):
        raise ValueError("not base64url")
    chunk = chunk.replace("\r", "").replace("\n", "")
    return base64.urlsafe_b64decode(chunk + "=" * (-len(chunk) % 4))


def _object(chunk: str, reason: Reason, what: str) -> dict[str, Any]:
    try:
        value = json.loads(_base64(chunk).decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise JwtError(reason, f"the {what} are no base64 of a JSON object") from None
    if not isinstance(value, dict):
        raise JwtError(reason, f"the {what} are no JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check_header(chunk: str) -> None:
    if not chunk.startswith("eyJ") and not _ALPHABET.fullmatch(chunk):
        raise JwtError(Reason.NOT_A_JWT, "the first part is no base64")
    header = _object(chunk, Reason.BAD_HEADER, "headers")
    if str(header.get("typ")).upper() != "JWT":
        raise JwtError(Reason.BAD_HEADER, "typ is not JWT")
    if str(header.get("alg")).lower() not in {"ed25519", "ed25519-nkey"}:
        raise JwtError(Reason.BAD_HEADER, "alg is not ed25519-nkey: not a JWT of NATS")


def _signature(chunk: str) -> bytes:
    if not _ALPHABET.fullmatch(chunk):
        raise JwtError(Reason.BAD_SIGNATURE, "the third part is no base64")
    try:
        signature = _base64(chunk)
    except ValueError:
        # One character short of a byte: what a cut leaves.
        raise JwtError(Reason.TRUNCATED, "ends within the signature") from None
    if len(signature) > _SIGNATURE_LENGTH:
        raise JwtError(Reason.BAD_SIGNATURE, "the third part is too long for an Ed25519 signature")
    if len(signature) < _SIGNATURE_LENGTH:
        raise JwtError(Reason.TRUNCATED, "ends within the signature")
    return signature


def _kind_and_version(claims: dict[str, Any], nats: dict[str, Any]) -> tuple[str, int]:
    # Version 1 had the type beside the standard claims (decoder.go, identifier).
    if outer := fields.text(claims, "type"):
        return outer, 1
    kind, version = fields.text(nats, "type"), fields.integer(nats, "version")
    if version > _VERSION:
        raise JwtError(Reason.NEWER_VERSION, f"version {version}, servers read up to {_VERSION}")
    if not kind:
        raise JwtError(Reason.WRONG_TYPE, "the claims name no NATS type")
    if kind in _SUBJECTS and version < 1:
        raise JwtError(Reason.BAD_CLAIMS, "nats.version is missing")
    return kind, version


def _identities(claims: dict[str, Any], kind: str) -> tuple[str, str]:
    subject, issuer = fields.text(claims, "sub"), fields.text(claims, "iss")
    if kind in _SUBJECTS and not nkey.is_public(subject, _SUBJECTS[kind]):
        raise JwtError(Reason.BAD_CLAIMS, f"sub is no public key of kind {kind}")
    if kind in _ISSUERS and not any(nkey.is_public(issuer, allowed) for allowed in _ISSUERS[kind]):
        raise JwtError(Reason.BAD_CLAIMS, f"iss is no public key that may sign a JWT of kind {kind}")
    return subject, issuer


def _specific(kind: str, claims: dict[str, Any], nats: dict[str, Any]) -> dict[str, Any]:
    match kind:
        case "operator":
            return {
                "signing_keys": fields.texts(nats, "signing_keys"),
                "system_account": fields.text(nats, "system_account") or None,
                "account_server_url": fields.text(nats, "account_server_url") or None,
                "operator_service_urls": fields.texts(nats, "operator_service_urls"),
                "strict_signing_key_usage": fields.boolean(nats, "strict_signing_key_usage"),
            }
        case "account":
            limits = fields.mapping(nats.get("limits"), "limits")
            keys = _account_keys(nats)
            return {
                "signing_keys": tuple(key for key, _ in keys),
                "scoped_keys": tuple(key for key, scoped in keys if scoped),
                "jetstream": read_limits(limits),
                "disallow_bearer": fields.boolean(limits, "disallow_bearer"),
            }
        case "user":
            permissions = [fields.mapping(nats.get(way), way) for way in ("pub", "sub")]
            # Version 1 had the issuer's account beside the standard claims.
            account = fields.text(nats, "issuer_account") or fields.text(claims, "issuer_account")
            return {
                "issuer_account": account or None,
                "bearer": fields.boolean(nats, "bearer_token"),
                "has_permissions": any(nats.get(key) for key in _USER_LIMITS)
                or any(any(permission.values()) for permission in permissions),
            }
        case _:
            return {}


def _account_keys(nats: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    keys: list[tuple[str, bool]] = []
    for entry in fields.items(nats, "signing_keys"):
        if isinstance(entry, str):
            keys.append((entry, False))
        elif isinstance(entry, dict):
            keys.append((fields.text(entry, "key"), True))
    return tuple(keys)
