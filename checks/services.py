"""What instances and services answer: the UI ports, and what extensions are told of the cluster."""

from __future__ import annotations

from symphony_doctor.api import (
    Because,
    Cluster,
    EvidenceEntry,
    Finding,
    Gap,
    Iterator,
    Kind,
    Missing,
    Node,
    Remedy,
    Same,
    Seen,
    Severity,
    State,
    Subject,
    Ui,
    UiAnswer,
    check,
    known,
    replicas_wanted,
)

from ._commands import restart, start
from ._words import DOWN, ISOLATED, LESS_REDUNDANT, plural

_NOT_TOLD = frozenset({301, 302, 303, 307, 308, 401, 403})
"""Answers that stand before the instance and say nothing of it."""


@check(
    "UI001",
    name="ui-unhealthy",
    severity=Severity.ERROR,
    transient=True,
    needs=(Kind.UI, Kind.RUNNING),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        *DOWN,
        Because("CF006", Same.NODES),
        Because("CF007", Same.NODES),
        Because("CF001", Same.NODES),
        Because("CF002", Same.NODES),
        *ISOLATED,
        Because("JS006", Same.CLUSTER),
        Because("RT006", Same.NODES),
        Because("RT003", Same.NODES),
    ),
)
def ui_unhealthy(cluster: Cluster) -> Iterator[Finding | Gap]:
    """An instance's UI port does not answer, or says that the instance is degraded or not ready.

    What it means: users that the load balancer sends to this node get errors. If ping answers and health
    does not, the instance is up and what it needs, NATS or messaging, is not.

    How it is seen: GET of /api/v1/ping, /api/v1/health and /api/v1/ready on the UI port (network.uiport, else
    8080), on the host of the node's client port: 200 is healthy, 503 is degraded or not ready. A connection
    that is not answered at all may be a firewall's doing, and is no finding.

    What else it could be: an instance that is starting; a UI port that listens for the load balancer's
    host alone; another program on that port.

    By hand: read what the health endpoint says of its components, and the instance's log.

    Verify: `curl -i http://NODE:8080/api/v1/health` answers 200.
    """
    answers, gaps = known(cluster, lambda node: node.ui)
    yield from gaps
    running, gaps = known(cluster, lambda node: node.running)
    yield from gaps
    for node in cluster.nodes:
        seen = answers.get(node.name)
        # where nothing of a node is reached from here, its UI port is not either
        if seen is None or node.name not in running:
            continue
        if seen.value.refused:
            yield _refused(node, seen)
            continue
        untold = [each for each in seen.value.answers if each.status in _NOT_TOLD]
        for each in untold:
            why = f"{seen.value.address}{each.path} answered {each.status}, which was not followed"
            yield Gap(node.name, Missing(State.UNREADABLE, why, seen.value.address))
        bad = [each for each in seen.value.answers if not each.ok and each not in untold]
        if bad:
            yield _unhealthy(node, seen, bad)


def _refused(node: Node, seen: Seen[Ui]) -> Finding:
    return Finding(
        title=f"The UI port of {node.name} refuses connections",
        detail=f"Nothing listens on {seen.value.address}; its NATS server is {'down' if node.is_down else 'up'}.",
        subject=Subject("node", node.name),
        nodes=(node.name,),
        evidence=(EvidenceEntry(node.name, seen.where, "an answer to /api/v1/ping", "the connection is refused"),),
        remedies=(start((node.name,)),),
    )


def _unhealthy(node: Node, seen: Seen[Ui], bad: list[UiAnswer]) -> Finding:
    by_path = {each.path.rpartition("/")[2]: each for each in bad}
    pings = "ping" not in by_path
    words = next((each.words[0] for each in bad if each.words), "")
    if not pings:
        title = f"The UI port of {node.name} does not answer as an instance does: {_actual(by_path['ping'])}"
    elif "health" in by_path:
        title = f"{node.name} is degraded: {words or _actual(by_path['health'])}"
    else:
        title = f"{node.name} is not ready for traffic: {words or _actual(bad[0])}"
    return Finding(
        title=title,
        detail=(
            "The instance is up, and something that it needs is not."
            if pings
            else "Users that are sent to this node get no page."
        ),
        subject=Subject("node", node.name),
        nodes=(node.name,),
        evidence=tuple(
            EvidenceEntry(node.name, f"{seen.value.address}{each.path}", "200", _actual(each)) for each in bad
        ),
        remedies=(
            Remedy(
                "Read what it says, and its log",
                (
                    f"curl -s http://{seen.value.address}/api/v1/health",
                    "sudo journalctl -u symphony -n 200 --no-pager",
                ),
            ),
            restart((node.name,), "if the log names nothing else"),
        ),
    )


def _actual(answer: UiAnswer) -> str:
    status = "" if answer.status is None else str(answer.status)
    return ", ".join(filter(None, (status, *answer.words))) or "no answer"


@check(
    "EX001",
    name="cluster-info-disagrees",
    severity=Severity.WARNING,
    needs=(Kind.CLUSTER_INFO,),
    explained_by=(
        Because("QU001", Same.CLUSTER),
        Because("CF006", Same.CLUSTER),
        *LESS_REDUNDANT,
    ),
)
def cluster_info_disagrees(cluster: Cluster) -> Iterator[Finding | Gap]:
    """cirata.services.cluster.info tells extensions another replica count than the cluster's size asks for.

    What it means: extensions that leave the replica count to the SDK create their buckets with this one:
    too few replicas, which a failure loses, or more than can be placed, which is refused.

    How it is seen: the service is asked over NATS, with credentials of an account that may; its answer is
    compared with 3 for 3 and 4 nodes, 5 from 5 nodes on, 1 below.

    What else it could be: a cluster that has just grown or shrunk; or nodes that the doctor does not know.

    By hand: see that every node lists all others in its routes, and restart Symphony, one node at a time.

    Verify: `nats req cirata.services.cluster.info ''` with the same credentials.
    """
    info = cluster.cluster_info
    if isinstance(info, Missing):
        yield Gap(None, info)
        return
    wanted = replicas_wanted(cluster.size)
    if info.value.replicas == wanted:
        return
    yield Finding(
        title=f"Extensions are told {plural(info.value.replicas, 'replica')}, {cluster.size} nodes ask for {wanted}",
        detail="What extensions create gets this count, where they leave it to the SDK.",
        subject=Subject("cluster", "cirata.services.cluster.info"),
        nodes=tuple(node.name for node in cluster.nodes),
        evidence=(EvidenceEntry("cluster", info.where, f"{wanted}", f"{info.value.replicas}"),),
        remedies=(restart((node.name for node in cluster.nodes), "Symphony counts its nodes anew when it starts"),),
    )
