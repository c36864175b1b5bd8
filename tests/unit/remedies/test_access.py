"""A user that is made: for one account, for minutes, for the step's subjects alone."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from symphony_doctor.formats import jwt, nkey
from symphony_doctor.lab.identity import create_identity, credentials
from symphony_doctor.lab.layout import write_private
from symphony_doctor.model.action import Access, RepairRefused
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.identity import SeedReference
from symphony_doctor.remedies.access import LIFETIME, Reach, accounts_of, log_in
from symphony_doctor.sources.credentials import creds_file
from symphony_doctor.testing import changed, healthy

IDENTITY = create_identity()
KEY = IDENTITY.symphony.key
SUBJECTS = ("$JS.API.STREAM.INFO.S", "$JS.API.STREAM.UPDATE.S")


def cluster_with(folder: Path, seed: str) -> Cluster:
    (folder / "symphony.config").write_text(json.dumps({"deep": [{"seed": seed}]}))
    cluster = healthy()
    node = cluster.node("node1")
    assert node is not None
    assert isinstance(node.symphony_config, Seen)
    reference = SeedReference("account", nkey.public_of_seed(seed), "x")
    config = replace(node.symphony_config.value, seeds=(reference,))
    cluster = changed(cluster, "node1", symphony_config=Seen(config, "x"))
    accounts = (
        replace(cluster.accounts[0], key=KEY, token=replace(cluster.accounts[0].token, subject=KEY, signing_keys=(
            nkey.public_of_seed(IDENTITY.symphony_signing_seed),
        ))),
    )  # fmt: skip
    return replace(cluster, accounts=accounts)


def claims(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jwt._base64(text.split(".")[1]))
    return found


@pytest.mark.parametrize("which", ["its own", "a signing key's"])
def test_a_user_is_made_of_a_seed_that_the_account_lists(tmp_path: Path, which: str) -> None:
    seed = IDENTITY.symphony.seed if which == "its own" else IDENTITY.symphony_signing_seed
    reach = Reach({}, {"node1": tmp_path})
    login = log_in(Access(KEY, SUBJECTS), reach, cluster_with(tmp_path, seed), time.time())
    user, said = jwt.decode(login.jwt, kind="user"), claims(login.jwt)
    assert user.signature_valid
    assert (user.effective_account, user.issuer) == (KEY, nkey.public_of_seed(seed))
    assert user.expires_at is not None
    assert 0 < user.expires_at - time.time() <= LIFETIME <= 300
    assert said["nats"]["pub"] == {"allow": list(SUBJECTS)}
    assert said["nats"]["sub"] == {"allow": [f"{login.inbox}.>"]}
    assert seed not in repr(login)
    assert login.seed not in repr(login)
    assert [each.name for each in tmp_path.iterdir()] == ["symphony.config"]


def test_no_key_of_the_account_no_user(tmp_path: Path) -> None:
    other = nkey.create_seed(nkey.Kind.ACCOUNT)
    with pytest.raises(RepairRefused, match="give --repair-creds FILE"):
        log_in(Access(KEY, SUBJECTS), Reach({}, {"node1": tmp_path}), cluster_with(tmp_path, other), time.time())


def test_a_seed_on_another_machine_is_not_used(tmp_path: Path) -> None:
    cluster = cluster_with(tmp_path, IDENTITY.symphony.seed)
    with pytest.raises(RepairRefused):
        log_in(Access(KEY, SUBJECTS), Reach({}, {"node2": tmp_path}), cluster, time.time())


def test_given_credentials_are_told_by_their_account(tmp_path: Path) -> None:
    path = tmp_path / "symphony.creds"
    write_private(path, credentials(IDENTITY.symphony, "u"))
    given = accounts_of([creds_file(path)])
    assert list(given) == [KEY]
    login = log_in(Access(KEY, SUBJECTS), Reach(given, {}), healthy(), time.time())
    assert (login.credentials, login.jwt, login.seed) == (given[KEY], "", "")
