"""Where credentials come from: a .creds file, or a context of the nats command line."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from symphony_doctor.errors import InputError
from symphony_doctor.formats import jwt, nkey
from symphony_doctor.model.evidence import Missing
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

    def context(self) -> ssl.SSLContext:
        """Return the context of a connection that verifies. Raises ``InputError`` naming the file."""
        try:
            context = ssl.create_default_context(cafile=str(self.authority) if self.authority else None)
        except (OSError, ValueError):
            raise InputError(f"{self.authority} holds no certificates in PEM, expected those of an authority") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password="")
            except (OSError, ValueError):
                raise InputError(f"{self.certificate} and its key cannot be used for TLS") from None
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


@dataclass(frozen=True, slots=True)
class Context:
    """A saved context of the nats command line: its server URLs and credentials."""

    servers: tuple[str, ...]
    credentials: Credentials


class _ContextFile(msgspec.Struct):
    url: str = ""
    creds: str = ""
    user: str = ""
    password: str = ""
    token: str = ""
    nkey: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""


def authority_file(path: Path) -> Tls:
    """Check that ``--tlsca FILE`` is there and holds certificates; raise ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"--tlsca: {found.why}")
    tls = Tls(authority=path)
    tls.context()
    return tls


def _tls(context: _ContextFile) -> Tls:
    files = (Path(name).expanduser() if name else None for name in (context.ca, context.cert, context.key))
    tls = Tls(*files)
    tls.context()
    return tls


def creds_file(path: Path) -> Credentials:
    """Check that a .creds file is there, readable and holds a JWT and a seed; raise ``InputError``."""
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"--creds: {found.why}")
    user = _user(found.value.decode("utf-8", "replace"))
    if isinstance(user, str):
        raise InputError(
            f"--creds: {path} is no credentials file: {user}; expected a NATS USER JWT and a USER NKEY SEED block, "
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


def _nkey_file(context: str, written: str) -> Path:
    path = Path(written).expanduser()
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"--context {context}: {found.why}")
    if not nkey.find_seeds(found.value.decode("utf-8", "replace")):
        raise InputError(f"--context {context}: {path} holds no seed of an nkey")
    return path


def nats_context(name: str, environment: Mapping[str, str]) -> Context:
    """Read ``nats/context/NAME.json`` below the user's configuration folder; raise ``InputError``."""
    base = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "/")) / ".config")
    path = base / "nats" / "context" / f"{name}.json"
    if "/" in name or name in {"", ".", ".."}:
        raise InputError(f"--context: {name!r} is no context name; `nats context ls` lists them")
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"--context {name}: {found.why}; `nats context ls` lists the contexts")
    try:
        context = msgspec.json.decode(found.value, type=_ContextFile)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise InputError(f"--context {name}: {path} is no context of the nats CLI: expected a JSON object") from None
    if context.creds:
        credentials = replace(creds_file(Path(context.creds).expanduser()), tls=_tls(context))
    else:
        credentials = Credentials(
            user=context.user or None,
            password=context.password or None,
            token=context.token or None,
            nkey_file=_nkey_file(name, context.nkey) if context.nkey else None,
            label=f"context {name}",
            tls=_tls(context),
        )
    servers = tuple(url.strip() for url in context.url.split(",") if url.strip())
    return Context(servers, credentials)
