"""A node's directory of any size: a lab's own, with further accounts and streams as files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from symphony_doctor.formats import jwt_make, nkey
from symphony_doctor.formats.nkey import Kind, create_seed


def grow(source: Path, target: Path, accounts: int, streams: int) -> None:
    """Copy a stopped node's directory and add accounts, and streams spread over them.

    Each stream has a meta.inf as the server writes one, its checksum, and a block of messages beside it.
    """
    shutil.copytree(source, target, symlinks=True)
    template = next(each for each in target.rglob("KV_symphony_*/meta.inf"))
    config = json.loads(template.read_bytes())
    operator = next(iter(nkey.seeds_of((target / "symphony.config").read_text(), Kind.OPERATOR)))
    keys = []
    for number in range(accounts):
        key = nkey.public_of_seed(create_seed(Kind.ACCOUNT))
        claims = jwt_make.account_claims(key, f"user{number:05}", jetstream=jwt_make.UNLIMITED_JETSTREAM)
        (target / "accounts" / f"{key}.jwt").write_text(jwt_make.encode(claims, operator, issued_at=1_790_000_000))
        keys.append(key)
    for number in range(streams):
        name = f"KV_ext_{number:05}"
        folder = target / "storage" / "jetstream" / keys[number % accounts] / "streams" / name
        (folder / "msgs").mkdir(parents=True)
        made = config | {"name": name, "subjects": [f"$KV.ext_{number:05}.>"]}
        (folder / "meta.inf").write_text(json.dumps(made, separators=(",", ":")))
        (folder / "meta.sum").write_text("0" * 16)
        (folder / "msgs" / "1.blk").write_bytes(bytes(4096))
