"""Account JWTs: the newest valid one to every resolver.

CLAIMS.UPDATE takes an expired, an older and a foreign JWT with code 200, so what is pushed is judged here.
A resolver compares what it is sent with what it last wrote, not with its file: one whose file was deleted
or damaged under it takes the same text for known. It is sent once more with a line end, which belongs to
no JWT and changes the sum, and then again without.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from symphony_doctor.formats.jwt import JwtError, decode
from symphony_doctor.model.action import Access, Action, Hands, Refusal, RepairFailed, RepairRefused, Step
from symphony_doctor.model.cluster import Cluster, Node
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Risk
from symphony_doctor.model.identity import Token
from symphony_doctor.remedies.actions._words import account_words, missing, system_account, up

_UPDATE = "$SYS.REQ.CLAIMS.UPDATE"


def _plan(parameters: Mapping[str, str], cluster: Cluster) -> tuple[Step, ...] | Refusal:
    lacking = missing(parameters, "account")
    system = system_account(cluster)
    if lacking or system is None:
        return Refusal(lacking or "which account is the system account is not known")
    if not up(cluster):
        return Refusal("no server is seen to be up that could take it")
    key = parameters["account"]
    tokens = {node.name: token for node in cluster.nodes if (token := _held(node, key)) is not None}
    valid = [token for token in tokens.values() if why_not(token, key, cluster) is None]
    if not valid:
        reasons = sorted({why for token in tokens.values() if (why := why_not(token, key, cluster))})
        return Refusal(f"no node holds a JWT of it that may be pushed: {'; '.join(reasons) or 'none was found'}")
    newest = max(valid, key=lambda token: token.issued_at or 0)
    if any(token.issued_at == newest.issued_at and token.digest != newest.digest for token in valid):
        return Refusal("two valid JWTs of it were issued in the same second: which is right cannot be told")
    lacking_nodes = [node for node in cluster.nodes if _differs(node, key, tokens.get(node.name), newest)]
    if not lacking_nodes:
        return Refusal("every resolver holds the newest JWT of it already")
    paths = tuple(path for node in lacking_nodes if (path := _path(node, key)) is not None)
    source = next(
        (path for node in cluster.nodes if tokens.get(node.name) == newest and (path := _path(node, key))), ""
    )
    return (
        Step(
            action="account.push",
            parameters=(
                ("account", key),
                ("digest", newest.digest),
                ("servers", str(len(up(cluster)))),
                ("source", source),
                ("files", "\n".join(paths)),
                ("trusted", "\n".join(sorted(_trusted(cluster)))),
            ),
            title=f"Push the JWT of {account_words(cluster, key)} to all resolvers",
            where=f"resolvers of {', '.join(node.name for node in lacking_nodes)}",
            changes=tuple(
                f"{node.name}: {_words(tokens.get(node.name), key, cluster)} -> {_words(newest, key, cluster)}"
                for node in lacking_nodes
            ),
            risk=Risk.SAFE,
            access=Access(system, (_UPDATE, f"$SYS.REQ.ACCOUNT.{key}.CLAIMS.LOOKUP")),
        ),
    )


def why_not(token: Token, key: str, cluster: Cluster) -> str | None:
    """Say why a JWT may not be pushed; ``None`` where it may."""
    if token.kind != "account" or token.subject != key:
        return "it is no JWT of this account"
    if not token.signature_valid:
        return "its signature is not valid"
    if token.issuer not in _trusted(cluster):
        return "it is signed by no key of this cluster's operator"
    return _untimely(token.expires_at, token.not_before, cluster.observed_at)


def _untimely(expires: int | None, begins: int | None, now: float) -> str | None:
    if expires is not None and expires <= now:
        return "it has expired"
    return "it is not valid yet" if begins is not None and begins > now else None


def _trusted(cluster: Cluster) -> frozenset[str]:
    """Return the keys that may sign accounts, as the server judges it: all nodes have one operator here."""
    keys: set[str] = set()
    for node in cluster.nodes:
        if isinstance(node.operator, Seen):
            keys |= set(node.operator.value.keys)
            for token in node.operator.value.tokens:
                keys |= set(token.signing_keys)
    strict = {
        token.subject
        for node in cluster.nodes
        if isinstance(node.operator, Seen)
        for token in node.operator.value.tokens
        if token.strict_signing
    }
    return frozenset(keys - strict)


def _held(node: Node, key: str) -> Token | None:
    claims = node.account_claims.value if isinstance(node.account_claims, Seen) else ()
    return next((account.token for account in claims if account.key == key), None)


def _differs(node: Node, key: str, token: Token | None, newest: Token) -> bool:
    if token is not None:
        return token.digest != newest.digest
    # a server that lists it, whose JWT was not seen, is not known to lack it; one with a damaged file is
    listed = isinstance(node.accounts, Seen) and key in node.accounts.value
    return not listed or isinstance(node.account_files, Seen)


def _path(node: Node, key: str) -> str | None:
    return f"{node.account_files.where}/{key}.jwt" if isinstance(node.account_files, Seen) else None


def _words(token: Token | None, key: str, cluster: Cluster) -> str:
    if token is None:
        return "none, or one that cannot be read"
    flaw = why_not(token, key, cluster)
    issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.issued_at)) if token.issued_at else "at no time"
    return f"issued {issued}, {token.digest[:12]}" + (f" ({flaw})" if flaw else "")


async def _apply(step: Step, hands: Hands) -> str:
    servers = int(step["servers"])
    text = await _text(step, hands, servers)
    _judge(text, step, hands.now)
    hands.began({"digest": step["digest"], "files": _before(step, hands)})
    taken = await _push(hands, text, servers)
    if not await _everywhere(step, hands, text, servers):
        await _push(hands, text + b"\n", servers)
        taken = await _push(hands, text, servers)
    return f"{taken} of {servers} resolvers took it"


async def _text(step: Step, hands: Hands, servers: int) -> bytes:
    """Find the very JWT that was planned: in the file it was seen in, else with a resolver."""
    candidates = [content for path in filter(None, [step["source"]]) if (content := _read(hands, path)) is not None]
    told = await hands.ask_all(f"$SYS.REQ.ACCOUNT.{step['account']}.CLAIMS.LOOKUP", b"", servers)
    if len(told) < servers:
        # the one that is silent may hold a newer one, which a push would overwrite
        raise RepairRefused(f"only {len(told)} of {servers} resolvers told which JWT they hold")
    candidates += told
    for content in candidates:
        text = content.rstrip(b"\r\n")
        if sha256(text).hexdigest() == step["digest"]:
            newer = _newer(candidates, text, step)
            if newer:
                raise RepairRefused("the cluster changed since the plan: a newer JWT of the account is there now")
            return text
    raise RepairRefused("the cluster changed since the plan: the JWT that was to be pushed is nowhere any more")


def _newer(candidates: Iterable[bytes], text: bytes, step: Step) -> bool:
    chosen = decode(text).issued_at or 0
    for content in candidates:
        try:
            other = decode(content, kind="account")
        except JwtError:
            continue
        trusted = other.signature_valid and other.issuer in step["trusted"].split("\n")
        if trusted and other.subject == step["account"] and (other.issued_at or 0) > chosen:
            return True
    return False


def _judge(text: bytes, step: Step, now: float) -> None:
    jwt = decode(text, kind="account")
    if jwt.subject != step["account"] or not jwt.signature_valid or jwt.issuer not in step["trusted"].split("\n"):
        raise RepairRefused("the JWT is not one that this cluster's operator signed for the account")
    flaw = _untimely(jwt.expires_at, jwt.not_before, now)
    if flaw:
        raise RepairRefused(f"the JWT is not pushed: {flaw}")


def _read(hands: Hands, path: str) -> bytes | None:
    try:
        return hands.read(path)
    except RepairRefused:
        return None  # a node of another machine


def _before(step: Step, hands: Hands) -> dict[str, str | None]:
    """Keep what stands in the files that the servers are going to write, as far as they are on this machine."""
    kept: dict[str, str | None] = {}
    for path in filter(None, step["files"].split("\n")):
        try:
            content = hands.read(path)
        except RepairRefused:
            continue
        kept[path] = None if content is None else hands.keep(content)
    return kept


async def _push(hands: Hands, text: bytes, servers: int) -> int:
    answers = [_answer(each) for each in await hands.change_all(_UPDATE, text, servers)]
    for answer in answers:
        error = answer.get("error") or {}
        if error:
            raise RepairFailed(f"a resolver refused it: {error.get('description', 'without a word')}")
    if not answers:
        raise RepairFailed("no resolver answered")
    return len(answers)


def _answer(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


async def _everywhere(step: Step, hands: Hands, text: bytes, servers: int) -> bool:
    answers = await hands.ask_all(f"$SYS.REQ.ACCOUNT.{step['account']}.CLAIMS.LOOKUP", b"", servers)
    return len(answers) == servers and all(answer == text for answer in answers)


async def _undo(step: Step, before: Mapping[str, Any], hands: Hands) -> str:
    files: Mapping[str, str | None] = before.get("files") or {}
    if not files:
        raise RepairRefused("a resolver forgets no JWT, and none of their files is on this machine")
    current = {path: hands.read(path) for path in files}
    for path, content in current.items():
        if content is None or sha256(content.rstrip(b"\r\n")).hexdigest() != step["digest"]:
            raise RepairRefused(f"{path} was changed since")
    old = {path: None if kept is None else _kept(hands, kept) for path, kept in files.items()}
    hands.began({"files": dict.fromkeys(files, step["digest"])})
    for path, content in old.items():
        hands.replace(path, current[path], content, keep=False)
    return f"what stood in {', '.join(files)} is back"


def _kept(hands: Hands, path: str) -> bytes:
    content = hands.read(path)
    if content is None:
        raise RepairRefused(f"{path}, the copy of what was replaced, is gone")
    return content


push = Action(
    name="account.push",
    title="Gives the newest valid JWT of an account to every resolver",
    plan=_plan,
    apply=_apply,
    undo=_undo,
    needs_quorum=False,
)
