"""AC001 to AC004: account JWTs in the resolvers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.formats import jwt as jwts
from symphony_doctor.lab.identity import create_identity, create_user_account, sign_user_account
from symphony_doctor.model.accounts import Account
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen, State
from symphony_doctor.model.finding import Severity
from symphony_doctor.model.identity import Flaw
from symphony_doctor.testing import NOW, OPERATOR, SYSTEM, USER, changed, healthy, token

from .judging import found, only, silent
from .test_jwts import everywhere, with_user
from .trees import Tree


def lacking(cluster: Cluster, node: str) -> Cluster:
    """Take the user's account away from one node's resolver."""
    there = cluster.node(node)
    assert there is not None
    assert isinstance(there.accounts, Seen)
    return changed(cluster, node, accounts=Seen(there.accounts.value - {USER}, "accounts"))


def test_ac001_absent_on_three_nodes(tmp_path: Path) -> None:
    """All resolvers hold the same accounts."""
    assert silent("AC001", Tree(tmp_path).cluster())


def test_ac001_near_miss_expired_on_a_node_that_was_down() -> None:
    """Servers delete the file of an expired account; one that was down still has it. ID006 reports the expiry."""
    cluster = lacking(lacking(everywhere(healthy(), expires_at=int(NOW) - 60), "node1"), "node2")
    assert silent("AC001", cluster)
    assert found("ID006", cluster)


def test_ac001_near_miss_deleted_account_and_copies(tmp_path: Path) -> None:
    """What the server leaves of a deleted account, copies and other files are no accounts."""
    tree = Tree(tmp_path)
    gone = create_user_account(tree.identity, "bob")
    tree.write("node1", f"accounts/{gone.key}.jwt.deleted", gone.jwt)
    tree.write("node2", f"accounts/{tree.user.key}.jwt.bad", tree.user.jwt[:40])
    tree.write("node2", "accounts/alice-before-the-change.jwt", tree.user.jwt)
    tree.write("node3", "accounts/README", "put here by hand")
    assert silent("AC001", tree.cluster())


def test_ac001_near_miss_resolver_of_another_path(tmp_path: Path) -> None:
    """The resolver's directory has another name on one node; what is in it is the same."""
    tree = Tree(tmp_path)
    tree.replace("node2", "nats.config", 'dir: "accounts"', 'dir: "./jwt"')
    (tree.directory("node2") / "accounts").rename(tree.directory("node2") / "jwt")
    assert silent("AC001", tree.cluster())


def test_ac001_fault_directory_gone() -> None:
    """A resolver's directory that does not exist holds no account: each of them is missing there."""
    cluster = changed(healthy(), "node2", accounts=Missing(State.ABSENT, "accounts does not exist", "accounts"))
    assert {finding.nodes for finding in found("AC001", cluster)} == {("node2",)}


def test_ac001_fault_says_who_holds_it() -> None:
    """The finding names the nodes that lack the JWT, and pushes the copy of one that has it."""
    finding = only("AC001", lacking(lacking(healthy(), "node1"), "node3"))
    assert finding.nodes == ("node1", "node3")
    assert finding.detail.startswith("node2 holds its JWT")


def test_ac002_absent_on_three_nodes(tmp_path: Path) -> None:
    """All nodes hold the same JWT of each account."""
    assert silent("AC002", Tree(tmp_path).cluster())


def test_ac002_near_miss_line_ends(tmp_path: Path) -> None:
    """A file that a script or an editor ended with a newline holds the same JWT."""
    tree = Tree(tmp_path)
    tree.write("node2", f"accounts/{tree.user.key}.jwt", tree.user.jwt + "\n")
    tree.write("node3", f"accounts/{tree.user.key}.jwt", tree.user.jwt + "\r\n")
    assert silent("AC002", tree.cluster())
    assert silent("AC003", tree.cluster())


def test_ac002_near_miss_one_node_is_invalid(tmp_path: Path) -> None:
    """A file that is cut off is no older JWT: AC003 reports it alone."""
    tree = Tree(tmp_path)
    tree.write("node2", f"accounts/{tree.user.key}.jwt", tree.user.jwt[:200])
    assert silent("AC002", tree.cluster())
    assert found("AC003", tree.cluster())


def test_ac002_near_miss_nodes_of_two_operators(tmp_path: Path) -> None:
    """Where each node holds what its own operator signed there is nothing to compare: ID001 is the finding."""
    cluster = healthy()
    other = "O" + "X" * 55
    there = cluster.node("node2")
    assert there is not None
    assert isinstance(there.account_files, Seen)
    files = tuple(
        replace(file, token=token("account", file.account, other, digest="9" * 64))
        for file in there.account_files.value
    )
    from symphony_doctor.model.identity import OperatorIdentity

    trust = OperatorIdentity((other,), (token("operator", other, other),))
    cluster = changed(cluster, "node2", account_files=Seen(files, "accounts"), operator=Seen(trust, "VARZ"))
    assert silent("AC002", cluster)
    assert silent("AC003", cluster)


def test_ac002_fault_pushes_the_newest(tmp_path: Path) -> None:
    """Of three JWTs the one issued last is pushed, whichever node holds it."""
    tree = Tree(tmp_path)
    now = jwts.decode(tree.user.jwt).issued_at or 0
    for name, age in (("node1", 200), ("node3", 100)):
        older = sign_user_account(tree.identity, tree.user.seed, "alice", issued_at=now - age)
        tree.write(name, f"accounts/{tree.user.key}.jwt", older)
    finding = only("AC002", tree.cluster())
    assert finding.nodes == ("node1", "node3")
    assert str(tree.directory("node2")) in finding.remedies[-1].commands[0]


def test_ac002_fault_of_the_same_second(tmp_path: Path) -> None:
    """Two JWTs of one second: none is called the older one."""
    tree = Tree(tmp_path)
    now = jwts.decode(tree.user.jwt).issued_at
    twin = sign_user_account(tree.identity, tree.user.seed, "alice b", issued_at=now)
    tree.write("node2", f"accounts/{tree.user.key}.jwt", twin)
    finding = only("AC002", tree.cluster())
    assert "older" not in finding.title
    assert "same second" in finding.detail


def test_ac003_absent_on_three_nodes(tmp_path: Path) -> None:
    """Every file in the resolvers is a valid JWT of the account it is named for."""
    assert silent("AC003", Tree(tmp_path).cluster())


def test_ac003_near_miss_signing_keys(tmp_path: Path) -> None:
    """Accounts signed by the operator's signing key beside accounts signed by the operator itself."""
    tree = Tree(tmp_path)
    issuers = {jwts.decode(each.jwt).issuer for each in (tree.identity.system, tree.user)}
    assert len(issuers) == 2
    assert silent("AC003", tree.cluster())


def test_ac003_near_miss_operator_known_by_its_key_alone() -> None:
    """Without the operator's JWT its signing keys are not known: an account of such a key is no foreign one."""
    from symphony_doctor.model.identity import OperatorIdentity

    cluster = everywhere(healthy(), issuer="O" + "S" * 55)
    for node in cluster.nodes:
        cluster = changed(cluster, node.name, operator=Seen(OperatorIdentity((OPERATOR,), ()), "VARZ"))
    assert silent("AC003", cluster)


def test_ac003_near_miss_a_copy_in_the_directory(tmp_path: Path) -> None:
    """A copy under a name of its own harms no account: it is worth knowing and no error."""
    tree = Tree(tmp_path)
    tree.write("node2", "accounts/alice-before-the-change.jwt", tree.user.jwt)
    finding = only("AC003", tree.cluster())
    assert (finding.severity, finding.subject.kind) == (Severity.INFO, "file")


def flawed(tree: Tree, how: str) -> str:
    foreign = create_identity()
    return {
        "empty": "",
        "cut off": tree.user.jwt[: len(tree.user.jwt) // 2],
        "no JWT": "not a JWT at all",
        "signature": tree.user.jwt[:-8] + "AAAAAAAA",
        "other account": create_user_account(tree.identity, "bob").jwt,
        "operator": tree.identity.operator_jwt,
        "other operator": sign_user_account(foreign, tree.user.seed, "alice"),
    }[how]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("empty", "is no JWT: empty"),
        ("cut off", "is no JWT: truncated"),
        ("no JWT", "is no JWT"),
        ("signature", "has a signature that is not valid"),
        ("other account", "is the JWT of another account"),
        ("operator", "is a JWT of an operator"),
        ("other operator", "which is no key of this cluster's operator"),
    ],
)
def test_ac003_fault_each_flaw(how: str, said: str, tmp_path: Path) -> None:
    """Each way in which a resolver's file can be wrong is named, and the good copy of another node is pushed."""
    tree = Tree(tmp_path)
    tree.write("node2", f"accounts/{tree.user.key}.jwt", flawed(tree, how))
    finding = only("AC003", tree.cluster())
    assert finding.nodes == ("node2",)
    assert said in finding.detail
    assert str(tree.directory("node1")) in finding.remedies[-1].commands[0]


def test_ac003_fault_on_every_node() -> None:
    """Where no node has a valid JWT nothing is pushed."""
    cluster = healthy()
    for node in cluster.nodes:
        assert isinstance(node.account_files, Seen)
        files = tuple(
            replace(file, token=Flaw("empty", "nothing in it")) if file.account == USER else file
            for file in node.account_files.value
        )
        cluster = changed(cluster, node.name, account_files=Seen(files, "accounts"))
    finding = only("AC003", cluster)
    assert finding.nodes == ("node1", "node2", "node3")
    assert "restore the file from a backup" in finding.remedies[0].title


def test_ac004_absent_on_three_nodes() -> None:
    """Every account grants JetStream but the system account."""
    assert silent("AC004", healthy())


def test_ac004_near_miss_system_account() -> None:
    """The system account never has JetStream, also where only one node says which account it is."""
    cluster = healthy()
    for name in ("node2", "node3"):
        cluster = changed(cluster, name, system_account=Missing(State.ABSENT, "not set"))
    assert {account.key for account in cluster.accounts if account.token.grants_jetstream is False} == {SYSTEM}
    assert silent("AC004", cluster)


def test_ac004_near_miss_an_older_jwt_without_jetstream() -> None:
    """JetStream was granted later: the newest JWT counts, the older one on one node is AC002's."""
    cluster = everywhere(healthy(), digest="a" * 64)
    cluster = with_user(cluster, "node2", issued_at=int(NOW) - 30 * 86_400, grants_jetstream=False)
    assert silent("AC004", cluster)
    assert found("AC002", cluster)


def test_ac004_near_miss_a_file_with_the_jwt_of_another_account() -> None:
    """A file of one account that holds the system account's JWT says nothing of what the account grants."""
    cluster = healthy()
    there = cluster.node("node2")
    assert there is not None
    assert isinstance(there.account_claims, Seen)
    claims = tuple(
        Account(each.key, each.name, token("account", SYSTEM, OPERATOR, issued_at=int(NOW)), each.where)
        if each.key == USER
        else each
        for each in there.account_claims.value
    )
    assert silent("AC004", changed(cluster, "node2", account_claims=Seen(claims, "accounts")))


def test_ac004_fault_after_a_change_of_rights() -> None:
    """The newest JWT of an account takes JetStream away: on which nodes it is held is told."""
    cluster = with_user(everywhere(healthy(), digest="a" * 64), "node3", issued_at=int(NOW), grants_jetstream=False)
    finding = only("AC004", cluster)
    assert finding.subject.name == USER
