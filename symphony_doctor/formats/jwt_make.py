"""Making NATS JWTs: claims that a server accepts, signed; and the credentials file of a user."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from symphony_doctor.formats import nkey
from symphony_doctor.formats.jwt import JetStreamLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNLIMITED_JETSTREAM: Final = JetStreamLimits(mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1)

_HEADER: Final = {"typ": "JWT", "alg": "ed25519-nkey"}
# In the order of nats-io/jwt's ClaimsData, whose JSON the identifier is the hash of.
_STANDARD: Final = ("aud", "exp", "iat", "iss", "name", "nbf", "sub")
_NO_LIMIT: Final = -1


def encode(claims: Mapping[str, Any], seed: str, *, issued_at: int) -> str:
    """Sign claims (as of the functions below) with a seed, as nats-io/jwt does: sets iss, iat, jti.

    `issued_at` in Unix seconds. Raises NkeyError where the seed is none or cannot sign.
    """
    body = {**claims, "iss": nkey.public_of_seed(seed), "iat": issued_at}
    body.pop("jti", None)
    standard = {key: body[key] for key in _STANDARD if body.get(key)}
    digest = hashlib.new("sha512_256", _go_json(standard), usedforsecurity=False).digest()
    body["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_base64(_go_json(_HEADER))}.{_base64(_go_json(body))}"
    return f"{signed}.{_base64(nkey.sign(seed, signed.encode()))}"


def operator_claims(
    public: str,
    name: str,
    *,
    system_account: str | None = None,
    signing_keys: Iterable[str] = (),
    strict_signing_key_usage: bool = False,
    account_server_url: str | None = None,
    operator_service_urls: Iterable[str] = (),
    expires_at: int | None = None,
    not_before: int | None = None,
) -> dict[str, Any]:
    """Claims of an operator, to be signed by its own seed. Times in Unix seconds."""
    nats = {
        "signing_keys": list(signing_keys),
        "account_server_url": account_server_url,
        "operator_service_urls": list(operator_service_urls),
        "system_account": system_account,
        "strict_signing_key_usage": strict_signing_key_usage,
    }
    return _set(exp=expires_at, name=name, nbf=not_before, sub=public) | {"nats": _typed("operator", nats)}


def account_claims(
    public: str,
    name: str,
    *,
    jetstream: JetStreamLimits | None = None,
    signing_keys: Iterable[str | Mapping[str, Any]] = (),
    exports: Iterable[Mapping[str, Any]] = (),
    imports: Iterable[Mapping[str, Any]] = (),
    disallow_bearer: bool = False,
    expires_at: int | None = None,
    not_before: int | None = None,
) -> dict[str, Any]:
    """Claims of an account, to be signed by an operator: no limit but those of JetStream, off without them.

    Exports and imports are objects of the JWT itself ({"name", "subject", "type", ...}). The system account
    must not have JetStream. Times in Unix seconds.
    """
    nats = {
        "imports": [dict(entry) for entry in imports],
        "exports": [dict(entry) for entry in exports],
        "limits": {
            "subs": _NO_LIMIT,
            "data": _NO_LIMIT,
            "payload": _NO_LIMIT,
            "imports": _NO_LIMIT,
            "exports": _NO_LIMIT,
            "wildcards": True,
            "conn": _NO_LIMIT,
            "leaf": _NO_LIMIT,
            **_set(
                disallow_bearer=disallow_bearer,
                **_jetstream(jetstream or JetStreamLimits()),
            ),
        },
        "signing_keys": [key if isinstance(key, str) else dict(key) for key in signing_keys],
        "default_permissions": {"pub": {}, "sub": {}},
        "authorization": {},
    }
    return _set(exp=expires_at, name=name, nbf=not_before, sub=public) | {"nats": _typed("account", nats)}


def scoped_key(public: str, role: str, *, publish: Iterable[str], subscribe: Iterable[str]) -> dict[str, Any]:
    """Give the entry of a signing key that dictates what the users it signs may do."""
    template = {**_permissions(publish, (), subscribe, ()), **_USER_LIMITS}
    return {"kind": "user_scope", "key": public, "role": role, "template": template, "description": ""}


def user_claims(
    public: str,
    name: str,
    *,
    issuer_account: str | None = None,
    scoped: bool = False,
    publish: Iterable[str] = (),
    deny_publish: Iterable[str] = (),
    subscribe: Iterable[str] = (),
    deny_subscribe: Iterable[str] = (),
    bearer: bool = False,
    expires_at: int | None = None,
    not_before: int | None = None,
) -> dict[str, Any]:
    """Claims of a user, to be signed by its account's seed, or by a signing key's with `issuer_account`.

    Subjects are NATS subjects; none allowed means all. `scoped` leaves permissions and limits to the signing
    key. Times in Unix seconds.
    """
    nats: dict[str, Any] = {"pub": {}, "sub": {}, "issuer_account": issuer_account}
    if not scoped:
        nats |= {
            **_permissions(publish, deny_publish, subscribe, deny_subscribe),
            **_USER_LIMITS,
            "bearer_token": bearer,
        }
    return _set(exp=expires_at, name=name, nbf=not_before, sub=public) | {"nats": _typed("user", nats)}


def credentials_file(jwt: str, seed: str) -> str:
    """Give the text of a user's credentials file (nats-io/jwt creds_utils.go, FormatUserConfig)."""
    rule = "*" * 25
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"{rule} IMPORTANT {rule}\n"
        "NKEY Seed printed below can be used to sign and prove identity.\n"
        "NKEYs are sensitive and should be treated as secrets.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n\n"
        f"{'*' * 61}\n"
    )


_USER_LIMITS: Final = {"subs": _NO_LIMIT, "data": _NO_LIMIT, "payload": _NO_LIMIT}


def _typed(kind: str, nats: dict[str, Any]) -> dict[str, Any]:
    return {**_set(**nats), "type": kind, "version": 2}


def _permissions(
    publish: Iterable[str],
    deny_publish: Iterable[str],
    subscribe: Iterable[str],
    deny_subscribe: Iterable[str],
) -> dict[str, Any]:
    return {
        "pub": _set(allow=list(publish), deny=list(deny_publish)),
        "sub": _set(allow=list(subscribe), deny=list(deny_subscribe)),
    }


def _jetstream(limits: JetStreamLimits) -> dict[str, Any]:
    return {
        "mem_storage": limits.mem_storage,
        "disk_storage": limits.disk_storage,
        "streams": limits.streams,
        "consumer": limits.consumer,
        "max_ack_pending": limits.max_ack_pending,
        "mem_max_stream_bytes": limits.mem_max_stream_bytes,
        "disk_max_stream_bytes": limits.disk_max_stream_bytes,
        "max_bytes_required": limits.max_bytes_required,
        "tiered_limits": {name: _set(**_jetstream(tier)) for name, tier in limits.tiers},
    }


def _set(**fields: object) -> dict[str, Any]:
    # Go leaves zero values out, but keeps empty structures.
    return {key: value for key, value in fields.items() if value or (value == {} and key in _STRUCTURES)}


_STRUCTURES: Final = frozenset(("pub", "sub", "default_permissions", "authorization"))


def _go_json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
