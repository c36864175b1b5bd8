"""Who is a node of the cluster.

A node is known from its files (a directory that was given), from NATS (a server that answered, or that
another server has routes to) and from routes (an address that nodes are configured to connect to).
These need not agree. Believed, in this order:

1. every directory given is a node, whatever the servers say;
2. every server that answered is a node; it is the one with its ``server_name``, else the one whose
   nats.config names its address, else one more node;
3. every server that another server has routes to is a node, unless it is silent on them and a directory could not be
   read: then it is the node of that directory;
4. an address that more than half of the nodes are configured to connect to, or that answers as a route
   port, and at which no node above is, is a node that is down or was not looked at: it bears the name
   that it answers with, or that of the one unaccounted peer of the meta group where there is just one
   such address and one such peer, else it is called by its address.

A peer of the meta group alone is no node: it may be a ghost of one that was removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from symphony_doctor.assemble.certificates import gathered
from symphony_doctor.assemble.scope import Scope
from symphony_doctor.model.cluster import Node
from symphony_doctor.model.evidence import NOT_ASKED, Missing, Seen, State

if TYPE_CHECKING:
    from symphony_doctor.assemble.addresses import RouteMap
    from symphony_doctor.sources.observation import NodeFiles, ServerAnswers, UiAnswers


@dataclass(frozen=True, slots=True)
class Member:
    """A node in the making, and the server name by which it is recognised."""

    node: Node
    server_name: str | None
    server_id: str | None = None
    directory: str | None = None


def find_members(
    files: Iterable[NodeFiles], answers: Iterable[ServerAnswers], unheard: frozenset[str], scope: Scope
) -> list[Member]:
    """Return the nodes known from files, from answers, and from the routes that servers have.

    ``unheard`` are the names of servers that did not answer by way of those that have a route to them.
    """
    members = _from_files(list(files), scope)
    failed: list[ServerAnswers] = []
    for answered in answers:
        name = answered.server_name
        if name is None:
            failed.append(answered)
        else:
            _place(members, answered, name, scope)
    for answered in failed:
        _place_failed(members, answered)
    _from_routes(members, unheard, scope)
    return members


def with_ui(members: list[Member], answers: Iterable[UiAnswers]) -> list[Member]:
    """Give each node what its UI port answered."""
    every = list(answers)
    by_directory = {each.directory: each.ui for each in every if each.directory}
    by_client = {each.client: each.ui for each in every if each.client and not each.directory}
    found = (
        by_directory.get(member.directory or "") or by_client.get(member.node.client_url or "") for member in members
    )
    return [
        replace(member, node=replace(member.node, ui=ui)) if ui is not None else member
        for member, ui in zip(members, found, strict=True)
    ]


def with_expected(
    members: list[Member], routes: RouteMap, answers: Iterable[ServerAnswers], scope: Scope
) -> list[Member]:
    """Add the nodes that are known only from routes or from an address that was given and is silent."""
    known = {member.server_name for member in members}
    # a node whose own address is not known is the node of some such address, and maybe bears the peer's name
    unplaced = [member for member in members if is_unplaced(member, routes)]
    peers = sorted(_meta_peers(members) - known - {member.node.name for member in unplaced})
    addresses = [address for address, answering in routes.expected if answering is None][len(unplaced) :]
    # as many unaccounted peers as addresses: they are these, though it is not known which is which
    names = peers if len(peers) == len(addresses) else addresses
    known_from = ("routes", "nats") if names is peers else ("routes",)
    labels = {member.node.name for member in members}
    everyone = [
        *members,
        *(
            _expected(answering, ("routes", "nats"), scope)
            for _, answering in routes.expected
            if answering is not None and answering not in labels
        ),
        *(_expected(name, known_from, scope) for name in names),
    ]
    return _with_silent(everyone, answers, scope)


def is_unplaced(member: Member, routes: RouteMap) -> bool:
    """Tell whether a node's route address is not known: neither its configuration nor its server told it."""
    node = member.node
    told = isinstance(node.nats_config, Seen) or isinstance(node.server, Seen)
    return not routes.leads_to(node.name) and (not told or member.server_name is None)


def _with_silent(members: list[Member], answers: Iterable[ServerAnswers], scope: Scope) -> list[Member]:
    """Give the addresses that were asked for and are silent to the nodes that nothing else was heard of."""
    placed = {member.node.client_url for member in members}
    silent = [
        each
        for each in answers
        if each.address and each.server_name is None and each.directory is None and each.address not in placed
    ]
    unheard = [at for at, member in enumerate(members) if member.node.client_url is None]
    if len(silent) == 1 and len(unheard) == 1:
        members[unheard[0]] = replace(members[unheard[0]], node=_with(members[unheard[0]].node, silent[0]))
    elif silent and unheard:
        # which address is whose cannot be told: none of them answers
        why = "; ".join(each.greeting.why for each in silent if isinstance(each.greeting, Missing))
        for at in unheard:
            lost = Missing(State.UNREACHABLE, f"none of the addresses given answers for it: {why}")
            members[at] = replace(members[at], node=replace(members[at].node, greeting=lost))
    elif not scope.credentials:
        members = [
            *members,
            *(Member(_with(_blank(each.address, ("nats",), scope), each), None) for each in silent),
        ]
    return members


def unseen_addresses(members: Iterable[Member], answers: Iterable[ServerAnswers]) -> tuple[str, ...]:
    """Say of the addresses that were asked for, are silent and are of no node why they are."""
    everyone = list(members)
    if any(member.node.client_url is None for member in everyone):
        return ()  # they may be of a node that was not heard: it says so
    placed = {member.node.client_url for member in everyone}
    return tuple(
        each.greeting.why
        for each in answers
        if isinstance(each.greeting, Missing)
        and each.address
        and each.server_name is None
        and each.directory is None
        and each.address not in placed
    )


def _from_files(files: list[NodeFiles], scope: Scope) -> list[Member]:
    names = {each.directory: _configured_name(each) for each in files}
    count = Counter(name for name in names.values() if name)
    members: list[Member] = []
    used: set[str] = set()
    for each in files:
        configured = names[each.directory]
        base = PurePath(each.directory).name or each.directory
        name = each.given_name or (configured if configured and count[configured] == 1 else base)
        if name in used:
            name = each.directory
        used.add(name)
        node = replace(
            _blank(name, ("files",), scope),
            directory=each.directory,
            symphony_config=each.symphony_config,
            nats_config=each.nats_config,
            account_files=each.account_files,
            stream_directories=each.stream_directories,
            log=each.log,
            certificates=Seen(each.certificates, each.directory),
            store=each.store,
        )
        members.append(Member(node, configured, directory=each.directory))
    return members


def _configured_name(files: NodeFiles) -> str | None:
    if isinstance(files.nats_config, Seen) and files.nats_config.value.server_name:
        return files.nats_config.value.server_name.value
    return None


def _blank(name: str, known_from: tuple[str, ...], scope: Scope) -> Node:
    return Node(
        name=name,
        known_from=known_from,
        symphony_config=scope.no_files,
        nats_config=scope.no_files,
        account_files=scope.no_files,
        stream_directories=scope.no_files,
        store=scope.no_files,
        ui=scope.no_ui,
        greeting=scope.no_greeting,
        server=scope.no_answers,
        routes=scope.no_answers,
        jetstream=scope.no_answers,
        meta_group=scope.no_answers,
        health=scope.no_answers,
        resolver_accounts=scope.no_answers,
        log=scope.no_log,
    )


def _place(members: list[Member], answered: ServerAnswers, name: str, scope: Scope) -> None:
    server_id = answered.server_id
    same_server = [i for i, member in enumerate(members) if member.server_id == server_id]
    same_name = [i for i, member in enumerate(members) if member.server_name == name and member.server_id is None]
    same_directory = [
        i
        for i, member in enumerate(members)
        if answered.directory is not None and member.directory == answered.directory and member.server_id is None
    ]
    agreed = [i for i in same_name if i in same_directory]
    # a node without a server name has none to recognise it by: its address is all there is
    unnamed = [i for i in same_directory if members[i].server_name is None]
    chosen = same_server or agreed or (same_name if len(same_name) == 1 else unnamed or same_name)
    if chosen:
        at = chosen[0]
        member = members[at]
        members[at] = replace(member, node=_with(member.node, answered), server_id=server_id)
        return
    taken = {member.node.name for member in members}
    label = name if name not in taken else f"{name} at {answered.address or server_id}"
    node = _with(_blank(label, ("nats",), scope), answered)
    members.append(Member(node, name, server_id=server_id))


def _place_failed(members: list[Member], answered: ServerAnswers) -> None:
    for at, member in enumerate(members):
        if answered.directory is not None and member.directory == answered.directory:
            if member.server_id is None:
                members[at] = replace(member, node=_with(member.node, answered))
            return


def _with(node: Node, answered: ServerAnswers) -> Node:
    """Take over what was answered, and keep what another address of the same server already gave."""
    changes = {
        name: getattr(answered, name)
        for name in (
            "greeting", "server", "routes", "jetstream", "meta_group", "health", "resolver_accounts"
        )
        if getattr(answered, name) != NOT_ASKED and not isinstance(getattr(node, name), Seen)
    }  # fmt: skip
    changes["certificates"] = Seen((*gathered(node), *answered.certificates), "")
    known_from = node.known_from
    if answered.server_name is not None and "nats" not in known_from:
        known_from = (*known_from, "nats")
    url = node.client_url or answered.address or None
    return replace(node, known_from=known_from, client_url=url, **changes)


def _from_routes(members: list[Member], unheard: frozenset[str], scope: Scope) -> None:
    """Add the servers that others have routes to, though nothing answered for them.

    A host that is gone is in routes for minutes, and its directory cannot be read: who is silent may be one of those.
    """
    names = {member.server_name for member in members}
    ids = {member.server_id for member in members}
    unread = [member for member in members if member.directory and not member.server_name and not member.server_id]
    lost = unheard - names
    if len(lost) <= len(unread):
        names |= lost
    for member in list(members):
        routes = member.node.routes
        for route in routes.value if isinstance(routes, Seen) else ():
            if route.remote_name and route.remote_name not in names and route.remote_id not in ids:
                names.add(route.remote_name)
                members.append(_expected(route.remote_name, ("nats",), scope))


def _expected(name: str, known_from: tuple[str, ...], scope: Scope) -> Member:
    return Member(_blank(name, known_from, scope), name if "nats" in known_from else None)


def _meta_peers(members: Iterable[Member]) -> set[str]:
    """Return the names that meta groups list: of nodes, and of what may be ghosts."""
    names: set[str] = set()
    for member in members:
        jetstream, group = member.node.jetstream, member.node.meta_group
        if isinstance(jetstream, Seen) and jetstream.value.meta is not None:
            names |= {replica.name for replica in jetstream.value.meta.replicas if replica.has_name}
        if isinstance(group, Seen):
            names |= {peer.name for peer in group.value.peers if peer.name}
    return names
