"""What a lab consists of before its first start: the directories, identities and addresses."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from symphony_doctor.lab import certificates, layout, starting
from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.identity import create_identity, credentials
from symphony_doctor.lab.layout import NodeAddress
from symphony_doctor.lab.ports import Reservation
from symphony_doctor.lab.state import CREDENTIALS, Keys, LabState, NodeState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def prepare(root: Path) -> Path:
    """Make the directory of a lab. Raises `LabError` where something is in it, or it cannot be made."""
    try:
        if root.exists() and not (root.is_dir() and not any(root.iterdir())):
            raise LabError(f"{root}: a lab is built in a new or an empty directory")
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return root.resolve()
    except OSError as error:
        raise LabError(f"{root}: {(error.strerror or 'cannot be written').lower()}") from None


def empty(root: Path) -> None:
    """Remove what a lab that did not start has left."""
    for entry in root.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def write(
    root: Path, count: int, addresses: Sequence[NodeAddress], binary: str, *, detached: bool, tls: bool
) -> tuple[LabState, Keys]:
    """Write what the instances have before their first start; on loopback, unless ``addresses`` say where."""
    identity = create_identity()
    keys = Keys(identity, [])
    (root / CREDENTIALS).mkdir(mode=0o700)
    (root / starting.RUN).mkdir(mode=0o700)
    keys.save(root)
    if tls:
        certificates.create_authority(root)
    for name, account in (("system", identity.system), ("symphony", identity.symphony)):
        layout.write_private(root / CREDENTIALS / f"{name}.creds", credentials(account, name))
    with Reservation(0 if addresses else 4 * count) as held:
        free = iter(held.ports)
        cluster = tuple(addresses) or tuple(
            NodeAddress(f"node{number}", next(free), next(free), next(free), next(free))
            for number in range(1, count + 1)
        )
        for address in cluster:
            layout.write_node(root / address.name, address, cluster, identity, tls=tls)
            if tls:
                names = tuple(dict.fromkeys((address.host, *certificates.NAMES)))
                certificates.write_certificate(root, address.name, names)
    return LabState(binary, detached, [NodeState(address) for address in cluster], tls=tls), keys
