"""Reports of every shape, for properties that hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from symphony_doctor.model.finding import EvidenceEntry, Finding, Remedy, Risk, Severity, Subject
from symphony_doctor.model.report import CheckResult, NodeCoverage, Report, Reported, Status

from .builder import AT

anything = st.text(max_size=60) | st.sampled_from(["[red]x[/red]", "\x1b[31mred\x1b[0m", "\x9b2J", "ä…漢字", "\ud800"])
titles = st.text(min_size=1, max_size=60) | anything.filter(bool)
commands = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")) | st.just("\t"), min_size=1, max_size=200
)
codes = st.from_regex(r"[A-Z]{2,5}[0-9]{3}", fullmatch=True)
names = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
sources = st.lists(st.sampled_from(["files", "nats", "info", "http"]), unique=True).map(tuple)

remedies = st.builds(
    Remedy,
    titles,
    st.lists(commands, max_size=3).map(tuple),
    st.sampled_from(Risk),
    st.none() | anything,
    st.lists(st.tuples(anything, anything), max_size=2).map(tuple),
)
subjects = st.builds(
    Subject,
    st.sampled_from(["cluster", "node", "account", "stream", "route", "setting", "file"]),
    anything,
    st.none() | anything,
)
findings = st.builds(
    Finding,
    title=titles,
    detail=anything,
    subject=subjects,
    nodes=st.lists(anything, max_size=4).map(tuple),
    evidence=st.lists(st.builds(EvidenceEntry, anything, anything, anything, anything), max_size=8).map(tuple),
    remedies=st.lists(remedies, max_size=2).map(tuple),
)
results = st.builds(
    CheckResult,
    code=codes,
    name=names,
    status=st.sampled_from(Status),
    reason=anything,
    duration_ms=st.floats(0, 1e6),
    origin=anything,
)
nodes = st.builds(NodeCoverage, anything, sources, st.lists(anything, max_size=2).map(tuple))


@st.composite
def reported(draw: st.DrawFn) -> tuple[Reported, ...]:
    """Draw findings with ids, whose causes may also be in a circle or not there."""
    every = draw(st.lists(findings, max_size=6))
    chosen = draw(st.lists(codes, min_size=1, max_size=2))
    ids = [f"{draw(st.sampled_from(chosen))}-{index:010x}" for index in range(len(every))]
    causes = st.none() | st.sampled_from([*ids, "XX999-0123456789"])
    return tuple(
        Reported(
            id=name,
            code=name.partition("-")[0],
            name=draw(names),
            severity=draw(st.sampled_from(Severity)),
            finding=finding,
            cause=draw(causes),
            docs="docs/rules.md#code",
        )
        for name, finding in zip(ids, every, strict=True)
    )


reports = st.builds(
    Report,
    doctor_version=st.just("0.1.0"),
    generated_at=st.floats(AT, AT + 1e9),
    cluster_name=anything,
    nodes=st.lists(nodes, max_size=4).map(tuple),
    results=st.lists(results, max_size=8).map(tuple),
    findings=reported(),
    problems=st.lists(anything, max_size=2).map(tuple),
)
