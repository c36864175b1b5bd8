"""Accounts without JetStream: what their claims grant."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Same,
    Severity,
    Subject,
    check,
    known,
)

from ._commands import push_account
from ._words import DIVIDED, account_words


@check(
    "AC004",
    name="account-no-jetstream",
    severity=Severity.ERROR,
    needs=(Kind.ACCOUNT_CLAIMS, Kind.SYSTEM_ACCOUNT),
    explained_by=(*DIVIDED, Because("AC003", Same.ACCOUNT)),
)
def account_no_jetstream(cluster: Cluster) -> Iterator[Finding | Gap]:
    """An account's JWT grants no JetStream: its buckets cannot be made, whatever is retried.

    What it means: every JetStream request of its user is answered with 'jetstream not enabled for account',
    err_code 10039. The transient form of that error is a JWT that has not arrived yet (AC001).

    How it is seen: the newest claims of the account set no memory or disk storage, and no tier does. The
    system account never has JetStream and is left out.

    What else it could be: an account that is meant for messages alone and not for a Symphony user.

    By hand: issue the account's JWT again with JetStream limits, and push it to the resolvers.

    Verify: `nats account info` as that user shows JetStream limits.
    """
    claims, gaps = known(cluster, lambda node: node.account_claims)
    yield from gaps
    systems, gaps = known(cluster, lambda node: node.system_account)
    yield from gaps
    exempt = {seen.value for seen in systems.values()}
    if not systems:
        return
    holders = {node: {account.key for account in seen.value} for node, seen in claims.items()}
    for account in cluster.accounts:
        if account.token.grants_jetstream is not False or account.key in exempt:
            continue
        nodes = tuple(sorted(node for node, keys in holders.items() if account.key in keys))
        yield Finding(
            title=f"Account {account_words(cluster, account.key)} grants no JetStream",
            detail="Every JetStream request of its user fails with err_code 10039, and retrying does not help.",
            subject=Subject("account", account.key),
            nodes=nodes,
            evidence=(
                EvidenceEntry(
                    nodes[0] if nodes else "", account.where, "JetStream limits in the JWT", "no memory or disk storage"
                ),
            ),
            remedies=(
                Remedy(
                    "Issue the account's JWT again with JetStream limits, then push it to all resolvers",
                    push_account(f"accounts/{account.key}.jwt", account.key).commands,
                ),
            ),
        )
