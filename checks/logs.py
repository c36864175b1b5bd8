"""Logs: what their lines complain of, if it still goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from symphony_doctor.api import (
    Because,
    Cluster,
    Finding,
    Gap,
    Iterator,
    Kind,
    LogKind,
    Remedy,
    Same,
    Severity,
    Subject,
    check,
    known,
)

from ._going_on import Complaint, going_on
from ._words import DIVIDED, LESS_REDUNDANT, account_words, listing, verb

_QUORUM = (
    Because("QU001", Same.CLUSTER),
    *DIVIDED,
    Because("CF006", Same.CLUSTER),
    Because("CF002", Same.NODES),
    Because("RT001", Same.CLUSTER),
    Because("RT004", Same.CLUSTER),
    Because("RT006", Same.CLUSTER),
    Because("RT003", Same.CLUSTER),
    Because("JS006", Same.CLUSTER),
    *LESS_REDUNDANT,
)
"""What keeps JetStream from its quorum, here or on the nodes that this one waits for."""

_KEY = re.compile(r"A[A-Z2-7]{55}")

_READ_ON = Remedy(
    "Read the log from when this began",
    (
        "# systemd",
        "sudo journalctl -u symphony -n 500 --no-pager",
        "# Docker",
        "docker compose logs --tail 500 symphony",
    ),
)


@check(
    "LG001", name="log-quorum-wait", severity=Severity.WARNING, transient=True, needs=(Kind.LOG,), explained_by=_QUORUM
)
def log_quorum_wait(
    cluster: Cluster, *, lasts_seconds: float = 60, silent_seconds: float = 300
) -> Iterator[Finding | Gap]:
    """A node's log still complains that JetStream has no quorum.

    What it means: 'JetStream system temporarily unavailable' and 'context deadline exceeded' are normal until
    quorum is reached, and stop then; 'if the errors persist, check that all nodes have completed initial
    configuration' (specification, Troubleshooting).

    How it is seen: such lines, and the server's own 'has NO quorum, stalled' or 'Waiting for routing', that
    have come for a minute since the last 'Cluster ready' or new meta leader, up to the end of the log.

    What else it could be: nodes that are started minutes apart: the first ones wait for the others.

    By hand: see that a majority of the nodes runs and that they reach each other on their route ports.

    Verify: the log shows 'Cluster ready', and no such line after it.
    """
    logs, gaps = known(cluster, lambda node: node.log)
    yield from gaps
    found = list(going_on(cluster, logs, LogKind.QUORUM, lasts_seconds=lasts_seconds, silent_seconds=silent_seconds))
    if not found:
        return
    nodes = _nodes(found)
    reached = [each.node for each in found if each.log.quorum_at is not None]
    yield Finding(
        title=f"{listing(nodes)} still {verb(len(nodes), 'waits', 'wait')} for JetStream's quorum, says the log",
        detail=(
            f"{listing(sorted(set(reached)))} had reached quorum before: this is no start-up."
            if reached
            else "No quorum was reached since the last start that the log shows."
        ),
        subject=Subject("cluster", "quorum in the log"),
        nodes=nodes,
        evidence=tuple(each.entry("silence once quorum is reached") for each in found),
        remedies=(
            Remedy(
                "See which servers are up and connected, with system-account credentials",
                ("nats server list", "nats server report jetstream"),
            ),
            _READ_ON,
        ),
    )


@check(
    "LG002",
    name="log-account-jetstream",
    severity=Severity.WARNING,
    transient=True,
    needs=(Kind.LOG,),
    explained_by=(
        Because("AC004", Same.ACCOUNT),
        Because("AC001", Same.ACCOUNT),
        Because("AC003", Same.ACCOUNT),
        Because("AC002", Same.ACCOUNT),
        Because("CF002", Same.CLUSTER),
        *DIVIDED,
        Because("AC001", Same.NODES),
        Because("AC003", Same.NODES),
        Because("AC006", Same.NODES),
        Because("AC004", Same.CLUSTER),
        Because("QU001", Same.CLUSTER),
        Because("JS006", Same.CLUSTER),
    ),
)
def log_account_jetstream(
    cluster: Cluster, *, lasts_seconds: float = 120, silent_seconds: float = 300
) -> Iterator[Finding | Gap]:
    """A node's log still says that JetStream is not enabled for an account (err_code 10039).

    What it means: 'the local node's account resolver has not yet received the affected user's account JWT';
    that 'is usually transient and resolves as the resolver propagates' (specification, Troubleshooting).

    How it is seen: lines with err_code 10039 that have come for longer than the resolvers need to agree
    (2 minutes), up to the end of the log; the account where the line names it.

    What else it could be: an account whose JWT grants no JetStream: then AC004 says so.

    By hand: compare accounts/<key>.jwt on every node; push the JWT again.

    Verify: the operation succeeds, and the log has no such line any more.
    """
    logs, gaps = known(cluster, lambda node: node.log)
    yield from gaps
    by_account: dict[str, list[Complaint]] = {}
    for each in going_on(cluster, logs, LogKind.ACCOUNT, lasts_seconds=lasts_seconds, silent_seconds=silent_seconds):
        by_account.setdefault(_account_key(cluster, each.event.about), []).append(each)
    for account, found in sorted(by_account.items()):
        nodes = _nodes(found)
        name = f"account {account_words(cluster, account)}" if account else "an account that the line does not name"
        file = f"accounts/{account if _KEY.fullmatch(account) else '*'}.jwt"
        yield Finding(
            title=f"JetStream is still not enabled for {name}, says the log of {listing(nodes)}",
            detail="It has gone on for longer than the account resolvers need to agree: retrying will not help.",
            subject=Subject("account", account or "not named in the log"),
            nodes=nodes,
            evidence=tuple(each.entry("at most once or twice, until the JWT has arrived") for each in found),
            remedies=(
                Remedy("Compare the account's JWT on every node, in the node's Symphony directory", (f"ls -l {file}",)),
                Remedy(
                    "See which resolver holds which accounts, with system-account credentials",
                    ("nats req --replies 0 --raw '$SYS.REQ.CLAIMS.LIST' ''",),
                ),
            ),
        )


@check("LG003", name="log-kv-create-failed", severity=Severity.WARNING, transient=True, needs=(Kind.LOG,),
       explained_by=(*_QUORUM, Because("AC001", Same.NODES), Because("AC004", Same.CLUSTER)))  # fmt: skip
def log_kv_create_failed(
    cluster: Cluster, *, lasts_seconds: float = 30, silent_seconds: float = 300
) -> Iterator[Finding | Gap]:
    """A node's log still says 'failed to create KV': a bucket cannot be created.

    What it means: 'a JetStream create operation timed out waiting for a quorum to form'; 'retrying after the
    cluster fully converges typically succeeds' (specification, Troubleshooting).

    How it is seen: such lines for one bucket, several of them since the last 'Cluster ready' or new meta
    leader, up to the end of the log.

    What else it could be: a bucket whose source does not exist yet.

    By hand: see that every node reports its peers; then restart the node that could not create the bucket.

    Verify: `nats stream info KV_<bucket>` shows the stream with its replicas.
    """
    logs, gaps = known(cluster, lambda node: node.log)
    yield from gaps
    by_bucket: dict[str, list[Complaint]] = {}
    for each in going_on(cluster, logs, LogKind.BUCKET, lasts_seconds=lasts_seconds, silent_seconds=silent_seconds):
        by_bucket.setdefault(each.event.about, []).append(each)
    for bucket, found in sorted(by_bucket.items()):
        nodes = _nodes(found)
        stream = f"KV_{bucket}" if bucket else "a bucket that the line does not name"
        look = (f"nats stream info {stream}",) if bucket else ("nats stream ls -a",)
        yield Finding(
            title=f"{listing(nodes)} still {verb(len(nodes), 'fails', 'fail')} to create {stream}, says the log",
            detail="The node tries again and again, and did not succeed since its quorum was last reached.",
            subject=Subject("stream", stream),
            nodes=nodes,
            evidence=tuple(each.entry("the bucket is created") for each in found),
            remedies=(
                Remedy("See that every node reports its peers, with system-account credentials", ("nats server list",)),
                Remedy("See whether the bucket is there by now, with credentials of its account", look),
                _READ_ON,
            ),
        )


@check(
    "LG004",
    name="log-route-errors",
    severity=Severity.WARNING,
    needs=(Kind.LOG,),
    explained_by=(
        *DIVIDED,
        Because("RT001", Same.CLUSTER),
        Because("RT004", Same.CLUSTER),
        Because("RT003", Same.CLUSTER),
        Because("RT005", Same.NODES),
        Because("RT006", Same.CLUSTER),
        Because("RT007", Same.CLUSTER),
        Because("QU001", Same.CLUSTER),
        *LESS_REDUNDANT,
        Because("CF006", Same.CLUSTER),
        Because("RT002", Same.NODES),
    ),
)
def log_route_errors(
    cluster: Cluster, *, lasts_seconds: float = 30, silent_seconds: float = 300
) -> Iterator[Finding | Gap]:
    """A node's log still has errors of routes: refused, not reachable, or not secure.

    What it means: two servers do not get together. 'Node won't rejoin after restart - check the NATS log for
    connection errors' (specification, Troubleshooting).

    How it is seen: errors of routes that have come for half a minute up to the end of the log, with no route
    made since that stands. A server tries again about once a second, and says so each time.

    What else it could be: a node that is down, or is being restarted.

    By hand: the reason is in the line: another cluster.name, a server_name that is taken, a certificate, a
    password, or an address that nobody answers at.

    Verify: `nats server list` shows the same number of routes for every server.
    """
    logs, gaps = known(cluster, lambda node: node.log)
    yield from gaps
    by_reason: dict[str, list[Complaint]] = {}
    for each in going_on(cluster, logs, LogKind.ROUTE, lasts_seconds=lasts_seconds, silent_seconds=silent_seconds):
        by_reason.setdefault(each.event.about, []).append(each)
    for reason, found in sorted(by_reason.items()):
        nodes = _nodes(found)
        peers = sorted({each.event.peer for each in found if each.event.peer})
        yield Finding(
            title=f"Routes still fail, says the log of {listing(nodes)}: {_REASONS.get(reason, reason)}",
            detail=f"The other end is {listing(peers)}." if peers else "The line does not say which peer it is.",
            subject=Subject("route", f"{reason or 'errors'} in the log"),
            nodes=nodes,
            evidence=tuple(each.entry("routes that stand") for each in found),
            remedies=(
                Remedy(
                    "See which servers have routes to which, with system-account credentials", ("nats server list",)
                ),
                *_reach(peers),
                _READ_ON,
            ),
        )


_REASONS = {
    "cluster name": "the cluster names differ",
    "server name": "a server has the same name",
    "TLS": "the TLS handshake fails",
    "account": "an account is not known to both",
    "authorization": "user or password of the route is refused",
    "pool size": "the sizes of the route pools differ",
    "unreachable": "nobody answers at the address",
    "refused": "the other end refuses them",
}


def _reach(peers: Iterable[str]) -> Iterator[Remedy]:
    commands = []
    for peer in peers:
        host, _, port = peer.rpartition(":")
        if host and port.isdigit():
            commands.append(f"nc -vz {host.strip('[]')} {port}")
    if commands:
        yield Remedy("See whether the route port can be reached from there", tuple(commands))


def _nodes(found: Iterable[Complaint]) -> tuple[str, ...]:
    return tuple(sorted({each.node for each in found}))


def _account_key(cluster: Cluster, named: str) -> str:
    """Return the key of an account that a log calls by its name, where just one has that name."""
    keys = [account.key for account in cluster.accounts if account.name == named]
    return keys[0] if len(keys) == 1 else named
