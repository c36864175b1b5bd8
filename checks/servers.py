"""Servers: their health by their own word, their versions, their clocks, their slow consumers."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Remedy,
    Risk,
    Same,
    Seen,
    Server,
    Severity,
    Subject,
    check,
    groups,
    known,
)

from ._clocks import THIS_MACHINE, Clock, odd_clocks
from ._words import DIVIDED, LESS_REDUNDANT, differing, listing, plural, verb

_DAY = 86_400


@check(
    "SV004",
    name="server-unhealthy",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.HEALTH,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DIVIDED,
        Because("RT001", Same.NODES),
        Because("RT004", Same.NODES),
        Because("RT007", Same.NODES),
        Because("CF002", Same.NODES),
        Because("RT006", Same.NODES),
        Because("JS006", Same.CLUSTER),
        Because("JS004", Same.NODES),
        Because("AC001", Same.NODES),
        Because("AC003", Same.NODES),
        Because("JS002", Same.NODES),
        Because("JS003", Same.NODES),
        *LESS_REDUNDANT,
    ),
)
def server_unhealthy(cluster: Cluster) -> Iterator[Finding | Gap]:
    """A server says of itself that it is not healthy.

    What it means: the server is not current with the meta leader, or a stream or consumer on it is not
    where it should be.

    How it is seen: HEALTHZ, in the server's own words. It speaks of this server alone: it is 'ok' while a
    replica elsewhere is missing.

    What else it could be: a server that has just started and is catching up; --wait tells.

    By hand: read the words; they name the account, the stream and the consumer.

    Verify: `nats server request jetstream-health` answers ok.
    """
    values, gaps = known(cluster, lambda node: node.health)
    yield from gaps
    for node, seen in sorted(values.items()):
        if seen.value.ok:
            continue
        problems = seen.value.problems or ("no reason given",)
        yield Finding(
            title=f"The server of {node} is not healthy: {problems[0]}",
            detail="These are the server's own words.",
            subject=Subject("node", node),
            nodes=(node,),
            evidence=tuple(EvidenceEntry(node, "HEALTHZ", "ok", problem) for problem in problems[:10]),
            remedies=(Remedy("Read its log from when this began", ("sudo journalctl -u symphony -n 200 --no-pager",)),),
        )


@check("SV001", name="version-skew", severity=Severity.WARNING, needs=(Kind.VERSION,))
def version_skew(cluster: Cluster) -> Iterator[Finding | Gap]:
    """Servers of the cluster run different versions of nats-server.

    What it means: it works for the hours of an upgrade, one node after the other. For longer it does not: a
    stream that uses what only the newer version knows goes offline on the older one.

    How it is seen: the version in VARZ, else in the greeting of the client port.

    What else it could be: an upgrade that is going on.

    By hand: bring the older nodes to the newest version, one at a time, waiting for each to be healthy. Do
    not go back to an older version on a node that has run the newer one.

    Verify: `nats server list` shows one version.
    """
    values, gaps = known(cluster, lambda node: node.version)
    yield from gaps
    versions = {node: seen.value for node, seen in values.items()}
    grouped = groups(values, lambda version: version)
    if len(grouped) < 2:  # noqa: PLR2004 - one version is none too many
        return
    newest = max(versions.values(), key=_release)
    behind = tuple(sorted(node for node, version in versions.items() if version != newest))
    yield Finding(
        title=f"The servers run different versions: {listing(sorted(set(versions.values()), key=_release))}",
        detail=f"{listing(behind)} {verb(len(behind), 'runs', 'run')} an older version than the other nodes.",
        subject=Subject("cluster", "version"),
        nodes=differing(grouped),
        evidence=tuple(EvidenceEntry(node, seen.where, newest, seen.value) for node, seen in sorted(values.items())),
        remedies=(
            Remedy(
                f"Upgrade {listing(behind)} to {newest}, one node at a time, and wait for each to be healthy",
                ("nats server list", "symphony-doctor run --wait 5m"),
                Risk.DISRUPTIVE,
            ),
        ),
    )


def _release(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Order versions: by their numbers, a pre-release before its release."""
    numbers, _, rest = version.partition("-")
    return tuple(int(part) for part in numbers.split(".") if part.isdigit()), not rest, rest


@check("SV002", name="clock-skew", severity=Severity.WARNING, needs=(Kind.SERVER,))
def clock_skew(cluster: Cluster, *, most_seconds: float = 1.0) -> Iterator[Finding | Gap]:
    """The clocks of servers differ by more than a second.

    What it means: a JWT that was just issued is not valid yet on a server whose clock is behind, and a user
    or account is refused there; certificates and JWTs expire too early or too late; the times of messages
    and of log lines cannot be compared. Raft itself does not depend on the time of day.

    How it is seen: the time in VARZ against the middle between question and answer by the clock of this
    machine. Half of the round trip is the most that this can be wrong by, and it is taken off. The clock of
    this machine counts as one more: where all servers agree and only this machine differs, it is worth
    knowing and no more.

    What else it could be: a virtual machine that was paused; its clock is set again within minutes.

    By hand: see on the node that time synchronisation runs (chrony, systemd-timesyncd, ntpd) and reaches its
    source.

    Verify: `timedatectl` on the node says 'System clock synchronized: yes', and `symphony-doctor run`.
    """
    values, gaps = known(cluster, lambda node: node.server)
    yield from gaps
    clocks = {node: Clock(seen.value.clock_offset, seen.value.round_trip / 2) for node, seen in sorted(values.items())}
    odd, reference = odd_clocks(clocks, most_seconds)
    if not odd:
        return
    detail = "JWTs and certificates are judged by the clock of each server: they are valid too early or too late."
    severity = None
    if THIS_MACHINE not in odd:
        shown = ", ".join(f"{node} is {_ahead(clocks[node].offset - reference)}" for node in odd)
        subject = verb(len(odd), f"clock of {odd[0]} differs", f"clocks of {listing(odd)} differ")
        title = f"The {subject} from the others: {shown}"
    elif len(clocks) == 1:
        odd = tuple(clocks)
        title = f"The clock of {odd[0]} is {_ahead(reference)} of this machine's: one of the two is wrong"
    else:
        odd, severity = (), Severity.INFO
        title = f"The clock of this machine is {_ahead(-reference)} of those of all servers"
        detail = "What the doctor says of expiry is by the clock of this machine."
    yield Finding(
        title=title,
        detail=detail,
        subject=Subject("cluster", "clocks"),
        nodes=odd,
        evidence=tuple(
            EvidenceEntry(
                node,
                values[node].where,
                f"clocks within {most_seconds:g} s of each other",
                f"{_ahead(clock.offset)} of this machine's, give or take {clock.uncertainty:.3f} s",
            )
            for node, clock in clocks.items()
        ),
        remedies=(
            Remedy(
                f"See on {listing(odd) or 'this machine'} why the clock is not synchronised",
                ("timedatectl", "chronyc tracking || timedatectl timesync-status"),
            ),
        ),
        severity=severity,
    )


def _ahead(seconds: float) -> str:
    return f"{abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'}"


@check("SV005", name="slow-consumers", severity=Severity.WARNING, needs=(Kind.SERVER,))
def slow_consumers(cluster: Cluster, *, most_per_day: float = 2.0) -> Iterator[Finding | Gap]:
    """A server disconnects clients or routes that do not read as fast as they are sent to.

    What it means: such a client loses its connection and, without JetStream, the messages in between. Where
    it is a route, the other server is too slow or the network between them is, and replication suffers.

    How it is seen: slow_consumers in VARZ, which counts since the server's start. So that a count of long ago
    raises no alarm, it is divided by the days that the server has run, at least one: more than most_per_day
    is a finding.

    What else it could be: one client that was suspended and came back, several times.

    By hand: the server's log names them: 'Slow Consumer Detected'. Make the client read faster or hand its
    work to a queue group; look at the network where it is a route.

    Verify: `nats server list` shows a count in the column Slow that does not grow.
    """
    values, gaps = known(cluster, lambda node: node.server)
    yield from gaps
    for node, seen in sorted(values.items()):
        days = max(1.0, (cluster.observed_at - seen.value.started_at) / _DAY)
        if seen.value.slow_consumers > most_per_day * days:
            yield _slow(node, seen, cluster.observed_at, most_per_day)


def _slow(node: str, seen: Seen[Server], now: float, most_per_day: float) -> Finding:
    server = seen.value
    routes = f", {plural(server.slow_routes, 'route')} to other servers among them" if server.slow_routes else ""
    return Finding(
        title=f"{node} had {plural(server.slow_consumers, 'slow consumer')} in the {_since(now - server.started_at)} "
        "since its start",
        detail=f"It disconnected them, as they did not take what it had to send{routes}.",
        subject=Subject("node", node),
        nodes=(node,),
        evidence=(
            EvidenceEntry(node, seen.where, f"at most {most_per_day:g} a day", f"{server.slow_consumers}{routes}"),
        ),
        remedies=(
            Remedy(
                "Find out who they are: the server's log names them, and the list of closed connections does",
                (
                    "sudo journalctl -u symphony --no-pager | grep 'Slow Consumer'",
                    f"nats server report connections --state closed --host {node}",
                ),
            ),
        ),
    )


def _since(seconds: float) -> str:
    for size, word in ((_DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(int(seconds // size), word)
    return plural(max(1, int(seconds)), "second")
