"""The key of a bundle's fingerprints: the same on all nodes of a cluster, and known to nobody outside."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Final

from symphony_doctor.formats import nkey

_KEY: Final = b"doctor-bundle-v1"
_NAME: Final = b"doctor-keyname-1"


def bundle_key(configurations: Iterable[str]) -> bytes:
    """Derive the key from the operator's seed in the texts of symphony.config, 32 bytes.

    All nodes of a cluster share that seed, so fingerprints of bundles made apart can be compared; nobody without
    it can test a guess. Of several seeds, as after a wizard that ran on each node, it is the one in most files.
    Without any the key is random, and fingerprints can be compared within that bundle alone.
    """
    found = Counter(seed for seed in map(_operator_seed, configurations) if seed is not None)
    if not found:
        return secrets.token_bytes(32)
    chosen = min(found, key=lambda seed: (-found[seed], nkey.public_of_seed(seed)))
    return hashlib.blake2b(chosen.encode(), digest_size=32, person=_KEY).digest()


def key_name(key: bytes) -> str:
    """Name a key so that equal keys have equal names; the key cannot be told from it."""
    return hashlib.blake2b(key, digest_size=8, person=_NAME).hexdigest()


def _operator_seed(text: str) -> str | None:
    return min(nkey.seeds_of(text, nkey.Kind.OPERATOR), key=nkey.public_of_seed, default=None)
