"""The files of a node, as the product's High Availability page lays them out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symphony_doctor.lab.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from symphony_doctor.lab.identity import Identity

CLUSTER_NAME = "symphony-cluster"
SYMPHONY_CONFIG = "symphony.config"
NATS_CONFIG = "nats.config"
NATS_LOG = "nats.log"
ACCOUNTS = "accounts"
STORAGE = "storage"
RESOLVER_INTERVAL = "2m"


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """A node, its four ports, and where it is: on which host, and in which network namespace."""

    name: str
    client_port: int
    websocket_port: int
    route_port: int
    ui_port: int
    host: str = field(default=HOST, kw_only=True)
    namespace: str | None = field(default=None, kw_only=True)


def replicas_for(nodes: int) -> int:
    """Tell the product's replication factor for a cluster of that size."""
    if nodes < 3:  # noqa: PLR2004
        return 1
    return 3 if nodes < 5 else 5  # noqa: PLR2004


def write_node(
    directory: Path, node: NodeAddress, cluster: tuple[NodeAddress, ...], identity: Identity, *, tls: bool = False
) -> None:
    """Write what an instance has before its first start."""
    for folder in (directory, directory / ACCOUNTS, directory / STORAGE):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / SYMPHONY_CONFIG, symphony_config(identity, node.ui_port))
    write_private(directory / NATS_CONFIG, nats_config(node, cluster, identity, tls=tls))


def nats_config(node: NodeAddress, cluster: tuple[NodeAddress, ...], identity: Identity, *, tls: bool = False) -> str:
    """Compose a nats.config in the style of the product's page."""
    routing = _cluster_block(node, cluster, tls=tls) if len(cluster) > 1 else ""
    client_tls = tls_block() if tls else ""
    return f"""\
server_name: {node.name}
host: {node.host}
port: {node.client_port}
logfile: "{NATS_LOG}"
{client_tls}
websocket {{
  host: {node.host}
  port: {node.websocket_port}
  no_tls: true
}}

jetstream {{
  store_dir: "{STORAGE}"
  max_mem: 256MB
  max_file: 1GB
}}
{routing}
operator: {identity.operator_jwt}
system_account: {identity.system.key}

resolver {{
  type: full
  dir: "{ACCOUNTS}"
  allow_delete: true
  interval: "{RESOLVER_INTERVAL}"
  timeout: "1.9s"
}}

resolver_preload: {{
  {identity.system.key}: {identity.system.jwt}
  {identity.symphony.key}: {identity.symphony.jwt}
}}
"""


def symphony_config(identity: Identity, ui_port: int) -> str:
    """Compose a symphony.config: public key names where they are known, invented ones for identities."""
    document = {
        "naming": {
            "product": "Cirata Symphony",
            "short": "Symphony",
            "byline": "The data orchestration foundation for enterprise AI",
            "support_contact": "support@cirata.com",
        },
        "network": {"uiport": ui_port},
        "oidc": {
            "issuer": "login.example.com/realms/symphony",
            "clientid": "symphony-api",
            "uiclientid": "symphony-ui",
            "clientsecret": f"lab-client-secret-{identity.storage_salt[:12]}",
            "tls_skip_verify": False,
        },
        "rbac": {
            "groups_claim": "groups",
            "default_role": "viewer",
            "admin_group": "symphony-admins",
            "admin_subject": "",
        },
        "identity": {
            "operator": {
                "jwt": identity.operator_jwt,
                "seed": identity.operator_seed,
                "signing_seed": identity.operator_signing_seed,
            },
            "symphony": {
                "jwt": identity.symphony.jwt,
                "seed": identity.symphony.seed,
                "signing_seeds": [identity.symphony_signing_seed],
            },
        },
        "storage": {"location": STORAGE, "salt": identity.storage_salt},
    }
    return json.dumps(document, indent=2) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, replacing what is there."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def routes(others: Sequence[NodeAddress]) -> str:
    """List the routes to other nodes, one a line."""
    return ",\n    ".join(f"nats-route://{other.host}:{other.route_port}" for other in others)


def tls_block(indent: str = "") -> str:
    """Compose the block that turns TLS on; paths count from the node's directory."""
    files = {"cert_file": "server.pem", "key_file": "server-key.pem", "ca_file": "ca.pem"}
    lines = ("tls {", *(f'  {key}: "tls/{file}"' for key, file in files.items()), "}")
    return "".join(f"{indent}{line}\n" for line in lines)


def _cluster_block(node: NodeAddress, cluster: tuple[NodeAddress, ...], *, tls: bool) -> str:
    # Symphony encrypts routes by itself where the client port has TLS; the plain nats-server is told
    encrypted = tls_block("  ") if tls else ""
    others = [other for other in cluster if other.name != node.name]
    return f"""
cluster {{
  name: {CLUSTER_NAME}
  listen: {node.host}:{node.route_port}
  routes: [
    {routes(others)}
  ]
{encrypted}}}
"""
