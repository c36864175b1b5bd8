"""Faults of nats.config that leave the identity alone: limits, resolver, ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, filling, layout
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError, PortClashError

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab


async def jetstream_limits(lab: Lab, node: str | None = None, *, limit: str = "512MB") -> Broken:
    """Give one node another limit of JetStream's disk space."""
    name = breaking.victim(lab, node, least=2)
    await breaking.reconfigure(lab, name, "  max_file: 1GB\n", f"  max_file: {limit}\n")
    return Broken("jetstream-limits", f"max_file is {limit} on {name}", nodes=(name,), key="jetstream.max_file")


async def config_pitfall(lab: Lab, node: str | None = None) -> Broken:
    """Write 1G for 1GB in one node's nats.config."""
    name = breaking.victim(lab, node)
    await breaking.reconfigure(lab, name, "  max_file: 1GB\n", "  max_file: 1G\n")
    return Broken("config-pitfall", f"max_file is 1G on {name}", nodes=(name,), key="jetstream.max_file")


async def limit_not_set(lab: Lab, node: str | None = None) -> Broken:
    """Leave JetStream's memory limit of one node to the server."""
    name = breaking.victim(lab, node)
    await breaking.reconfigure(lab, name, "  max_mem: 256MB\n", "")
    return Broken("limit-not-set", f"max_mem is not set on {name}", nodes=(name,), key="jetstream.max_mem")


async def resolver_memory(lab: Lab, node: str | None = None) -> Broken:
    """Give one node an account resolver that keeps nothing but the preloaded accounts."""
    name = breaking.victim(lab, node, least=2)
    text = (lab.node(name).directory / layout.NATS_CONFIG).read_text()
    block = text[text.index("resolver {") : text.index("resolver_preload")]
    breaking.edit_nats_config(lab, name, block, "resolver: MEMORY\n\n")
    await lab.restart_node(name)
    await filling.wait_settled(lab, breaking.names(lab))
    return Broken("resolver-memory", f"{name} has a memory resolver", nodes=(name,), key="resolver")


async def resolver_interval(lab: Lab, node: str | None = None, *, interval: str = "10m") -> Broken:
    """Give one node's resolver a long interval."""
    name = breaking.victim(lab, node)
    await breaking.reconfigure(lab, name, f'"{layout.RESOLVER_INTERVAL}"', f'"{interval}"')
    return Broken("resolver-interval", f"the interval on {name} is {interval}", nodes=(name,), key="resolver.interval")


async def port_clash(lab: Lab, node: str | None = None, *, peer: str | None = None) -> Broken:
    """Give one node the client port of another on the same host: it no longer starts."""
    name = breaking.victim(lab, node, least=2)
    far = breaking.another(lab, name, peer)
    own, taken = lab.node(name).client_port, lab.node(far).client_port
    await lab.stop_node(name)
    breaking.edit_nats_config(lab, name, f"\nport: {own}\n", f"\nport: {taken}\n")
    try:
        await lab.start_node(name)
    except PortClashError:
        pass
    else:
        # the port greets, though by the other server: only its own log tells
        await lab.stop_node(name)
    if lab.node(name).pid is not None:
        raise LabError(f"{name} runs, though {far} has its port")
    rest = breaking.others(lab, name)
    if len(rest) * 2 > len(breaking.names(lab)):
        await filling.wait_settled(lab, rest)
    return Broken(
        "port-clash", f"{name} has the client port of {far}", nodes=tuple(sorted((name, far))), key=str(taken)
    )
