"""Credentials: .creds files, nkey files, and certificates, checked before anything is asked with them."""

from __future__ import annotations

import os
import shlex
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path

from symphony_doctor.errors import InputError
from symphony_doctor.formats import jwt, nkey
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.identity import Token
from symphony_doctor.sources.files import read_file
from symphony_doctor.sources.tokens import token_of

_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tls:
    """How servers with TLS are verified, and the doctor to them: files in PEM.

    ``authority`` replaces the authorities that the system trusts. ``certificate`` and ``key`` are the
    client's own; they are read by the TLS library alone.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def over(self, other: Tls) -> Tls:
        """Return this with what it lacks taken from another; a certificate comes with its own key."""
        mine = self if self.certificate is not None else other
        return Tls(self.authority or other.authority, mine.certificate, mine.key)

    def context(self) -> ssl.SSLContext:
        """Return the context of a connection that verifies. Raises ``InputError`` naming the file."""
        try:
            context = ssl.create_default_context(cafile=str(self.authority) if self.authority else None)
        except (OSError, ValueError):
            raise InputError(f"{self.authority} holds no certificates in PEM, expected those of an authority") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password="")
            except (OSError, ValueError) as error:
                raise InputError(_unusable(self.certificate, self.key, error)) from None
        return context


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to authenticate. ``creds_file`` is read by the client when it connects, and not kept.

    ``claims`` are the public ones of its user JWT.
    """

    creds_file: Path | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None
    nkey_file: Path | None = None
    label: str = ""
    tls: Tls = field(default_factory=Tls)
    claims: Token | None = None

    def __repr__(self) -> str:
        """Show where they are from, never what they are."""
        return f"Credentials({self.label!r})"


def checked_tls(authority: Path | None, certificate: Path | None, key: Path | None, said: str) -> Tls:
    """Check that the files of TLS are there and can be used; raise ``InputError`` naming what ``said`` them."""
    for path in (authority, certificate, key):
        found = read_file(path, _LIMIT) if path is not None else None
        if isinstance(found, Missing):
            raise InputError(f"{said}: {found.why}")
    tls = Tls(authority, certificate, key)
    if tls != Tls():
        tls.context()
    return tls


def _unusable(certificate: Path, key: Path | None, error: OSError | ValueError) -> str:
    """Say what is wrong with a client's certificate and key, without a word of the key."""
    reason = (getattr(error, "reason", None) or "").upper()
    if "MISMATCH" in reason:
        return f"{key} is not the key of the certificate in {certificate}"
    if key is None:
        return f"{certificate} does not hold a certificate and its key in PEM: name the key's file with --tlskey FILE"
    return (
        f"{certificate} and {key} cannot be used for TLS: expected a certificate and its key, in PEM and not encrypted"
    )


def creds_file(path: Path, said: str = "--creds") -> Credentials:
    """Check that a .creds file is there, readable and holds a JWT and a seed; raise ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"{said}: {found.why}")
    user = _user(found.value.decode("utf-8", "replace"))
    if isinstance(user, str):
        raise InputError(
            f"{said}: {path} is no credentials file: {user}; expected a NATS USER JWT and a USER NKEY SEED block, "
            "as `nsc generate creds` or `cirata nats credentials` writes"
        )
    return Credentials(creds_file=path, label=str(path), claims=user)


def _user(text: str) -> Token | str:
    """Return the claims of a .creds file's user, or what is wrong with it, without a word of it."""
    try:
        user = jwt.decode(jwt.undecorated(text), "user")
    except jwt.JwtError as error:
        return f"its JWT is not valid ({error.reason.value})"
    seeds = nkey.seeds_of(text, nkey.Kind.USER)
    if not seeds:
        return "it holds no seed of a user"
    if not any(nkey.public_of_seed(seed) == user.subject for seed in seeds):
        return "its seed is not that of the user in its JWT"
    return token_of(user)


def nkey_file(path: Path, said: str = "--nkey") -> Credentials:
    """Check that an nkey file is there, readable and holds the seed of a user; raise ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"{said}: {found.why}")
    if not nkey.seeds_of(found.value.decode("utf-8", "replace"), nkey.Kind.USER):
        raise InputError(f"{said}: {path} holds no seed of an nkey: expected that of a user, which begins with SU")
    return Credentials(nkey_file=path, label=str(path))


def nkey_seed(path: Path) -> str:
    """Return the seed in a checked nkey file, decorated or not. Raises ``OSError`` where it is gone by now."""
    found = read_file(path, _LIMIT)
    seeds = nkey.seeds_of(found.value.decode("utf-8", "replace"), nkey.Kind.USER) if isinstance(found, Seen) else []
    if not seeds:
        raise OSError("the nkey file holds no seed any more")
    return seeds[0]


def exposure(path: Path) -> str | None:
    """Say that others may read a file with a secret, where its mode can be changed by who runs this."""
    try:
        status = path.stat()
    except OSError:
        return None
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o077 or os.geteuid() not in {0, status.st_uid}:
        return None
    return f"warning: {path} holds a secret and is open to others (mode {mode:04o}): chmod 600 {shlex.quote(str(path))}"
