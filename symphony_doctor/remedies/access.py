"""Whose credentials a step can have: those that were given, else a user made for it and for some minutes.

A user is made where a node's own symphony.config, on this machine, holds the account's seed or that of one
of its signing keys. The seed is read at that moment; neither it nor the user is kept or written anywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from symphony_doctor.formats import json_places, jwt_make, nkey
from symphony_doctor.formats.jwt import Jwt, JwtError, decode, undecorated
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.action import Access, RepairRefused
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.identity import Token
from symphony_doctor.sources.credentials import Credentials, Tls
from symphony_doctor.sources.files import read_file

LIFETIME = 180
"""Seconds that a made user may log in."""

_CONFIG_LIMIT = 4 * 1024 * 1024
_JWT_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in as a user of an account; ``inbox`` is the only subject it may listen to if it was made."""

    account: str
    credentials: Credentials | None = None
    jwt: str = field(default="", repr=False)
    seed: str = field(default="", repr=False)
    inbox: str = "_INBOX"


@dataclass(frozen=True, slots=True)
class Reach:
    """What the doctor can lay its hands on: accounts by the credentials given, node directories by node, servers."""

    given: Mapping[str, Credentials]
    directories: Mapping[str, Path]
    tls: Tls = field(default_factory=Tls)

    def can(self, account: str, cluster: Cluster) -> bool:
        """Tell whether a user of the account can be had."""
        return account in self.given or bool(_holders(account, cluster, self.directories))


def accounts_of(credentials: Iterable[Credentials]) -> dict[str, Credentials]:
    """Return the credentials by the account that their user belongs to; the first for an account counts."""
    found: dict[str, Credentials] = {}
    for each in credentials:
        if each.creds_file is None:
            continue
        content = read_file(each.creds_file, _JWT_LIMIT)
        if isinstance(content, Seen):
            try:
                user = decode(undecorated(content.value.decode("ascii", "replace")), kind="user")
            except JwtError:
                continue
            found.setdefault(user.effective_account, each)
    return found


def log_in(access: Access, reach: Reach, cluster: Cluster, now: float) -> Login:
    """Choose given credentials, else make a user. Raises ``RepairRefused`` where neither can be."""
    if access.account in reach.given:
        return Login(access.account, reach.given[access.account])
    for directory, keys in _holders(access.account, cluster, reach.directories):
        made = _made(access, directory, keys, _claims(access.account, cluster), now)
        if made is not None:
            return made
    raise RepairRefused(lacking(access.account, cluster))


def lacking(account: str, cluster: Cluster) -> str:
    """Say which credentials would do."""
    name = next((each.name for each in cluster.accounts if each.key == account and each.name), "")
    shown = f"{name} ({account})" if name else account
    return (
        f"it needs a user of account {shown}: no credentials given are of it, and no symphony.config on this "
        "machine holds a key of it; give --repair-creds FILE"
    )


def _holders(account: str, cluster: Cluster, directories: Mapping[str, Path]) -> list[tuple[Path, frozenset[str]]]:
    keys = _keys(account, cluster)
    found = []
    for node in cluster.nodes:
        config = node.symphony_config
        if node.name in directories and isinstance(config, Seen):
            held = frozenset(seed.public_key for seed in config.value.seeds) & keys
            if held:
                found.append((directories[node.name], held))
    return found


def _keys(account: str, cluster: Cluster) -> frozenset[str]:
    tokens = [each.token for each in cluster.accounts if each.key == account]
    tokens += [
        entry.token
        for node in cluster.nodes
        if isinstance(node.preload, Seen)
        for entry in node.preload.value
        if entry.account == account and isinstance(entry.token, Token)
    ]
    strict = any(
        each.strict_signing
        for node in cluster.nodes
        if isinstance(node.operator, Seen)
        for each in node.operator.value.tokens
    )
    keys = frozenset(key for token in tokens for key in token.signing_keys)
    return keys if strict else keys | {account}


def _claims(account: str, cluster: Cluster) -> Jwt | None:
    """Read the account's JWT, which tells the signing keys that dictate what their users may do."""
    for node in cluster.nodes:
        for file in node.account_files.value if isinstance(node.account_files, Seen) else ():
            if file.account == account and isinstance(file.token, Token):
                content = read_file(Path(file.path), _JWT_LIMIT)
                if isinstance(content, Seen):
                    try:
                        found = decode(content.value, kind="account")
                    except JwtError:
                        continue
                    # a file of another host may have the path of one here
                    if found.subject == account:
                        return found
    return None


def _made(access: Access, directory: Path, keys: frozenset[str], claims: Jwt | None, now: float) -> Login | None:
    scoped = frozenset(claims.scoped_keys) if claims is not None else frozenset()
    signer = _seed_of(directory / "symphony.config", keys - scoped)
    if signer is None:
        return None
    seed = nkey.create_seed(nkey.Kind.USER)
    inbox = f"_INBOX.{secrets.token_hex(8)}"
    user = jwt_make.user_claims(
        nkey.public_of_seed(seed),
        "symphony-doctor",
        issuer_account=access.account if nkey.public_of_seed(signer) != access.account else None,
        publish=access.publish,
        subscribe=[f"{inbox}.>"],
        expires_at=int(now) + LIFETIME,
    )
    return Login(access.account, None, jwt_make.encode(user, signer, issued_at=int(now)), seed, inbox)


def _seed_of(path: Path, keys: frozenset[str]) -> str | None:
    found = read_file(path, _CONFIG_LIMIT)
    if isinstance(found, Missing):
        return None
    try:
        leaves = json_places.leaves(json_places.text_of(found.value, str(path))[0], str(path))
    except FormatError:
        return None
    for leaf in leaves:
        if isinstance(leaf.value, str):
            for seed in nkey.seeds_of(leaf.value, nkey.Kind.ACCOUNT):
                if nkey.public_of_seed(seed) in keys:
                    return seed
    return None
