"""ID005, ID006: JWTs that a server accepts, for some time yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.lab.identity import create_identity
from symphony_doctor.model.accounts import Account, AccountFile
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.finding import Severity, Subject
from symphony_doctor.model.identity import Located, OperatorIdentity, Token
from symphony_doctor.testing import NOW, OPERATOR, SYSTEM, USER, changed, healthy, token

from .judging import found, only, silent
from .trees import Tree

DAY = 86_400


def with_user(cluster: Cluster, node: str, **claims: object) -> Cluster:
    """Give a node another JWT of the user's account, in its file and in what is known of it."""
    there = cluster.node(node)
    assert there is not None
    assert isinstance(there.account_files, Seen)
    assert isinstance(there.account_claims, Seen)
    jwt = replace(token("account", USER, OPERATOR), **claims)  # type: ignore[arg-type]
    files = tuple(
        AccountFile(file.name, file.path, file.size, jwt) if file.account == USER else file
        for file in there.account_files.value
    )
    known = tuple(
        Account(each.key, each.name, jwt, each.where) if each.key == USER else each
        for each in there.account_claims.value
    )
    return changed(cluster, node, account_files=Seen(files, "accounts"), account_claims=Seen(known, "accounts"))


def everywhere(cluster: Cluster, **claims: object) -> Cluster:
    for node in cluster.nodes:
        cluster = with_user(cluster, node.name, **claims)
    return cluster


def test_id005_absent_on_three_nodes(tmp_path: Path) -> None:
    """Every JWT of the configuration is signed by whom it should be."""
    assert silent("ID005", Tree(tmp_path).cluster())


def test_id005_near_miss_account_signed_by_a_signing_key(tmp_path: Path) -> None:
    """Accounts that one of the operator's signing keys signed are as good as those of the operator itself."""
    from symphony_doctor.lab.identity import sign_user_account

    tree = Tree(tmp_path)
    signed = sign_user_account(tree.identity, tree.identity.symphony.seed, "symphony")
    for name in tree.names:
        tree.edit(name, "nats.config", lambda text: text.replace(tree.identity.symphony.jwt, signed))
    assert silent("ID005", tree.cluster())


def test_id005_near_miss_expired_is_another_matter(tmp_path: Path) -> None:
    """A JWT that is out of date is intact: ID006 reports it, not this rule."""
    assert silent("ID005", everywhere(healthy(), expires_at=int(NOW) - DAY))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda jwt, _: jwt[:-8] + "AAAAAAAA", "signature"),
        (lambda jwt, _: jwt[: len(jwt) // 2], "is no JWT: truncated"),
        (lambda _, tree: tree.identity.operator_jwt, "expected an account"),
        (lambda _, tree: tree.user.jwt, "is the JWT of another account"),
        (lambda *_: create_identity().symphony.jwt, "is the JWT of another account"),
    ],
    ids=["signature", "cut off", "operator", "other account", "other cluster"],
)
def test_id005_fault_in_the_preload(change: object, said: str, tmp_path: Path) -> None:
    """A preloaded JWT that was changed, cut off or is of something else is found on the node that has it."""
    tree = Tree(tmp_path)
    own = tree.identity.symphony
    assert callable(change)
    tree.replace("node2", "nats.config", f"{own.key}: {own.jwt}", f"{own.key}: {change(own.jwt, tree)}")
    finding = only("ID005", tree.cluster())
    assert finding.nodes == ("node2",)
    assert said in finding.detail


def test_id005_fault_signed_by_another_operator(tmp_path: Path) -> None:
    """A preloaded account that another operator signed."""
    from symphony_doctor.lab.identity import sign_user_account

    tree = Tree(tmp_path)
    own = tree.identity.symphony
    foreign = sign_user_account(create_identity(), own.seed, "symphony")
    tree.replace("node3", "nats.config", f"{own.key}: {own.jwt}", f"{own.key}: {foreign}")
    finding = only("ID005", tree.cluster())
    assert (finding.nodes, "no key of this cluster's operator" in finding.detail) == (("node3",), True)


def test_id005_fault_operator_changed(tmp_path: Path) -> None:
    """An operator JWT whose signature does not hold, in both files of one node."""
    tree = Tree(tmp_path)
    own = tree.identity.operator_jwt
    for file in ("nats.config", "symphony.config"):
        tree.replace("node1", file, own, own[:-6] + "AAAAAA")
    subjects = {finding.subject.name.partition("/")[0] for finding in found("ID005", tree.cluster())}
    assert subjects == {"nats.config", "symphony.config"}


def test_id006_absent_without_expiry() -> None:
    """JWTs that never expire."""
    assert silent("ID006", healthy())


def test_id006_near_miss_expires_in_31_days() -> None:
    """A JWT that holds for longer than the threshold."""
    assert silent("ID006", everywhere(healthy(), expires_at=int(NOW) + 31 * DAY))


def test_id006_near_miss_valid_since_now() -> None:
    """A JWT whose time has just begun."""
    assert silent("ID006", everywhere(healthy(), not_before=int(NOW)))


def test_id006_near_miss_an_older_jwt_that_expired_beside_its_successor() -> None:
    """The account was issued again in time: one node still holds the old JWT, which AC002 reports."""
    cluster = everywhere(healthy(), issued_at=int(NOW) - DAY, digest="d" * 64)
    cluster = with_user(cluster, "node3", issued_at=int(NOW) - 40 * DAY, expires_at=int(NOW) - 5)
    assert silent("ID006", cluster)


@pytest.mark.parametrize(
    ("claims", "severity", "said"),
    [
        ({"expires_at": int(NOW)}, Severity.ERROR, "expired 1 minute ago"),
        ({"expires_at": int(NOW) - 3 * DAY}, Severity.ERROR, "expired 3 days ago"),
        ({"not_before": int(NOW) + 30}, Severity.ERROR, "is not valid for another 1 minute"),
        ({"not_before": int(NOW) + 7200}, Severity.ERROR, "is not valid for another 2 hours"),
        ({"expires_at": int(NOW) + 30 * DAY}, Severity.WARNING, "expires in 30 days"),
        ({"expires_at": int(NOW) + 3600}, Severity.WARNING, "expires in 1 hour"),
    ],
)
def test_id006_fault_of_an_account(claims: dict[str, int], severity: Severity, said: str) -> None:
    """Expired, not yet valid, and soon to expire: each with its severity and its time in words."""
    finding = only("ID006", everywhere(healthy(), **claims))
    assert (finding.severity, finding.title.endswith(said)) == (severity, True), finding.title


def test_id006_fault_of_an_operator() -> None:
    """An operator's JWT that has expired: the servers go on, and the finding does not say otherwise."""
    cluster = healthy()
    old = token("operator", OPERATOR, OPERATOR, expires_at=int(NOW) - DAY)
    for node in cluster.nodes:
        cluster = changed(cluster, node.name, operator=Seen(OperatorIdentity((OPERATOR,), (old,)), "VARZ"))
    finding = only("ID006", cluster)
    assert finding.subject.kind == "operator"
    assert "does not stop" in finding.detail


def test_id006_near_miss_deleted_on_all_nodes() -> None:
    """The servers have deleted the file of an account that expired: nothing is left to report, here or by AC001."""
    cluster = healthy()
    for node in cluster.nodes:
        assert isinstance(node.account_files, Seen)
        assert isinstance(node.account_claims, Seen)
        assert isinstance(node.accounts, Seen)
        files = tuple(file for file in node.account_files.value if file.account != USER)
        known = tuple(each for each in node.account_claims.value if each.key != USER)
        cluster = changed(
            cluster,
            node.name,
            account_files=Seen(files, "accounts"),
            account_claims=Seen(known, "accounts"),
            accounts=Seen(node.accounts.value - {USER}, "accounts"),
        )
    assert silent("ID006", cluster)
    assert silent("AC001", cluster)
    assert replace(cluster) == cluster


def given(claims: Token) -> Cluster:
    return replace(healthy(), credentials=Seen((Located(claims, "system.creds"),), "system.creds"))


def test_id006_fault_credentials_have_expired() -> None:
    """The user JWT of the credentials given is out of its time: the title names the file."""
    expired = token("user", "U" + "B" * 55, SYSTEM, expires_at=int(NOW) - 7200)
    finding = only("ID006", given(expired))
    assert finding.title == "The user JWT in system.creds expired 2 hours ago"
    assert finding.severity is Severity.ERROR
    assert finding.subject == Subject("file", "system.creds")


def test_id006_fault_credentials_expire_soon() -> None:
    """Credentials of a year that end in ten days are a warning."""
    year = token("user", "U" + "B" * 55, SYSTEM, issued_at=int(NOW) - 355 * 86_400, expires_at=int(NOW) + 10 * 86_400)
    finding = only("ID006", given(year))
    assert finding.title == "The user JWT in system.creds expires in 10 days"
    assert finding.severity is Severity.WARNING


def test_id006_near_miss_credentials_made_for_an_hour() -> None:
    """Credentials that were issued for an hour are renewed all the time: that they end soon is no news."""
    hour = token("user", "U" + "B" * 55, SYSTEM, issued_at=int(NOW) - 60, expires_at=int(NOW) + 3540)
    assert silent("ID006", given(hour))


def test_id006_absent_without_credentials() -> None:
    """Where no credentials were given, none can expire: the rule is not undecided for want of them."""
    none = Missing(State.ABSENT, "no credentials file was given (--creds)")
    assert silent("ID006", replace(healthy(), credentials=none))
