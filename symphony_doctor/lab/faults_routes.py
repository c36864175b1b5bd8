"""Faults of nodes and of the routes between them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from symphony_doctor.lab import breaking, control, filling, layout, leading, mirrors, starting
from symphony_doctor.lab.broken import Broken
from symphony_doctor.lab.errors import LabError
from symphony_doctor.lab.ports import HOST, Reservation

if TYPE_CHECKING:
    from symphony_doctor.lab.cluster import Lab

# The server moves here, so that a relay can take its port: same port, still loopback.
_BEHIND_RELAY = "127.0.0.2"


async def cluster_name(lab: Lab, node: str | None = None, *, value: str = "symphony-cluster-2") -> Broken:
    """Give one node another cluster.name."""
    name = breaking.victim(lab, node, least=2)
    breaking.edit_nats_config(lab, name, f"name: {layout.CLUSTER_NAME}\n", f"name: {value}\n")
    await lab.restart_node(name)
    await _settle_without(lab, name)
    return Broken("cluster-name", f"{name} calls the cluster {value}", nodes=(name,), key="cluster.name")


async def missing_route(lab: Lab, node: str | None = None, *, peer: str | None = None) -> Broken:
    """Leave one node's route to another out; gossip forms the mesh all the same."""
    name = breaking.victim(lab, node, least=3)
    far = breaking.another(lab, name, peer or breaking.others(lab, name)[-1])
    listed = [address for address in breaking.addresses(lab) if address.name != name]
    kept = [address for address in listed if address.name != far]
    await breaking.reconfigure(lab, name, layout.routes(listed), layout.routes(kept))
    return Broken("missing-route", f"{name} lists no route to {far}", nodes=(name, far), key="cluster.routes")


async def unknown_route(lab: Lab, node: str | None = None) -> Broken:
    """Add a route to an address that is no node."""
    name = breaking.victim(lab, node, least=2)
    with Reservation(1) as free:
        address = f"{HOST}:{free.ports[0]}"
    await breaking.reconfigure(lab, name, "  routes: [\n", f"  routes: [\n    nats-route://{address},\n")
    return Broken("unknown-route", f"{name} lists a route to {address}, which is no node", nodes=(name,), key=address)


async def duplicate_server_name(lab: Lab, node: str | None = None, *, peer: str | None = None) -> Broken:
    """Give one node the server_name of another."""
    name = breaking.victim(lab, node, least=2)
    far = breaking.another(lab, name, peer)
    breaking.edit_nats_config(lab, name, f"server_name: {name}\n", f"server_name: {far}\n")
    await lab.restart_node(name)
    return Broken("duplicate-server-name", f"{name} calls itself {far}", nodes=(name, far), key="server_name")


async def dead_node(lab: Lab, node: str | None = None) -> Broken:
    """Kill one node; it stays down."""
    name = breaking.victim(lab, node, least=2)
    await lab.stop_node(name, kill=True)
    await _settle_without(lab, name)
    return Broken("dead-node", f"{name} was killed", nodes=(name,))


async def hung_node(lab: Lab, node: str | None = None) -> Broken:
    """Stop one node's process without ending it: ports accept, nobody answers."""
    name = breaking.victim(lab, node)
    process = lab.node_state(name).process
    if process is None or not process.send(signal.SIGSTOP):
        raise LabError(f"{name} is not running")
    await _settle_without(lab, name)
    return Broken("hung-node", f"{name} hangs", nodes=(name,))


async def quorum_lost(lab: Lab, node: str | None = None) -> Broken:
    """Kill so many nodes that no majority is left; the named one survives."""
    everyone = breaking.names(lab)
    survivor = lab.node(node).name if node else everyone[0]
    breaking.victim(lab, survivor, least=2)
    majority = len(everyone) // 2 + 1
    killed = breaking.others(lab, survivor)[majority - 2 :]
    for name in killed:
        await lab.stop_node(name, kill=True)
    await filling.wait_leaderless(lab, survivor)
    return Broken("quorum-lost", f"{', '.join(killed)} were killed", nodes=killed)


async def route_partition(lab: Lab, node: str | None = None, *, peer: str | None = None) -> Broken:
    """Cut the route between two nodes, while both reach the others; no file changes.

    Both servers listen for routes on another loopback address at the same port; in their old place
    stands a relay that lets all nodes through but the one cut off.
    """
    name = breaking.victim(lab, node, least=3)
    if lab.state.tls:
        raise LabError("the relay of this fault reads the routes: it needs a lab without TLS")
    ends = (name, breaking.another(lab, name, peer))
    # Led by a node that both ends reach, nothing changes hands when they lose each other.
    middle = breaking.others(lab, *ends)[0]
    await leading.move_leaders(lab, middle)
    relays: list[str] = []
    for end, far in (ends, ends[::-1]):
        port = lab.node(end).route_port
        relays += (f"{HOST}:{port}", f"{_BEHIND_RELAY}:{port}", f"{HOST}:{lab.node(far).client_port}")
        lab.node_state(end).arguments = (
            "-cluster",
            f"nats://{_BEHIND_RELAY}:{port}",
            "-cluster_advertise",
            f"{HOST}:{port}",
        )
    lab.state.helpers.append(starting.start_helper(lab.root, lab.state, "relay", *relays))
    lab.save()
    for end in ends:
        await lab.restart_node(end)
        await filling.wait_current(lab, middle)
    await _cut(lab, *ends)
    return Broken("route-partition", f"{ends[0]} and {ends[1]} do not reach each other", nodes=ends)


async def _cut(lab: Lab, one: str, two: str) -> None:
    middle = breaking.others(lab, one, two)
    count = len(breaking.names(lab))

    async def complaint() -> str | None:
        answers = await control.ping(system, "ROUTEZ", expect=count)
        for end, far in ((one, two), (two, one)):
            seen = {route["remote_name"] for route in answers.get(end, {}).get("routes", ())}
            if seen != set(breaking.others(lab, end, far)):
                return f"{end} has routes to {sorted(seen)}"
        return None

    async with lab.system_client(middle[0]) as system:
        await control.until(complaint, within=30)
    await filling.wait_settled(lab, (middle[0], one, two, *middle[1:]))
    await mirrors.reconnect(lab, middle[0])


async def _settle_without(lab: Lab, name: str) -> None:
    rest = breaking.others(lab, name)
    if len(rest) * 2 > len(breaking.names(lab)):
        await filling.wait_settled(lab, rest)
