"""Accounts and what is kept for them: data of no account, and servers that no longer fetch JWTs."""

from __future__ import annotations

import re

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    Store,
    Subject,
    check,
    known,
)

from ._commands import restart
from ._words import DIVIDED, listing, short_key, verb

_ACCOUNT = re.compile(r"A[A-Z2-7]{55}")


@check(
    "AC005",
    name="account-orphan-data",
    severity=Severity.WARNING,
    needs=(Kind.STORE, Kind.ACCOUNTS, Kind.SYSTEM_ACCOUNT),
    explained_by=(*DIVIDED, Because("CF006", Same.NODES), Because("CF004", Same.NODES)),
)
def account_orphan_data(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A node keeps JetStream data of an account that no node knows.

    What it means: nobody can use these streams, and they take up disk space. The server leaves them as
    they are as long as the account is unknown. If the account's JWT was lost, this is the account's data.

    How it is seen: a directory in storage/jetstream is named by an account's public key, and no node has
    the JWT of that account, in its resolver directory or by its resolver's own list. The system account's
    directory holds the Raft state and belongs there.

    What else it could be: an account that was deleted on purpose, or whose JWT has expired: a server
    removes the file of an expired JWT.

    By hand: find out whose account it was. Restore its JWT and push it to the resolvers, or back the
    directory up and remove it while the instance is stopped.

    Verify: `symphony-doctor run` with all nodes' directories shows no AC005.
    """
    stores, gaps = known(cluster, lambda node: node.store)
    yield from gaps
    accounts, unknown = known(cluster, lambda node: node.accounts)
    yield from unknown
    systems, gaps = known(cluster, lambda node: node.system_account)
    yield from gaps
    # what a node that was not looked at knows, cannot be called unknown
    if unknown or not systems:
        return
    at_home = frozenset[str]().union(*(seen.value for seen in accounts.values()))
    at_home |= {seen.value for seen in systems.values()}
    orphans: dict[str, dict[str, Seen[Store]]] = {}
    for node, seen in stores.items():
        for name in seen.value.accounts:
            if _ACCOUNT.fullmatch(name) and name not in at_home:
                orphans.setdefault(name, {})[node] = seen
    for account, holders in sorted(orphans.items()):
        yield _orphan(account, holders)


def _orphan(account: str, holders: dict[str, Seen[Store]]) -> Finding:
    nodes = tuple(sorted(holders))
    first = holders[nodes[0]].value.path
    return Finding(
        title=f"{listing(nodes)} {verb(len(nodes), 'keeps', 'keep')} data of account {short_key(account)}, "
        "which no node knows",
        detail="Its JWT is on no node: either the account was removed and its data left behind, or its JWT was lost.",
        subject=Subject("account", account),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, seen.where, "directories of known accounts", f"{account}/")
            for node, seen in sorted(holders.items())
        ),
        remedies=(
            Remedy(
                "See what it holds, and look for the account's JWT in a backup",
                (f"ls -l '{first}/{account}/streams'", f"ls -l accounts/{account}.jwt*"),
            ),
            Remedy(
                f"If the account was removed on purpose, on {listing(nodes)}: back its data up and remove it while "
                "the instance is stopped, one node at a time",
                (
                    "sudo systemctl stop symphony",
                    f"sudo tar -C '{first}' -czf '{account}.tar.gz' '{account}'",
                    f"sudo rm -r '{first}/{account}'",
                    "sudo systemctl start symphony",
                ),
                Risk.DESTRUCTIVE,
            ),
        ),
    )


@check("AC006", name="resolver-fetch-off", severity=Severity.WARNING, needs=(Kind.SERVER,))
def resolver_fetch_off(cluster: Cluster, *, margin_seconds: float = 0.1) -> Iterator[Finding | Gap]:
    """A server was reloaded since its start: it fetches no missing account JWT until it restarts.

    What it means: a server that meets an account which it does not know asks the others for its JWT; after
    any reload of the configuration it no longer does. Users of a new account are refused there, and their
    replicas are not created, until the JWT arrives by the periodic exchange. Changes of the resolver's
    interval, timeout and directory do not take effect by a reload either.

    How it is seen: VARZ gives the time of the last load of the configuration; it is the very time of the
    start on a server that was never reloaded.

    What else it could be: a server that some program reloads regularly, for its certificates for example.

    By hand: restart the node, one at a time, waiting for each to be back.

    Verify: `nats server request variables --name NODE` shows config_load_time equal to start.
    """
    values, gaps = known(cluster, lambda node: node.server)
    yield from gaps
    for node, seen in sorted(values.items()):
        since = seen.value.config_loaded_at - seen.value.started_at
        if since <= margin_seconds:
            continue
        yield Finding(
            title=f"The server of {node} was reloaded: it fetches no missing account JWT",
            detail="It learns of accounts that it lacks by the periodic exchange alone, until it is restarted.",
            subject=Subject("node", node),
            nodes=(node,),
            evidence=(
                EvidenceEntry(
                    node, seen.where, "config_load_time is the time of the start", f"{since:,.0f} s after the start"
                ),
            ),
            remedies=(restart((node,), "only a start turns the fetching of JWTs on again"),),
        )
