"""Reports that have a name, for the snapshots of every format for people."""

from __future__ import annotations

from symphony_doctor.model.finding import EvidenceEntry, Remedy, Risk, Severity, Subject
from symphony_doctor.model.report import NodeCoverage, Report, Reported, Status

from . import builder

NO_CREDENTIALS = "node1, node2, node3: no system-account credentials"
SILENT = "10.0.0.3:4222 did not answer within 5 s"


def healthy() -> Report:
    return builder.report(results=builder.passed(*(f"JS{number:03}" for number in range(31))))


def skipped() -> Report:
    return builder.report(
        results=(
            *builder.passed("CF001", "ID001"),
            builder.result("JS001", "replicas-too-low", Status.SKIPPED, NO_CREDENTIALS),
            builder.result("JS003", "replica-unhealthy", Status.SKIPPED, NO_CREDENTIALS),
            builder.result("RT003", "route-unreachable", Status.SKIPPED, f"node3: {SILENT}", unproven=True),
        ),
        nodes=(
            NodeCoverage("node1", ("files", "info"), ()),
            NodeCoverage("node2", ("files", "info"), ("files: accounts: not permitted",)),
            NodeCoverage("node3", (), (f"info: {SILENT}",)),
        ),
    )


def crashed() -> Report:
    return builder.report(
        results=(
            *builder.passed("CF001"),
            builder.result("XX001", "custom", Status.CRASHED, "ZeroDivisionError: division by zero in divide, line 7"),
        ),
        problems=("my_rules: cannot be imported: SyntaxError",),
    )


def note() -> Reported:
    return builder.found(
        "CF005",
        "resolver-interval",
        "The resolver's interval is 10m",
        severity=Severity.INFO,
        subject=Subject("setting", "resolver.interval"),
        remedies=(Remedy("Set it to 2m", ("vi nats.config",), Risk.DISRUPTIVE),),
    )


def one_replica(*buckets: str) -> tuple[Reported, ...]:
    return tuple(
        builder.found(
            "JS001",
            "replicas-too-low",
            f"KV_{bucket} has 1 replica, 3 nodes ask for 3",
            subject=Subject("stream", f"KV_{bucket}", builder.ACCOUNT),
            nodes=("node1",),
            detail="The loss of node1 loses what is written to it.",
            evidence=(EvidenceEntry("node1", "JSZ", "num_replicas 3", "num_replicas 1"),),
            remedies=(Remedy("Scale the stream, with credentials of alice", (f"nats kv edit {bucket} --replicas 3",)),),
        )
        for bucket in buckets
    )


def hostile() -> Report:
    evil = "[red]x[/red]\x1b[31m\x9b2J\x07\u202e\nCluster fine: 99 rules passed"
    return builder.report(
        builder.found(
            "XX001",
            "custom",
            evil,
            subject=Subject("stream", evil, evil),
            nodes=(evil,),
            detail=evil,
            evidence=(EvidenceEntry(evil, evil, evil, evil),),
            remedies=(Remedy(evil, ("echo '[bold]' \x1b[31mred\x1b[0m \x07",)),),
        ),
        results=(builder.result("XX001", "custom", Status.CRASHED, evil),),
        nodes=(NodeCoverage(evil, ("files", evil), (evil,)),),
        problems=(evil,),
        name=evil,
    )
