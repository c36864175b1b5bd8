"""One key of a configuration file, by position: comments, order and spelling of all else survive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from symphony_doctor.formats import json_edit, nats_config, nats_edit
from symphony_doctor.formats.nats_settings import duration, route_address
from symphony_doctor.formats.position import FormatError
from symphony_doctor.model.action import Action, Hands, Refusal, RepairRefused, Step
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.configuration import NatsConfig, Setting
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Risk
from symphony_doctor.remedies.actions._words import RESTART, missing

_NATS: Final = "nats.config"
_SYMPHONY: Final = "symphony.config"
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "cluster.name": frozenset({"set"}),
    "cluster.routes": frozenset({"add", "remove"}),
    "resolver.interval": frozenset({"set"}),
    "server_name": frozenset({"set"}),
}
_KEPT: Final = ("network", "uiport")


def _plan(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    lacking = missing(parameters, "file", "key", "nodes", "operation")
    if lacking:
        return Refusal(lacking)
    nodes = [cluster.node(name) for name in parameters["nodes"].split(",")]
    one = {_NATS: _nats_step, _SYMPHONY: _symphony_step}.get(parameters["file"])
    if one is None:
        return Refusal(f"{parameters['file']} is no file that is edited")
    steps = []
    for node in nodes:
        if node is None:
            return Refusal("a node of the proposal is none of the cluster's")
        step = one(parameters, cluster, node)
        if isinstance(step, Refusal):
            return step
        steps.append(step)
    return tuple(steps)


def _nats_step(parameters: Mapping[str, str], cluster: Cluster, node: Node) -> Step | Refusal:
    key, operation, value = parameters["key"], parameters["operation"], parameters.get("value", "")
    if operation not in _KEYS.get(key, frozenset()) or not _is_sound(key, value):
        return Refusal(f"{operation} of {key} in nats.config is not something that is done by itself")
    if not isinstance(node.nats_config, Seen):
        return Refusal(f"nats.config of {node.name} was not read")
    if key == "server_name":
        refusal = _rename_refused(cluster, node, value)
        if refusal is not None:
            return refusal
    config = node.nats_config.value
    old = _old_value(config, key)
    shown = {"add": f"{key}: + {value}", "remove": f"{key}: - {value}"}.get(
        operation, f"{key}: {old or '(not set)'} -> {value}"
    )
    return Step(
        action="config.set",
        parameters=(
            ("file", _NATS), ("path", config.path), ("key", key), ("operation", operation), ("value", value),
            ("old", old), ("node", node.name),
        ),
        title=f"In nats.config of {node.name}, {_doing(operation, key)}",
        where=config.path,
        changes=(shown, "the old file stays beside it"),
        risk=Risk.SAFE,
        afterwards=(f"# on {node.name}, once the other nodes are up", *RESTART),
        waits=True,
    )  # fmt: skip


def _doing(operation: str, key: str) -> str:
    return {"add": f"add a route to {key}", "remove": f"take a route out of {key}"}.get(operation, f"set {key}")


def _is_sound(key: str, value: str) -> bool:
    if not value or any(character.isspace() for character in value):
        return False
    if key == "cluster.routes":
        return "@" not in value and route_address(value) is not None
    return key != "resolver.interval" or duration(value) is not None


def _rename_refused(cluster: Cluster, node: Node, value: str) -> Refusal | None:
    """Refuse to rename a server that holds data: it becomes a new peer and deletes its copy of every stream."""
    directories = node.stream_directories
    empty = (isinstance(directories, Seen) and not directories.value) or (
        not isinstance(directories, Seen) and directories.is_absence
    )
    holds = isinstance(node.streams, Seen) and node.streams.value
    if not empty or holds:
        return Refusal(f"{node.name} holds data, or it was not looked at: renamed, it deletes its copy of every stream")
    taken = {other.server_name.value for other in cluster.nodes if isinstance(other.server_name, Seen)}
    return Refusal(f"another node is called {value}") if value in taken else None


def _old_value(config: NatsConfig, key: str) -> str:
    located = None
    if key == "server_name":
        located = config.server_name
    elif key == "cluster.name" and config.cluster is not None:
        located = config.cluster.name
    elif key == "cluster.routes" and config.cluster is not None:
        return ", ".join(route.address for route in config.cluster.routes)
    elif key == "resolver.interval" and config.resolver is not None and config.resolver.interval is not None:
        return f"{config.resolver.interval:g}s"
    return located.value if located is not None else ""


def _symphony_step(parameters: Mapping[str, str], cluster: Cluster, node: Node) -> Step | Refusal:
    source = cluster.node(parameters.get("from", ""))
    if parameters["operation"] != "copy" or source is None or source is node:
        return Refusal("a key of symphony.config is only copied, from another node")
    if not isinstance(node.symphony_config, Seen) or not isinstance(source.symphony_config, Seen):
        return Refusal(f"symphony.config of {node.name} or of {source.name} was not read")
    old, new = (
        _setting(each.settings, parameters["key"])
        for each in (node.symphony_config.value, source.symphony_config.value)
    )
    if old is None or new is None:
        return Refusal(f"{parameters['key']} does not stand once in both files")
    if old.path == _KEPT:
        return Refusal("network.uiport is each node's own")
    if _is_identity(old, node) or _is_identity(new, source):
        return Refusal("it is a part of the identity, which is copied as a whole, by hand, after a backup of storage/")
    if old.shown == new.shown:
        return Refusal(f"{node.name} has the value of {source.name} already")
    return Step(
        action="config.set",
        parameters=(
            ("file", _SYMPHONY), ("path", node.symphony_config.value.path), ("key", json.dumps(old.path)),
            ("operation", "copy"), ("from", source.symphony_config.value.path), ("node", node.name),
        ),
        title=f"In symphony.config of {node.name}, set {old.key} to the value of {source.name}",
        where=node.symphony_config.value.path,
        changes=(f"{old.key}: {old.shown} -> {new.shown}", "the old file stays beside it"),
        risk=Risk.SAFE,
        afterwards=(f"# on {node.name}, once the other nodes are up", *RESTART),
        waits=True,
    )  # fmt: skip


def _setting(settings: tuple[Setting, ...], key: str) -> Setting | None:
    found = [each for each in settings if each.key == key]
    return found[0] if len(found) == 1 else None


def _is_identity(setting: Setting, node: Node) -> bool:
    if setting.shown.strip('"').startswith("eyJ") or not isinstance(node.symphony_config, Seen):
        return True
    places = {seed.where for seed in node.symphony_config.value.seeds}
    return setting.where in places | {token.where for token in node.symphony_config.value.tokens}


async def _apply(step: Step, hands: Hands) -> str:
    path = step["path"]
    raw = hands.read(path)
    if raw is None:
        raise RepairRefused(f"{path} is not there any more")
    try:
        changed = _edited_nats(step, raw, hands) if step["file"] == _NATS else _edited_symphony(step, raw, hands)
    except (FormatError, nats_edit.EditError, json_edit.JsonEditError) as error:
        raise RepairRefused(f"{path}: {error}") from None
    hands.began({"file": path, "digest": _digest(raw), "new_digest": _digest(changed), "kept": hands.kept_name(path)})
    hands.replace(path, raw, changed)
    return f"{path} is written; the old one is {hands.kept_name(path)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _edited_symphony(step: Step, raw: bytes, hands: Hands) -> bytes:
    source = hands.read(step["from"])
    if source is None:
        raise RepairRefused(f"{step['from']} is not there any more")
    keys = tuple(json.loads(step["key"]))
    return json_edit.replace_value(raw, step["path"], keys, json_edit.written_value(source, step["from"], keys))


def _edited_nats(step: Step, raw: bytes, hands: Hands) -> bytes:
    path, value = step["path"], step["value"]
    keys = tuple(step["key"].split("."))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise nats_edit.EditError("it is not UTF-8 text: an edit could change other bytes") from None
    old = _parsed(raw, path, hands)
    address = route_address(value)
    if step["operation"] == "add":
        if any(route_address(each) == address for each in nats_edit.texts(nats_edit.value_at(old, keys))):
            raise nats_edit.EditError("the route is there already")
        changed = nats_edit.add_item(text, path, keys, value)
    elif step["operation"] == "remove":
        changed = nats_edit.remove_item(text, path, keys, lambda item: route_address(item) == address)
    else:
        changed = nats_edit.set_value(text, path, keys, value)
    new = _parsed(changed.encode(), path, hands)
    if not nats_edit.is_only_change(old, new, keys, _wanted(step["operation"], value)):
        raise nats_edit.EditError("the edit would not change that key alone, or not as the server reads it")
    known = {(each.message, each.warning) for each in nats_config.problems(old)}
    for problem in nats_config.problems(new):
        if not problem.warning and (problem.message, problem.warning) not in known:
            raise nats_edit.EditError(f"the server would refuse the result: {problem.message}")
    return changed.encode()


def _parsed(raw: bytes, path: str, hands: Hands) -> nats_config.Map:
    def include(including: str, written: str) -> bytes:
        folder = including.rpartition("/")[0] or "."
        content = hands.read(written if written.startswith("/") else f"{folder}/{written}")
        if content is None:
            raise FileNotFoundError(written)
        return content

    # what the server's environment holds is not known here: a file that uses it is refused
    return nats_config.parse(raw, path, read_include=include, environment={})


def _wanted(operation: str, value: str) -> Callable[[Any, Any], bool]:
    def wanted(before: nats_config.Value | None, after: nats_config.Value | None) -> bool:
        old, new = nats_edit.texts(before), nats_edit.texts(after)
        if operation == "add":
            return new == (value, *old)
        if operation == "remove":
            gone = [each for each in old if route_address(each) == route_address(value)]
            return len(gone) == 1 and new == tuple(each for each in old if each not in gone)
        return isinstance(after, nats_config.Scalar) and after.value == value

    return wanted


async def _undo(step: Step, before: Mapping[str, Any], hands: Hands) -> str:
    path, kept = step["path"], str(before["kept"])
    current, old = hands.read(path), hands.read(kept)
    if current is not None and _digest(current) == before["digest"]:
        raise RepairRefused(f"{path} is the old file: there is nothing to put back")
    if current is None or _digest(current) != before["new_digest"]:
        raise RepairRefused(f"{path} was changed since: compare it with {kept} by hand")
    if old is None or _digest(old) != before["digest"]:
        raise RepairRefused(f"{kept}, the old file, is not what it was")
    hands.began({"file": path, "digest": _digest(current), "new_digest": _digest(old), "kept": hands.kept_name(path)})
    hands.replace(path, current, old)
    return f"{path} is what it was"


set_key = Action(
    name="config.set",
    title="Changes one key of a configuration file, and nothing else in it",
    plan=_plan,
    apply=_apply,
    undo=_undo,
    needs_quorum=False,
)
