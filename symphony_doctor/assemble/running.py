"""Whether a node's server is up, and what that says of all that it could not be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import Evidence, Missing, Seen, State
from symphony_doctor.model.server import RouteGreeting, Running

if TYPE_CHECKING:
    from symphony_doctor.assemble.scope import Scope


def silent(node: Node, running: Running) -> Node:
    """Give the same short reason to all that a node which is down could not be asked."""
    down = Missing(State.UNREACHABLE, "its server is down", running.how)
    kinds = ("server", "routes", "jetstream", "meta_group", "health", "resolver_accounts")
    changes: dict[str, Evidence[object]] = {
        kind: down
        for kind in kinds
        if isinstance(found := getattr(node, kind), Missing) and found.state is not State.NOT_ASKED
    }
    return replace(node, **changes)  # type: ignore[arg-type]


def running_of(
    node: Node,
    server_name: str | None,
    routed: set[str],
    heard: set[str],
    aimed: list[Evidence[RouteGreeting]],
    *,
    nobody_asked: bool,
    answering_any: bool,
    scope: Scope,
) -> Evidence[Running]:
    """Tell whether a server is up.

    Up: it answered, or another server has a route to it. Servers list the route to a host that drops all packets
    for minutes: where its addresses are silent, it must be among those ``heard`` by way of their routes. A server
    of another system account counts as heard: that nobody answers for it is known at once, without silence.
    Down: nothing answers at its client address nor at its route address, while some server of the cluster does
    answer; or no server has a route to it and its address is not known. A port that accepts and says nothing
    counts as silent: a server that hangs serves nobody. Unknown: nothing was tried, or nothing at all answers
    from here.
    """
    if isinstance(node.server, Seen):
        return Seen(Running(up=True, how="its server answers"), "VARZ")
    if isinstance(node.greeting, Seen):
        return Seen(Running(up=True, how="its client port greets"), node.greeting.where)
    if not scope.network:
        return scope.no_greeting
    if any(isinstance(probe, Seen) for probe in aimed):
        return Seen(Running(up=True, how="its route port greets"), "INFO")
    silent = [
        missing
        for missing in (node.greeting, *aimed)
        if isinstance(missing, Missing) and missing.state is not State.NOT_ASKED
    ]
    hung = any("says nothing" in missing.why for missing in silent)
    if server_name in (heard if silent else routed) and not hung:
        return Seen(Running(up=True, how="another server has a route to it"), "ROUTEZ")
    untold = [missing for missing in (node.server, *silent) if missing.state is State.INTERRUPTED]
    if untold:
        return untold[0]
    unresolved = [missing for missing in silent if "does not resolve" in missing.why]
    if not answering_any or (unresolved and len(unresolved) == len(silent) and nobody_asked):
        why = "; ".join(missing.why for missing in silent) or "no server of the cluster answers from here"
        return Missing(State.UNREACHABLE, why, "")
    if silent:
        return Seen(Running(up=False, how=silent[0].why), silent[0].where)
    if nobody_asked:
        return scope.no_greeting
    return Seen(Running(up=False, how="no server has a route to it"), "ROUTEZ")
