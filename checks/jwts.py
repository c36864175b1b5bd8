"""JWTs: valid, and valid for some time yet."""

from __future__ import annotations

from shlex import quote
from typing import TypeGuard

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Flaw,
    Gap,
    Iterator,
    Kind,
    Located,
    Missing,
    NatsConfig,
    OperatorIdentity,
    Remedy,
    Risk,
    Same,
    Seen,
    Severity,
    State,
    Subject,
    Token,
    check,
    known,
)

from ._trust import account_flaw, operator_flaw
from ._validity import DAY, validity
from ._words import listing, short_key, token_words


@check(
    "ID005",
    name="jwt-invalid",
    severity=Severity.ERROR,
    needs=(Kind.NATS_CONFIG, Kind.SYMPHONY_CONFIG),
    explained_by=(Because("ID004", Same.NODES),),
)
def jwt_invalid(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A JWT in a configuration is damaged, of the wrong kind, or signed by a key that is not trusted.

    What it means: the server refuses to start with it, or trusts an account that its operator never
    signed for.

    How it is seen: signature, kind, subject and issuer of the operator's JWT and of each entry of
    resolver_preload in nats.config, and the signature of every JWT in symphony.config.

    What else it could be: a line break or a lost character from copying by hand.

    By hand: copy the JWT again from a node whose configuration is right.

    Verify: `nats-server -t -c nats.config`, and `symphony-doctor run`.
    """
    configs, gaps = known(cluster, lambda node: node.nats_config)
    yield from gaps
    symphony, gaps = known(cluster, lambda node: node.symphony_config)
    yield from gaps
    flaws: dict[tuple[str, str], list[EvidenceEntry]] = {}
    for name, seen in configs.items():
        for located_operator in seen.value.operators:
            if _was_not_read(located_operator.value):
                yield Gap(name, Missing(State.UNREADABLE, located_operator.value.detail, located_operator.where))
        for where, what, flaw in _config_flaws(seen.value):
            entry = EvidenceEntry(name, where, f"a valid JWT of {short_key(what)}", flaw)
            flaws.setdefault(("nats.config", what), []).append(entry)
    for name, seen_symphony in symphony.items():
        for located in seen_symphony.value.tokens:
            if not located.value.signature_valid:
                entry = EvidenceEntry(
                    name, located.where, "a valid signature", "has a signature that is not valid: it was changed"
                )
                flaws.setdefault(("symphony.config", located.value.subject), []).append(entry)
    for (file, what), entries in sorted(flaws.items()):
        nodes = tuple(sorted({entry.source for entry in entries}))
        yield Finding(
            title=f"{file} of {listing(nodes)}: the JWT of {short_key(what)} is not valid",
            detail=f"On {entries[0].source} it {entries[0].actual}.",
            subject=Subject("setting", f"{file}/{what}"),
            nodes=nodes,
            evidence=tuple(entries),
            remedies=(
                Remedy(
                    f"Copy the JWT again into {file} of {listing(nodes)} from a node where it is right",
                    (f'"${{EDITOR:-vi}}" {file}',),
                    Risk.DISRUPTIVE,
                ),
            ),
        )


def _was_not_read(token: Token | Flaw) -> TypeGuard[Flaw]:
    """Tell whether the configuration names a file that is not here, as in a directory that was copied."""
    return isinstance(token, Flaw) and token.reason == "unreadable"


def _config_flaws(config: NatsConfig) -> Iterator[tuple[str, str, str]]:
    tokens = []
    for located in config.operators:
        if _was_not_read(located.value):
            continue
        flaw = operator_flaw(located.value)
        if flaw is not None:
            subject = located.value.subject if isinstance(located.value, Token) else "operator"
            yield located.where, subject, flaw
        elif isinstance(located.value, Token):
            tokens.append(located.value)
    operator = OperatorIdentity(tuple(token.subject for token in tokens), tuple(tokens)) if tokens else None
    for entry in config.preload:
        flaw = account_flaw(entry.token, entry.account, operator)
        if flaw is not None:
            yield entry.where, entry.account, flaw


@check(
    "ID006",
    name="jwt-expiry",
    severity=Severity.ERROR,
    needs=(Kind.OPERATOR, Kind.ACCOUNT_CLAIMS, Kind.CREDENTIALS),
    explained_by=(Because("ID004", Same.NODES),),
)
def jwt_expiry(cluster: Cluster, *, soon_days: int = 30) -> Iterator[Finding | Gap]:
    """The JWT of an operator, an account or given credentials has expired, is not valid yet, or expires soon.

    What it means: a server refuses the account of an expired JWT, and deletes the file from its resolver
    within a minute. An account that is not valid yet is refused as well.

    How it is seen: exp and nbf of the operator's JWT and of every account's newest JWT, against the clock
    of the machine that the doctor runs on; one that expires within soon_days is a warning. So is the user JWT
    of the credentials given, unless it was issued for so short a time: those are renewed all the time.

    What else it could be: the clock of this machine is wrong.

    By hand: issue the JWT again with a later expiry, and push it to the resolvers; issue credentials anew.

    Verify: `nats req --replies 0 --raw '$SYS.REQ.CLAIMS.LIST' ''` lists the account on every server.
    """
    operators, gaps = known(cluster, lambda node: node.operator)
    yield from gaps
    claims, gaps = known(cluster, lambda node: node.account_claims)
    yield from gaps
    if isinstance(cluster.credentials, Seen):
        yield from _credentials(cluster.credentials.value, cluster.observed_at, soon_days)
    elif not cluster.credentials.is_absence:
        yield Gap(None, cluster.credentials)
    held: dict[str, tuple[Token, str, set[str]]] = {}
    for name, seen in operators.items():
        for token in seen.value.tokens:
            held.setdefault(token.subject, (token, seen.where, set()))[2].add(name)
    newest = {account.key: account for account in cluster.accounts}
    for name, seen_claims in claims.items():
        for account in seen_claims.value:
            if account.key in newest:
                newer = newest[account.key]
                held.setdefault(account.key, (newer.token, newer.where, set()))[2].add(name)
    for key, (token, where, nodes) in sorted(held.items()):
        said = validity(token.not_before, token.expires_at, cluster.observed_at, soon_days)
        if said is not None:
            severity, words = said
            yield Finding(
                title=f"The JWT of {token.kind} {token_words(token)} {words}",
                detail=(
                    "Servers refuse an account outside the time of its JWT, and delete the file of an expired one."
                    if token.kind == "account"
                    else "A server does not stop for it, but says so in its log; tools refuse to sign with it."
                ),
                subject=Subject("account" if token.kind == "account" else "operator", key),
                nodes=tuple(sorted(nodes)),
                evidence=tuple(
                    EvidenceEntry(node, where, "valid now and for some time", words) for node in sorted(nodes)
                ),
                remedies=(
                    Remedy(
                        f"Issue the {token.kind}'s JWT again with a later expiry, and push it to all resolvers",
                        (f"nats req --replies 0 '$SYS.REQ.CLAIMS.UPDATE' \"$(cat {key}.jwt)\"",)
                        if token.kind == "account"
                        else (),
                    ),
                ),
                severity=severity,
            )


def _credentials(given: tuple[Located[Token], ...], now: float, soon_days: int) -> Iterator[Finding]:
    for located in given:
        token, where = located.value, located.where
        said = validity(token.not_before, token.expires_at, now, soon_days)
        lifetime = (token.expires_at or 0) - (token.issued_at or 0)
        if said is None or (said[0] is Severity.WARNING and lifetime <= soon_days * DAY):
            continue
        severity, words = said
        yield Finding(
            title=f"The user JWT in {where} {words}",
            detail="Servers refuse a user outside the time of its JWT: nothing that needs these credentials works.",
            subject=Subject("file", where),
            nodes=(),
            evidence=(EvidenceEntry("this machine", where, "valid now and for some time", f"its user JWT {words}"),),
            remedies=(
                Remedy(
                    "Issue the credentials again where their account is kept",
                    (f"nsc describe user --name {quote(token.name or token.subject)}",),
                ),
            ),
            severity=severity,
        )
