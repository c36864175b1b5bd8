"""The meta group: a peer that is no server any more, and a quorum that is lost for good."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from symphony_doctor.model.action import Access, Action, Hands, Refusal, RepairFailed, RepairRefused, Step
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Risk
from symphony_doctor.model.jetstream import Replica
from symphony_doctor.remedies.actions._words import SETTLE, answer_of, meta_views, missing, system_account, up

_SILENT = 10.0
"""Seconds after which a leader counts a peer as not heard (raft.go, lost quorum interval)."""

_RESCUE_SINCE = (2, 15)
_JSZ = "$SYS.REQ.SERVER.PING.JSZ"
_PING = "$SYS.REQ.SERVER.PING"
_REMOVE = "$JS.API.SERVER.REMOVE"
_RESCUE = "$JS.API.META.RESCUE"
_MANY = 64
"""More servers than any cluster has: questions to all are then answered until their time is over."""


def _plan_remove(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    lacking, system = missing(parameters, "peer"), system_account(cluster)
    if lacking or system is None:
        return Refusal(lacking or "which account is the system account is not known")
    name, peer_id = parameters["peer"], parameters.get("peer_id", "")
    alive = _is_server(cluster, name)
    if alive:
        return Refusal(alive)
    leaders = [(node, view) for node, view in meta_views(cluster).items() if view.leader == _server_name(cluster, node)]
    if len(leaders) != 1:
        return Refusal("the meta group has no one leader: only its word on a peer counts")
    replica = next((each for each in leaders[0][1].replicas if _is_peer(each.name, name, peer_id)), None)
    if replica is None:
        return Refusal(f"the meta leader counts no peer {peer_id or name}")
    if not _is_silent(replica):
        return Refusal(f"the meta leader heard {name} {replica.active:.0f} s ago: never a peer that still answers")
    size = leaders[0][1].size
    return (
        Step(
            action="meta.remove-peer",
            parameters=(("peer", name), ("peer_id", peer_id)),
            title=f"Remove {name} from the meta group, for good",
            where="the meta group",
            changes=(
                f"meta group: {size} peers, quorum {size // 2 + 1} -> {size - 1} peers, quorum {(size - 1) // 2 + 1}",
                f"if {name} ever comes back under this name, its copies of all streams are not used",
            ),
            risk=Risk.DESTRUCTIVE,
            access=Access(system, (_JSZ, _PING, _REMOVE)),
            confirm=name,
        ),
    )


def _is_server(cluster: Cluster, name: str) -> str | None:
    """Say why a name is that of a server of this cluster; ``None`` where nobody has it."""
    for node in cluster.nodes:
        if name == node.name or name == _server_name(cluster, node.name):
            return f"{name} is a node of this cluster: never a peer that is one"
        routes = node.routes.value if isinstance(node.routes, Seen) else ()
        if any(route.remote_name == name for route in routes):
            return f"{node.name} has a route to {name}: never a peer that still answers"
    return None


def _server_name(cluster: Cluster, node: str) -> str | None:
    found = cluster.node(node)
    return found.server_name.value if found is not None and isinstance(found.server_name, Seen) else None


def _is_peer(shown: str, name: str, peer_id: str) -> bool:
    # a leader that has not met the peer since its start shows its id in the place of the name
    return shown == name or bool(peer_id and f"(peerID: {peer_id})" in shown)


def _is_silent(replica: Replica) -> bool:
    return not replica.current and (replica.offline or replica.active > _SILENT)


async def _apply_remove(step: Step, hands: Hands) -> str:
    name, peer_id = step["peer"], step["peer_id"]
    if await _answers(hands, name):
        raise RepairRefused(f"{name} answers now: never a peer that still answers")
    meta = _leader_of(await _metas(hands))
    peer = next((each for each in meta["replicas"] if _is_peer(each.get("name", ""), name, peer_id)), None)
    if peer is None:
        raise RepairRefused(f"the cluster changed since the plan: the meta leader counts no peer {peer_id or name}")
    if peer.get("current") or not (peer.get("offline") or peer.get("active", 0) > _SILENT * 1e9):
        raise RepairRefused(f"{name} was heard by the meta leader: never a peer that still answers")
    hands.began({"peer": name, "peer_id": peer.get("peer", ""), "cluster_size": meta.get("cluster_size")})
    await _remove(hands, name, str(peer.get("peer", "")))
    return f"{name} is no peer any more"


async def _remove(hands: Hands, name: str, peer_id: str) -> None:
    answer = await answer_of(hands, _REMOVE, {"peer_id": peer_id} if peer_id else {"peer": name})
    if answer.get("success") is not True:
        raise RepairFailed(f"the meta leader did not confirm that it removed {name}")


def _plan_rescue(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    system, alive, views = system_account(cluster), up(cluster), meta_views(cluster)
    if system is None:
        return Refusal("which account is the system account is not known")
    if any(view.leader for view in views.values()):
        return Refusal("a server names a meta leader: nothing is to be rescued")
    unheard = [node.name for node in alive if node.name not in views]
    if unheard or not views:
        return Refusal(f"{', '.join(unheard) or 'no server'} did not tell its view of the meta group")
    old = [node.name for node in alive if not _can_rescue(node)]
    if old:
        return Refusal(
            f"{', '.join(old)}: servers before 2.15 know no META.RESCUE; start a majority of the nodes again"
        )
    size, names = max(view.size for view in views.values()), {_server_name(cluster, node.name) for node in alive}
    quorum, lost = size // 2 + 1, frozenset(filter(None, parameters.get("lost", "").split(",")))
    gone = {replica.name for view in views.values() for replica in view.replicas} - names
    gone |= {_server_name(cluster, node.name) or node.name for node in cluster.nodes if not node.is_up}
    absent = sorted(name for name in gone if name)
    refusal = _may_come_back(cluster, absent, lost, len(alive), quorum)
    if refusal is not None:
        return refusal
    needed = len(alive) // 2 + 1
    return (
        Step(
            action="meta.rescue",
            parameters=(
                ("lost", ",".join(absent)),
                ("quorum_needed", str(needed)),
                ("servers", ",".join(sorted(name for name in names if name))),
            ),
            title=f"Force a quorum of {needed} in the meta group and remove {', '.join(absent)} from it, for good",
            where="the meta group",
            changes=(
                f"quorum of the meta group: {quorum} of {size} -> {needed} of {len(alive)}",
                "what was written and had not reached the servers that are left is lost",
                f"{', '.join(absent)} must never be started again with the storage of now",
            ),
            risk=Risk.DESTRUCTIVE,
            access=Access(system, (_JSZ, _PING, _REMOVE, _RESCUE)),
            confirm=cluster.name,
        ),
    )


def _can_rescue(node: Node) -> bool:
    version = node.server.value.version if isinstance(node.server, Seen) else ""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= _RESCUE_SINCE


def _may_come_back(
    cluster: Cluster, absent: list[str], lost: frozenset[str], alive: int, quorum: int
) -> Refusal | None:
    if alive >= quorum:
        return Refusal(f"{alive} servers are up, a majority: they elect a leader by themselves, or routes are missing")
    unknown = sorted(lost - set(absent))
    if unknown:
        return Refusal(f"--lost {', '.join(unknown)}: no node of that name is down")
    at_hand = sorted(
        node.name
        for node in cluster.nodes
        if not node.is_up and (isinstance(node.stream_directories, Seen) or isinstance(node.nats_config, Seen))
    )
    if at_hand:
        return Refusal(f"the files of {', '.join(at_hand)} are still there: start it, a majority could still come back")
    open_ = [name for name in absent if name not in lost]
    if open_:
        return Refusal(
            f"a majority could still come back: start {', '.join(absent)}. Only where a node and its storage are lost "
            f"for good, name it: {' '.join(f'--lost {name}' for name in open_)}"
        )
    return None


async def _apply_rescue(step: Step, hands: Hands) -> str:
    lost, servers = step["lost"].split(","), set(step["servers"].split(","))
    for name in lost:
        if await _answers(hands, name):
            raise RepairRefused(f"{name} answers now: a majority can come back")
    metas = await _metas(hands)
    if set(metas) != servers:
        raise RepairRefused(f"the cluster changed since the plan: {', '.join(sorted(metas)) or 'no server'} answer")
    if any(meta.get("leader") for meta in metas.values()):
        raise RepairRefused("the cluster changed since the plan: there is a meta leader")
    # without a leader every server lists all peers, itself too
    ids = {each["name"]: each.get("peer", "") for meta in metas.values() for each in meta["replicas"]}
    unforeseen = set(ids) - servers - set(lost)
    if unforeseen:
        raise RepairRefused(f"the cluster changed since the plan: {', '.join(sorted(unforeseen))} is a peer too")
    hands.began({"peers": ids, "quorum_needed": {name: meta.get("quorum_needed") for name, meta in metas.items()}})
    body = json.dumps({"quorum_needed": int(step["quorum_needed"])}).encode()
    answers = [json.loads(each) for each in await hands.change_all(_RESCUE, body, len(servers))]
    errors = [answer["error"].get("description", "") for answer in answers if answer.get("error")]
    if len(errors) == len(answers):
        raise RepairFailed(f"no server applied it: {'; '.join(errors) or 'none answered'}")
    if not await hands.until(lambda: _has_leader(hands), SETTLE):
        raise RepairFailed(f"no meta leader was elected within {SETTLE:g} s")
    for name in (each for each in lost if each in ids):
        await _remove(hands, name, str(ids[name]))
    return f"the meta group has a leader again, and {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} removed"


async def _has_leader(hands: Hands) -> bool:
    return any(meta.get("leader") for meta in (await _metas(hands)).values())


async def _answers(hands: Hands, name: str) -> bool:
    body = json.dumps({"server_name": name, "exact_match": True}).encode()
    return bool(await hands.ask_all(_PING, body, 1))


async def _metas(hands: Hands) -> dict[str, dict[str, Any]]:
    """Ask every server for its view of the meta group, by server name."""
    found: dict[str, dict[str, Any]] = {}
    for raw in await hands.ask_all(_JSZ, b"{}", _MANY):
        answer = json.loads(raw)
        meta = (answer.get("data") or {}).get("meta_cluster")
        if isinstance(meta, dict):
            found[answer["server"]["name"]] = {**meta, "replicas": meta.get("replicas") or []}
    return found


def _leader_of(metas: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    leaders = [meta for name, meta in metas.items() if meta.get("leader") == name]
    if len(leaders) != 1:
        raise RepairRefused("the cluster changed since the plan: the meta group has no one leader")
    return leaders[0]


remove_peer = Action(
    name="meta.remove-peer",
    title="Removes a peer from the meta group that is no server any more",
    plan=_plan_remove,
    apply=_apply_remove,
    why_no_undo="a peer comes back by starting its server, not by taking back its removal",
)

rescue = Action(
    name="meta.rescue",
    title="Forces a quorum among the servers that are left, where the others are lost for good",
    plan=_plan_rescue,
    apply=_apply_rescue,
    why_no_undo="what the servers that are left agree on since cannot be taken back",
    needs_quorum=False,
)
