"""Node directories of any size: a lab's own, with further accounts and streams as files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.nkey import Kind, create_seed


def grow(source: Path, target: Path, accounts: int, streams: int) -> None:
    """Copy a stopped node's directory and add accounts, and streams spread over them."""
    grow_all([source], [target], accounts, streams)


def grow_all(sources: Sequence[Path], targets: Sequence[Path], accounts: int, streams: int) -> None:
    """Copy the directories of a stopped cluster; all get the same accounts and the same streams.

    An account has a JWT signed by the cluster's operator. A stream has a meta.inf as the server writes one, its
    checksum, and a block of messages beside it.
    """
    for source, target in zip(sources, targets, strict=True):
        shutil.copytree(source, target, symlinks=True)
    template = next(each for each in targets[0].rglob("KV_symphony_*/meta.inf"))
    config = json.loads(template.read_bytes())
    operator = next(iter(nkey.seeds_of((targets[0] / "symphony.config").read_text(), Kind.OPERATOR)))
    keys = []
    for number in range(accounts):
        key = nkey.public_of_seed(create_seed(Kind.ACCOUNT))
        claims = jwt_make.account_claims(key, f"user{number:05}", jetstream=jwt_make.UNLIMITED_JETSTREAM)
        token = jwt_make.encode(claims, operator, issued_at=1_790_000_000)
        for target in targets:
            (target / "accounts" / f"{key}.jwt").write_text(token)
        keys.append(key)
    for number in range(streams):
        name = f"KV_ext_{number:06}"
        made = config | {"name": name, "subjects": [f"$KV.ext_{number:06}.>"]}
        if len(targets) > 1:
            made["num_replicas"] = len(targets)
        for target in targets:
            folder = target / "storage" / "jetstream" / keys[number % accounts] / "streams" / name
            (folder / "msgs").mkdir(parents=True)
            (folder / "meta.inf").write_text(json.dumps(made, separators=(",", ":")))
            (folder / "meta.sum").write_text("0" * 16)
            (folder / "msgs" / "1.blk").write_bytes(bytes(4096))
