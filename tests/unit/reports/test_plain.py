from __future__ import annotations

import pytest

from symphony_doctor.model.finding import Remedy
from symphony_doctor.model.report import Report
from symphony_doctor.reports.plain import to_plain

from . import builder, scenes


def test_one_problem() -> None:
    assert (
        to_plain(builder.report(builder.account_missing()))
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
1 problem (error)

ERROR AC001 Account alice (AAJH7V...NQ5Z) is missing on node3
  on node3; account AAJH7V...NQ5Z
  node1, node2 hold its JWT. Its user cannot log in by way of node3, which
  creates no replica of its streams.
  source    expected                                                      actual     where
  --------  ------------------------------------------------------------  ---------  -------------------
  node1     AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z.jwt  present    /srv/node1/accounts
  node2     AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z.jwt  present    /srv/node2/accounts
  node3     AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z.jwt  not there  /srv/node3/accounts
  Repair: Push the account JWT to all resolvers, with system-account credentials
    nats req --replies 0 '$SYS.REQ.CLAIMS.UPDATE' "$(cat /srv/node1/accounts/AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z.jwt)"

Looked at: files, NATS and INFO of all 3 nodes; 4 rules: 3 passed, 1 failed
More:      symphony-doctor checks explain AC001
"""  # noqa: E501 - a command is on one line
    )


def test_a_cascade() -> None:
    assert (
        to_plain(builder.report(*builder.wizard()))
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
1 problem (critical), which explains 6 more findings

CRITICAL ID004 The setup wizard ran on node3 separately: 2 identities in one
cluster
  on node3; cluster identity
  Operator, system account and preloaded accounts of node3 all differ from those
  of node1 and node2. Copy from node1: most nodes have its identity.
  source    expected                  actual                    where
  --------  ------------------------  ------------------------  --------------------------
  node1     OBX3RD...Q7KM (symphony)  OBX3RD...Q7KM (symphony)  /srv/node1/nats.config:3:1
  node2     OBX3RD...Q7KM (symphony)  OBX3RD...Q7KM (symphony)  /srv/node2/nats.config:3:1
  node3     OBX3RD...Q7KM (symphony)  OD6SPE...W2TA (symphony)  /srv/node3/nats.config:3:1
  explains 6 more: ID001 operator-mismatch (operator), 4 x JS003
    replica-unhealthy (KV_accounts, KV_api_keys, KV_symphony_roles and 1 more),
    RT006 route-mesh-partial (node3)
  Repair: Copy symphony.config and nats.config from node1 to node3, then restart
    it [destructive]
    cp -a /srv/node3/storage /srv/node3/storage.before
    scp node1:/srv/node1/symphony.config node1:/srv/node1/nats.config /srv/node3/
    sudo systemctl restart symphony

Looked at: files, NATS and INFO of all 3 nodes; 7 rules: 3 passed, 4 failed
More:      symphony-doctor checks explain ID004
"""
    )


def test_health() -> None:
    assert (
        to_plain(scenes.healthy())
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
Healthy: 31 rules passed

Looked at: files, NATS and INFO of all 3 nodes; 31 rules: 31 passed
"""
    )


def test_what_could_not_be_decided() -> None:
    assert (
        to_plain(scenes.skipped())
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
No problem found, 2 of 5 rules passed; 3 rules could not decide

Looked at: files and INFO of node1, node2; 5 rules: 2 passed, 3 undecided
Not seen:  files and INFO of node3; NATS of all 3 nodes
Undecided: JS001 JS003: node1, node2, node3: no system-account credentials
Undecided: RT003: node3: 10.0.0.3:4222 did not answer within 5 s
Missing:   node2: files: accounts: not permitted
"""
    )


def test_a_crash() -> None:
    assert (
        to_plain(scenes.crashed())
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
No problem found, 1 of 2 rules passed; 1 rule CRASHED, 1 thing could not be used

CRASHED:   XX001 custom (symphony-doctor 0.1.0): ZeroDivisionError: division by
           zero in divide, line 7
Unusable:  my_rules: cannot be imported: SyntaxError
Looked at: files, NATS and INFO of all 3 nodes; 2 rules: 1 passed, 1 CRASHED
"""
    )


def test_verbose_lists_what_is_explained_and_every_rule() -> None:
    assert (
        to_plain(builder.report(*builder.wizard(), scenes.note()), verbosity=1)
        == """\
Cluster symphony, 3 nodes: node1, node2, node3
symphony-doctor 0.1.0, 2026-01-02 03:04:05 UTC
1 problem (critical), which explains 6 more findings

CRITICAL ID004 The setup wizard ran on node3 separately: 2 identities in one
cluster
  on node3; cluster identity
  Operator, system account and preloaded accounts of node3 all differ from those
  of node1 and node2. Copy from node1: most nodes have its identity.
  source    expected                  actual                    where
  --------  ------------------------  ------------------------  --------------------------
  node1     OBX3RD...Q7KM (symphony)  OBX3RD...Q7KM (symphony)  /srv/node1/nats.config:3:1
  node2     OBX3RD...Q7KM (symphony)  OBX3RD...Q7KM (symphony)  /srv/node2/nats.config:3:1
  node3     OBX3RD...Q7KM (symphony)  OD6SPE...W2TA (symphony)  /srv/node3/nats.config:3:1
  explains 6 more:
    critical ID001 Operators differ
      on node3; cluster operator
    error JS003 KV_accounts has a replica that is offline
      on node3; stream KV_accounts of account
      AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z
    error JS003 KV_api_keys has a replica that is offline
      on node3; stream KV_api_keys of account
      AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z
    error JS003 KV_symphony_roles has a replica that is offline
      on node3; stream KV_symphony_roles of account
      AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z
    error JS003 KV_symphony_users has a replica that is offline
      on node3; stream KV_symphony_users of account
      AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z
    warning RT006 node3 has no route
      on node3
  Repair: Copy symphony.config and nats.config from node1 to node3, then restart
    it [destructive]
    cp -a /srv/node3/storage /srv/node3/storage.before
    scp node1:/srv/node1/symphony.config node1:/srv/node1/nats.config /srv/node3/
    sudo systemctl restart symphony

INFO CF005 The resolver's interval is 10m (on node3; setting resolver.interval)
  Repair: Set it to 2m [disruptive]
    vi nats.config

code    name                outcome    ms
------  ------------------  ---------  ----
ID004   wizard-per-node     failed     1.5
ID001   operator-mismatch   failed     1.5
JS003   replica-unhealthy   failed     1.5
RT006   route-mesh-partial  failed     1.5
CF005   resolver-interval   failed     1.5
CF001   rule-cf001          passed     0.2
CF002   rule-cf002          passed     0.2
RT001   rule-rt001          passed     0.2

Looked at: files, NATS and INFO of all 3 nodes; 8 rules: 3 passed, 5 failed
More:      symphony-doctor checks explain ID004
"""
    )


def test_quiet_is_one_line() -> None:
    assert to_plain(scenes.healthy(), verbosity=-1) == "symphony (3 nodes): Healthy: 31 rules passed\n"


@pytest.mark.parametrize("report", [builder.report(*builder.wizard()), scenes.hostile()])
def test_it_is_ascii(report: Report) -> None:
    text = to_plain(report, verbosity=1)

    assert text.isascii()
    assert not {character for character in text if character != "\n" and not character.isprintable()}


def test_a_command_alone_keeps_its_letters() -> None:
    found = builder.found("XX001", "custom", "Größe", remedies=(Remedy("Löschen", ("rm 'Größe…'",)),))

    text = to_plain(builder.report(found))

    assert "ERROR XX001 Gr\\xf6\\xdfe\n" in text
    assert "  Repair: L\\xf6schen\n    rm 'Größe…'\n" in text


@pytest.mark.parametrize("width", [-5, 40, 200])
def test_commands_do_not_depend_on_the_width(width: int) -> None:
    (remedy,) = builder.account_missing().finding.remedies

    assert f"\n    {remedy.commands[0]}\n" in to_plain(builder.report(builder.account_missing()), width=width)
