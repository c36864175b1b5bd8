"""What the nats command line knows of: its saved contexts, and its variables of the environment.

The names are those of its own source (natscli ``main.go``, jsm.go ``natscontext``): NATS_URL, NATS_USER (alone it is a
token), NATS_PASSWORD, NATS_TOKEN, NATS_CREDS, NATS_NKEY, NATS_CERT, NATS_KEY, NATS_CA and NATS_CONTEXT. Where several
kinds of credentials are set side by side, the first of user, creds, nkey and token counts, as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from symphony_doctor.errors import InputError
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.sources.credentials import Credentials, Tls, checked_tls, creds_file, nkey_file
from symphony_doctor.sources.files import list_directory, read_file

_LIMIT = 1024 * 1024
_MOST_CONTEXTS = 1000

_VARIABLES = {
    "url": "NATS_URL",
    "user": "NATS_USER",
    "password": "NATS_PASSWORD",
    "token": "NATS_TOKEN",
    "creds": "NATS_CREDS",
    "nkey": "NATS_NKEY",
    "ca": "NATS_CA",
    "cert": "NATS_CERT",
    "key": "NATS_KEY",
}
_WHO = frozenset({"user", "password", "token", "creds", "nkey"})


@dataclass(frozen=True, slots=True)
class Context:
    """Where to connect and who connects. ``credentials`` is ``None`` where nothing says who; ``tls`` stands beside."""

    servers: tuple[str, ...]
    credentials: Credentials | None
    tls: Tls


class Settings(msgspec.Struct):
    """What a context or the environment sets; an empty text is unset."""

    url: str = ""
    creds: str = ""
    user: str = ""
    password: str = ""
    token: str = ""
    nkey: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    def __repr__(self) -> str:
        """Show nothing: a password may be in it."""
        return "Settings()"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the environment gives, and from where: the variable's name, or the context's."""

    context: Context
    servers_from: str
    credentials_from: str


def surroundings(environment: Mapping[str, str], context: str, *, who_is_given: bool = False) -> Surroundings:
    """Join the variables with a saved context (empty: none); variables go before it. Raises ``InputError``.

    Credentials of one place replace those of the other as a whole: half of each would be nobody's. Where options
    give them, ``who_is_given``, those here are not looked at.
    """
    own = _own_settings(environment)
    saved = _saved(context, environment, "NATS_CONTEXT") if context else Settings()
    who = next((field for field in ("user", "creds", "nkey", "token") if getattr(own, field)), "")
    not_of_context = _WHO if who or who_is_given else frozenset()
    joined = {field: getattr(saved, field) for field in _VARIABLES if field not in not_of_context}
    not_of_variables = _WHO if who_is_given else frozenset()
    joined |= {
        field: getattr(own, field) for field in _VARIABLES if getattr(own, field) and field not in not_of_variables
    }
    variable, name = _VARIABLES.get(who, ""), f"context {context}"
    said_tls = "NATS_CA, NATS_CERT or NATS_KEY" if own.ca or own.cert or own.key else name
    found = _understood(Settings(**joined), variable or name, said_tls, f"the user of {variable}" if variable else name)
    return Surroundings(found, _VARIABLES["url"] if own.url else name, variable or name)


def nats_context(name: str, environment: Mapping[str, str], said: str = "--context") -> Context:
    """Read a saved context, ``nats/context/NAME.json`` below the user's configuration folder; raise ``InputError``."""
    said_it = f"{said} {name}"
    context = _understood(_saved(name, environment, said), said_it, said_it, f"context {name}")
    # a context that names nobody connects as nobody: its own way to ask
    return replace(context, credentials=context.credentials or Credentials(label=f"context {name}", tls=context.tls))


def selected_context(environment: Mapping[str, str]) -> str:
    """Return the name that ``nats context select`` wrote, empty where there is none."""
    if not environment.get("XDG_CONFIG_HOME") and not environment.get("HOME"):
        return ""
    found = read_file(_folder(environment) / "context.txt", _LIMIT)
    return found.value.decode("utf-8", "replace").strip() if isinstance(found, Seen) else ""


def saved_contexts(environment: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the saved contexts that can be read, by name, each with its servers."""
    found = []
    listed = list_directory(_folder(environment) / "context", _MOST_CONTEXTS)
    for file in listed.value if isinstance(listed, Seen) else ():
        name = file.removesuffix(".json")
        try:
            url = _saved(name, environment, "context").url if name != file else ""
        except InputError:
            continue
        found.append((name, tuple(each.strip() for each in url.split(",") if each.strip())))
    return tuple(found)


def _own_settings(environment: Mapping[str, str]) -> Settings:
    return Settings(**{field: environment.get(name, "").strip() for field, name in _VARIABLES.items()})


def _understood(settings: Settings, said: str, said_tls: str, label: str) -> Context:
    """Check the files that settings name; raise ``InputError`` that begins with what ``said`` them."""
    # as there: a certificate and its key count together or not at all
    certificate, key = (settings.cert, settings.key) if settings.cert and settings.key else ("", "")
    tls = checked_tls(_path(settings.ca), _path(certificate), _path(key), said_tls)
    servers = tuple(url.strip() for url in settings.url.split(",") if url.strip())
    return Context(servers, _credentials(settings, said, label, tls), tls)


def _path(written: str) -> Path | None:
    return Path(written).expanduser() if written else None


def _credentials(settings: Settings, said: str, label: str, tls: Tls) -> Credentials | None:
    if settings.user and settings.password:
        return Credentials(user=settings.user, password=settings.password, label=label, tls=tls)
    if settings.user:
        return Credentials(token=settings.user, label=label, tls=tls)
    if settings.creds:
        return replace(creds_file(Path(settings.creds).expanduser(), said), tls=tls)
    if settings.nkey:
        return replace(nkey_file(Path(settings.nkey).expanduser(), said), tls=tls)
    return Credentials(token=settings.token, label=label, tls=tls) if settings.token else None


def _folder(environment: Mapping[str, str]) -> Path:
    base = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "/")) / ".config")
    return base / "nats"


def _saved(name: str, environment: Mapping[str, str], said: str) -> Settings:
    if "/" in name or name in {"", ".", ".."}:
        raise InputError(f"{said}: {name!r} is no context name; `nats context ls` lists them")
    path = _folder(environment) / "context" / f"{name}.json"
    found = read_file(path, _LIMIT)
    if isinstance(found, Missing):
        raise InputError(f"{said} {name}: {found.why}; `nats context ls` lists the contexts")
    try:
        return msgspec.json.decode(found.value, type=Settings)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise InputError(f"{said} {name}: {path} is no context of the nats CLI: expected a JSON object") from None
