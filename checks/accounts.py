"""Account JWTs: on every node, the same on every node, valid, and granting JetStream."""

from __future__ import annotations

import re

from symphony_doctor.api import (
    AccountFile,
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    OperatorIdentity,
    Remedy,
    Same,
    Severity,
    Subject,
    Token,
    check,
    known,
)

from ._commands import push_account
from ._trust import account_flaw
from ._words import DIVIDED, account_words, listing, verb

_ACCOUNT_KEY = re.compile(r"A[A-Z2-7]{55}")


@check(
    "AC001",
    name="account-jwt-missing",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.ACCOUNTS,),
    explained_by=(
        *DIVIDED,
        Because("CF006", Same.NODES),
        Because("CF004", Same.NODES),
        Because("AC006", Same.NODES),
    ),
)
def account_jwt_missing(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The JWT of an account is on some nodes and not on others.

    What it means: the account's user cannot log in by way of a node that lacks it, and that node creates no
    replica of its streams ('jetstream not enabled for account', err_code 10039).

    How it is seen: the names of the files in each node's resolver directory; without files, the list
    that each resolver gives (CLAIMS.LIST).

    What else it could be: an account registered less than the resolver's interval ago, 2 minutes by
    default; --wait 2m tells. Servers delete the file of an account that has expired: ID006 reports that.

    By hand: push the newest valid JWT to all resolvers, with a line end first: a server compares what it is
    sent with what it last wrote, and not with its file. Where the server was reloaded since its start, it must
    be restarted to fetch missing JWTs by itself again.

    Verify: `nats req --replies 0 --raw '$SYS.REQ.CLAIMS.LIST' ''` shows the account for every server.
    """
    values, gaps = known(cluster, lambda node: node.accounts)
    yield from gaps
    every = sorted(frozenset[str]().union(*(seen.value for seen in values.values())))
    held = {node: seen.value for node, seen in values.items()}
    where = {node: seen.where for node, seen in values.items()}
    for node in cluster.nodes:
        # a resolver directory that is not there holds no account
        if isinstance(node.accounts, Missing) and node.accounts.is_absence:
            held[node.name], where[node.name] = frozenset(), node.accounts.where
    paths = {account.key: account.where for account in cluster.accounts}
    expired = {
        each.key
        for each in cluster.accounts
        if (each.token.expires_at or cluster.observed_at + 1) <= cluster.observed_at
    }
    for account in every:
        # a server deletes the file of an expired account (ID006), and takes no notice of other names
        if account in expired or not _ACCOUNT_KEY.fullmatch(account):
            continue
        lacking = tuple(sorted(node for node, accounts in held.items() if account not in accounts))
        if not lacking:
            continue
        having = tuple(sorted(set(held) - set(lacking)))
        file = paths.get(account, f"accounts/{account}.jwt")
        yield Finding(
            title=f"Account {account_words(cluster, account)} is missing on {listing(lacking)}",
            detail=(
                f"{listing(having)} {verb(len(having), 'holds', 'hold')} its JWT. Its user cannot log in by way of "
                f"{listing(lacking)}, which {verb(len(lacking), 'creates', 'create')} no replica of its streams."
            ),
            subject=Subject("account", account),
            nodes=lacking,
            evidence=tuple(
                EvidenceEntry(node, where[node], f"{account}.jwt", "present" if account in held[node] else "not there")
                for node in sorted(held)
            ),
            remedies=(push_account(file if "/" in file else f"accounts/{account}.jwt", account),),
        )


@check(
    "AC002",
    name="account-jwt-differs",
    severity=Severity.WARNING,
    needs=(Kind.ACCOUNT_FILES, Kind.OPERATOR),
    explained_by=DIVIDED,
)
def account_jwt_differs(cluster: Cluster) -> Iterator[Finding | Gap]:
    """The nodes hold different JWTs of one account.

    What it means: the account has other limits or permissions depending on the node.

    How it is seen: the files of one name in the resolver directories differ, and each is valid by itself;
    the one with the latest issue time is the newer.

    What else it could be: a change made less than the resolver's interval ago, 2 minutes by default.

    By hand: copy the newer file over the older one, and push it to all resolvers: a push alone changes no file
    where the server has that JWT in memory. A server takes an older JWT over a newer one: push the right one.

    Verify: `sha256sum accounts/KEY.jwt` is the same on every node.
    """
    files, gaps = _files(cluster)
    yield from gaps
    for account, held in sorted(files.items()):
        # nodes of different operators have nothing to compare: each holds what its own operator signed
        by_operator: dict[frozenset[str], dict[str, Token]] = {}
        for node, (file, operator) in held.items():
            if isinstance(file.token, Token) and account_flaw(file.token, account, operator) is None:
                trusted = frozenset(operator.keys if operator else ())
                by_operator.setdefault(trusted, {})[node] = file.token
        for tokens in by_operator.values():
            if len({token.digest for token in tokens.values()}) > 1:
                yield _differing(cluster, account, tokens, {node: held[node][0].path for node in tokens})


def _differing(cluster: Cluster, account: str, tokens: dict[str, Token], paths: dict[str, str]) -> Finding:
    newest = max(tokens.values(), key=lambda token: (token.issued_at or 0, token.digest))
    model = min(node for node, token in tokens.items() if token.digest == newest.digest)
    odd = tuple(sorted(node for node, token in tokens.items() if token.digest != newest.digest))
    tied = len({token.digest for token in tokens.values() if token.issued_at == newest.issued_at}) > 1
    return Finding(
        title=(
            f"Account {account_words(cluster, account)} has another JWT on {listing(odd)} than on {model}"
            if tied
            else f"Account {account_words(cluster, account)} has an older JWT on {listing(odd)}"
        ),
        detail=(
            "Both were issued in the same second: see which is right before pushing it."
            if tied
            else f"{model} holds the newer one. Limits and permissions may depend on the node."
        ),
        subject=Subject("account", account),
        nodes=odd,
        evidence=tuple(
            EvidenceEntry(
                node,
                paths[node],
                f"{newest.digest[:12]}, issued at {newest.issued_at}",
                f"{token.digest[:12]}, issued at {token.issued_at}",
            )
            for node, token in sorted(tokens.items())
        ),
        remedies=(push_account(paths[model], account),),
    )


@check(
    "AC003",
    name="account-jwt-invalid",
    severity=Severity.ERROR,
    needs=(Kind.ACCOUNT_FILES, Kind.OPERATOR),
    explained_by=DIVIDED,
)
def account_jwt_invalid(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A file in a resolver's directory is no valid JWT of the account it is named for.

    What it means: the node refuses that account: 'account validation failed'.

    How it is seen: every file is decoded; its kind, its signature, its subject against the file's name, and
    its issuer against the operator's keys. A server stores a JWT of another operator without a word. A file
    whose name is no account's key, such as a copy, is worth knowing and no error.

    What else it could be: a crash of the machine that left a file empty or cut off.

    By hand: push the valid JWT of another node, with a line end first: a server compares what it is sent with
    what it last wrote, and not with its file.

    Verify: `symphony-doctor run`, and a login of that user by way of that node.
    """
    files, gaps = _files(cluster)
    yield from gaps
    for account, held in sorted(files.items()):
        flaws = {
            node: flaw
            for node, (file, operator) in held.items()
            if (flaw := account_flaw(file.token, account, operator)) is not None
        }
        if not flaws:
            continue
        if not _ACCOUNT_KEY.fullmatch(account):
            yield _stray(account, tuple(held[node][0].path for node in sorted(held)), tuple(sorted(held)))
            continue
        nodes = tuple(sorted(flaws))
        good = [file.path for node, (file, _) in sorted(held.items()) if node not in flaws]
        bad = [held[node][0].path for node in nodes]
        yield Finding(
            title=f"The JWT of account {account_words(cluster, account)} is not valid on {listing(nodes)}",
            detail=f"On {nodes[0]} it {flaws[nodes[0]]}. {listing(nodes)} "
            f"{verb(len(nodes), 'refuses', 'refuse')} the account.",
            subject=Subject("account", account),
            nodes=nodes,
            evidence=tuple(
                EvidenceEntry(
                    node,
                    file.path,
                    "a valid JWT of the account",
                    flaws.get(node, f"valid, {file.size} bytes"),
                )
                for node, (file, _) in sorted(held.items())
            ),
            remedies=(
                (push_account(good[0], account),)
                if good
                else (
                    Remedy(
                        "No node holds a valid JWT of the account: restore the file from a backup, or issue it again",
                        tuple(f"ls -l '{path}'" for path in bad),
                    ),
                )
            ),
        )


def _stray(name: str, paths: tuple[str, ...], nodes: tuple[str, ...]) -> Finding:
    """Report a file whose name is no account's key, such as a copy: no account depends on it."""
    return Finding(
        title=f"{name}.jwt in the resolver's directory of {listing(nodes)} is no account's file",
        detail="Its server takes every file that ends in .jwt for an account, and offers this one to the others.",
        subject=Subject("file", f"{name}.jwt"),
        nodes=nodes,
        evidence=tuple(
            EvidenceEntry(node, path, "an account's public key as the name", name)
            for node, path in zip(nodes, paths, strict=True)
        ),
        remedies=(
            Remedy(f"Move it out of the directory on {listing(nodes)}", tuple(f"mv '{path}' /tmp/" for path in paths)),
        ),
        severity=Severity.INFO,
    )


def _files(
    cluster: Cluster,
) -> tuple[dict[str, dict[str, tuple[AccountFile, OperatorIdentity | None]]], tuple[Gap, ...]]:
    """Return every account file by account and node, with the operator that node trusts."""
    values, gaps = known(cluster, lambda node: node.account_files)
    operators, more = known(cluster, lambda node: node.operator)
    files: dict[str, dict[str, tuple[AccountFile, OperatorIdentity | None]]] = {}
    for node, seen in values.items():
        operator = operators[node].value if node in operators else None
        for file in seen.value:
            files.setdefault(file.account, {})[node] = (file, operator)
    return files, gaps + more
