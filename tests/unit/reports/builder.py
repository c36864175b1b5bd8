"""Reports made by hand, from as few words as a test needs."""

from __future__ import annotations

from symphony_doctor.engine.explain import finding_id
from symphony_doctor.model.finding import EvidenceEntry, Finding, Remedy, Risk, Severity, Subject
from symphony_doctor.model.report import CheckResult, NodeCoverage, Report, Reported, Status

AT = 1_767_323_045.0
"""2026-01-02 03:04:05 UTC."""

ACCOUNT = "AAJH7VSM2NBEDGBZQWU3RZXKPTXYRNLCXZYQ4GDTVZ4S3JVY2WGVNQ5Z"
ALL = ("files", "nats", "info")
NODES = tuple(NodeCoverage(name, ALL, ()) for name in ("node1", "node2", "node3"))

ORIGIN = "symphony-doctor 0.1.0"


def passed(*codes: str) -> tuple[CheckResult, ...]:
    return tuple(CheckResult(code, f"rule-{code.lower()}", Status.PASSED, "", 0.25, ORIGIN) for code in codes)


def result(
    code: str, name: str, status: Status, reason: str = "", *, unproven: bool = False, ms: float = 1.5
) -> CheckResult:
    return CheckResult(code, name, status, reason, ms, ORIGIN, unproven)


def found(
    code: str,
    name: str,
    title: str,
    *,
    severity: Severity = Severity.ERROR,
    subject: Subject | None = None,
    nodes: tuple[str, ...] = ("node3",),
    detail: str = "",
    evidence: tuple[EvidenceEntry, ...] = (),
    remedies: tuple[Remedy, ...] = (),
    cause: Reported | None = None,
) -> Reported:
    finding = Finding(title, detail, subject or Subject("cluster", "cluster"), nodes, evidence, remedies)
    return Reported(
        id=finding_id(code, finding),
        code=code,
        name=name,
        severity=severity,
        finding=finding,
        cause=cause.id if cause else None,
        docs=f"docs/rules.md#{code.lower()}",
    )


def report(
    *findings: Reported,
    results: tuple[CheckResult, ...] | None = None,
    nodes: tuple[NodeCoverage, ...] = NODES,
    problems: tuple[str, ...] = (),
    name: str = "symphony",
) -> Report:
    if results is None:
        failed = {item.code: result(item.code, item.name, Status.FAILED) for item in findings}
        results = (*failed.values(), *passed("CF001", "CF002", "RT001"))
    return Report("0.1.0", AT, name, nodes, results, findings, problems)


def account_missing() -> Reported:
    """Build one problem with everything that it can have."""
    return found(
        "AC001",
        "account-jwt-missing",
        "Account alice (AAJH7V…NQ5Z) is missing on node3",
        subject=Subject("account", ACCOUNT),
        detail=(
            "node1, node2 hold its JWT. Its user cannot log in by way of node3, which creates no replica of "
            "its streams."
        ),
        evidence=(
            EvidenceEntry("node1", "/srv/node1/accounts", f"{ACCOUNT}.jwt", "present"),
            EvidenceEntry("node2", "/srv/node2/accounts", f"{ACCOUNT}.jwt", "present"),
            EvidenceEntry("node3", "/srv/node3/accounts", f"{ACCOUNT}.jwt", "not there"),
        ),
        remedies=(
            Remedy(
                "Push the account JWT to all resolvers, with system-account credentials",
                (f"nats req --replies 0 '$SYS.REQ.CLAIMS.UPDATE' \"$(cat /srv/node1/accounts/{ACCOUNT}.jwt)\"",),
                action="account.push",
            ),
        ),
    )


def wizard() -> tuple[Reported, ...]:
    """Build a root cause with findings that it explains, one of them by way of another."""
    root = found(
        "ID004",
        "wizard-per-node",
        "The setup wizard ran on node3 separately: 2 identities in one cluster",
        severity=Severity.CRITICAL,
        subject=Subject("cluster", "identity"),
        detail=(
            "Operator, system account and preloaded accounts of node3 all differ from those of node1 and "
            "node2. Copy from node1: most nodes have its identity."
        ),
        evidence=(
            EvidenceEntry("node1", "/srv/node1/nats.config:3:1", "OBX3RD…Q7KM (symphony)", "OBX3RD…Q7KM (symphony)"),
            EvidenceEntry("node2", "/srv/node2/nats.config:3:1", "OBX3RD…Q7KM (symphony)", "OBX3RD…Q7KM (symphony)"),
            EvidenceEntry("node3", "/srv/node3/nats.config:3:1", "OBX3RD…Q7KM (symphony)", "OD6SPE…W2TA (symphony)"),
        ),
        remedies=(
            Remedy(
                "Copy symphony.config and nats.config from node1 to node3, then restart it",
                (
                    "cp -a /srv/node3/storage /srv/node3/storage.before",
                    "scp node1:/srv/node1/symphony.config node1:/srv/node1/nats.config /srv/node3/",
                    "sudo systemctl restart symphony",
                ),
                Risk.DESTRUCTIVE,
            ),
        ),
    )
    operator = found(
        "ID001", "operator-mismatch", "Operators differ", severity=Severity.CRITICAL,
        subject=Subject("cluster", "operator"), cause=root,
    )  # fmt: skip
    streams = tuple(
        found(
            "JS003", "replica-unhealthy", f"{name} has a replica that is offline",
            subject=Subject("stream", name, ACCOUNT), cause=operator,
        )
        for name in ("KV_accounts", "KV_api_keys", "KV_symphony_roles", "KV_symphony_users")
    )  # fmt: skip
    route = found(
        "RT006", "route-mesh-partial", "node3 has no route", severity=Severity.WARNING,
        subject=Subject("node", "node3"), cause=root,
    )  # fmt: skip
    return (root, operator, *streams, route)
