"""Streams: another number of replicas, or the same configuration once more.

STREAM.UPDATE resets what it is not given, so the whole configuration is read, one field of it is changed,
and all of it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from symphony_doctor.model.action import Access, Action, Hands, Refusal, RepairFailed, RepairRefused, Step
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.finding import Risk
from symphony_doctor.model.jetstream import Stream
from symphony_doctor.remedies.actions._words import SETTLE, account_words, answer_of, missing, refused, up

_MOST_REPLICAS = 5


def _plan_replicas(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    found = _stream(parameters, cluster, "replicas")
    if isinstance(found, Refusal):
        return found
    if not parameters["replicas"].isascii() or not parameters["replicas"].isdigit():
        return Refusal("the number of replicas is no number")
    had, wanted = found.config.num_replicas, int(parameters["replicas"])
    if wanted == had:
        return Refusal(f"{found.name} has {had} replicas already")
    if not 1 <= wanted <= _MOST_REPLICAS:
        return Refusal(f"a stream has 1 to {_MOST_REPLICAS} replicas")
    if len(up(cluster)) < wanted:
        return Refusal(f"{wanted} replicas need as many servers, and {len(up(cluster))} are up")
    behind = [each.name for each in (found.state.replicas if found.state else ()) if each.offline or not each.current]
    if behind:
        return Refusal(f"the replica on {', '.join(behind)} is not current: it is repaired first")
    step = _step("stream.set-replicas", found, cluster, f"Scale {found.name} from {had} to {wanted} replicas")
    return (
        replace(
            step,
            parameters=(*step.parameters, ("had", str(had)), ("replicas", str(wanted))),
            changes=(f"num_replicas: {had} -> {wanted}, and nothing else of its configuration",),
            risk=Risk.SAFE if wanted > had else Risk.DISRUPTIVE,
        ),
    )


async def _apply_replicas(step: Step, hands: Hands) -> str:
    wanted = int(step["replicas"])
    info = await _info(step, hands)
    if info["config"].get("num_replicas") != int(step["had"]):
        raise RepairRefused(
            f"the cluster changed since the plan: {step['stream']} has {info['config'].get('num_replicas')} replicas"
        )
    return await _scale(step, hands, info, wanted)


async def _undo_replicas(step: Step, before: Mapping[str, Any], hands: Hands) -> str:
    info = await _info(step, hands)
    if info["config"].get("num_replicas") != int(step["replicas"]):
        raise RepairRefused(
            f"{step['stream']} was changed since: it has {info['config'].get('num_replicas')} replicas, "
            f"not the {step['replicas']} that this step gave it"
        )
    return await _scale(step, hands, info, int(before["config"]["num_replicas"]))


async def _scale(step: Step, hands: Hands, info: dict[str, Any], wanted: int) -> str:
    hands.began({"config": info["config"]})
    answer = await answer_of(
        hands, f"$JS.API.STREAM.UPDATE.{step['stream']}", {**info["config"], "num_replicas": wanted}
    )
    _only_replicas_changed(info["config"], answer.get("config"))
    current = await hands.until(lambda: _all_current(step, hands, wanted), SETTLE)
    return f"it has {wanted} replicas" + ("" if current else f"; not all of them are current after {SETTLE:g} s")


def _only_replicas_changed(sent: Mapping[str, Any], answered: object) -> None:
    if not isinstance(answered, Mapping):
        return
    changed = sorted(
        key
        for key in {*sent, *answered} - {"num_replicas", "metadata"}
        if sent.get(key) != answered.get(key) and (sent.get(key) or answered.get(key))
    )
    if changed:
        raise RepairFailed(f"the server also changed {', '.join(changed)}: `symphony-doctor fix undo` puts it back")


def _plan_resubmit(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    found = _stream(parameters, cluster)
    if isinstance(found, Refusal):
        return found
    down = [node.name for node in cluster.nodes if node.is_down and found.state and _is_member(found, node.name)]
    if down:
        return Refusal(f"{', '.join(down)} is down: it is started first")
    step = _step("stream.resubmit", found, cluster, f"Send the configuration of {found.name} again, unchanged")
    return (replace(step, changes=("its configuration stays as it is; a member that lacks its replica makes it",)),)


def _is_member(stream: Stream, name: str) -> bool:
    return stream.state is not None and name in {stream.state.leader, *(each.name for each in stream.state.replicas)}


async def _apply_resubmit(step: Step, hands: Hands) -> str:
    info = await _info(step, hands)
    hands.began({"config": info["config"]})
    await answer_of(hands, f"$JS.API.STREAM.UPDATE.{step['stream']}", info["config"])
    replicas = int(info["config"].get("num_replicas") or 1)
    current = await hands.until(lambda: _all_current(step, hands, replicas), SETTLE)
    return "it was sent" + (", and every replica is current" if current else "; not every replica is current")


def _stream(parameters: Mapping[str, str], cluster: Cluster, *more: str) -> Stream | Refusal:
    lacking = missing(parameters, "stream", "account", *more)
    if lacking:
        return Refusal(lacking)
    for stream in cluster.streams:
        if (stream.account, stream.name) == (parameters["account"], parameters["stream"]):
            if stream.state is None or not stream.by_leader:
                return Refusal(f"the leader of {stream.name} was not heard: only its word counts")
            return stream
    return Refusal(f"no server lists {parameters['stream']}")


def _step(action: str, stream: Stream, cluster: Cluster, title: str) -> Step:
    subjects = tuple(f"$JS.API.STREAM.{verb}.{stream.name}" for verb in ("INFO", "UPDATE"))
    return Step(
        action=action,
        parameters=(("account", stream.account), ("stream", stream.name)),
        title=title,
        where=account_words(cluster, stream.account),
        changes=(),
        risk=Risk.SAFE,
        access=Access(stream.account, subjects),
    )


async def _info(step: Step, hands: Hands) -> dict[str, Any]:
    info = await hands.ask(f"$JS.API.STREAM.INFO.{step['stream']}")
    refused(info)
    if not isinstance(info.get("config"), dict) or info["config"].get("name") != step["stream"]:
        raise RepairRefused(f"the server did not tell the configuration of {step['stream']}")
    cluster = info.get("cluster")
    if isinstance(cluster, dict) and not cluster.get("leader"):
        raise RepairRefused(f"{step['stream']} has no leader now")
    return info


async def _all_current(step: Step, hands: Hands, wanted: int) -> bool:
    info = await hands.ask(f"$JS.API.STREAM.INFO.{step['stream']}")
    cluster = info.get("cluster") or {}
    replicas = cluster.get("replicas") or []
    current = all(each.get("current") and not each.get("offline") for each in replicas)
    return bool(cluster.get("leader") or wanted == 1) and len(replicas) == wanted - 1 and current


set_replicas = Action(
    name="stream.set-replicas",
    title="Gives a stream another number of replicas, and changes nothing else of it",
    plan=_plan_replicas,
    apply=_apply_replicas,
    undo=_undo_replicas,
)

resubmit = Action(
    name="stream.resubmit",
    title="Sends a stream's configuration again as it is: a member that lacks its replica makes it",
    plan=_plan_resubmit,
    apply=_apply_resubmit,
    why_no_undo="it changed nothing that could be put back: the configuration is the same",
)
