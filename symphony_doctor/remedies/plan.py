"""From a report and a snapshot to a plan: pure, so that the same evidence gives the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symphony_doctor.model.action import Action, Refusal, Step
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Seen
from symphony_doctor.model.finding import Remedy, Risk
from symphony_doctor.model.identity import Token
from symphony_doctor.model.plan import Declined, Plan, Planned
from symphony_doctor.model.report import Report, Reported
from symphony_doctor.remedies.access import Reach, lacking

_RISKS = {Risk.SAFE: 0, Risk.DISRUPTIVE: 1, Risk.DESTRUCTIVE: 2}


def make_plan(
    name: str,
    report: Report,
    cluster: Cluster,
    actions: Iterable[Action],
    reach: Reach,
    *,
    extra: Mapping[str, str] | None = None,
) -> Plan:
    """Plan the first action of each finding that has one: root causes first, of these the harmless first.

    A finding that another one explains is planned behind that one, where that one is repaired at once: it
    is left out if it is gone by then. Behind one that waits for people it would be in vain. ``extra`` are
    parameters that people give, such as which nodes are lost.
    """
    by_name = {action.name: action for action in actions}
    roots = {found.id: _root_of(found, report) for found in report.findings}
    taken: list[tuple[Reported, tuple[Step, ...]]] = []
    declined: list[Declined] = []
    repaired: set[str] = set()
    for found in report.findings:
        root = roots[found.id]
        if root != found.id and root not in repaired:
            continue
        remedy = next((each for each in found.finding.remedies if each.action is not None), None)
        if remedy is None or remedy.action is None:
            continue
        steps = steps_of(remedy, cluster, by_name, reach, extra or {})
        if isinstance(steps, Refusal):
            declined.append(Declined(found.id, found.code, found.finding.title, remedy.action, steps.reason))
        else:
            taken.append((found, steps))
            if not any(step.waits or step.risk is Risk.DESTRUCTIVE for step in steps):
                repaired.add(found.id)
    risk_of_root = {found.id: max(_RISKS[step.risk] for step in steps) for found, steps in taken}
    order = {found.id: at for at, found in enumerate(report.findings)}
    taken.sort(key=lambda item: (risk_of_root.get(roots[item[0].id], 0), order[item[0].id]))
    planned: list[Planned] = []
    for found, steps in taken:
        for step in steps:
            cause = roots[found.id] if roots[found.id] != found.id else None
            number = f"{name}-{len(planned) + 1}"
            planned.append(Planned(number, found.id, found.code, found.finding.title, step, cause))
    return Plan(name, tuple(planned), tuple(declined))


def steps_of(
    remedy: Remedy, cluster: Cluster, actions: Mapping[str, Action], reach: Reach, extra: Mapping[str, str]
) -> tuple[Step, ...] | Refusal:
    """Return the steps that a remedy comes to, or why it is not done."""
    action = actions.get(remedy.action or "")
    if action is None:
        return Refusal(f"there is no action {remedy.action}")
    refusal = refused_in_general(action, cluster)
    if refusal is not None:
        return refusal
    steps = action.plan({**extra, **dict(remedy.parameters)}, cluster)
    if isinstance(steps, Refusal):
        return steps
    for step in steps:
        if step.access is not None and not reach.can(step.access.account, cluster):
            return Refusal(lacking(step.access.account, cluster))
        involved = (dict(step.parameters).get("node"), dict(remedy.parameters).get("from"))
        away = [name for name in involved if name is not None and name not in reach.directories]
        if step.access is None and away:
            return Refusal(_not_here(away[0], cluster))
    return steps


def _not_here(name: str, cluster: Cluster) -> str:
    node = cluster.node(name)
    if node is None or node.directory is None:
        return f"the files of {name} are not on this machine: run the doctor there, or give its --node"
    where = f"the files of {name} were read at {node.directory}, where the doctor changes nothing"
    return f"{where}: run the commands of the finding on that machine, or the doctor there"


def refused_in_general(action: Action, cluster: Cluster) -> Refusal | None:
    """Refuse what no action may do: anything while identities differ, replicas and peers without quorum."""
    differing = _differing_identity(cluster)
    if differing is not None:
        return Refusal(f"{differing} differ between the nodes: nothing but the identity is repaired first")
    if not action.needs_quorum:
        return None
    running = sum(node.is_up for node in cluster.nodes)
    if running < cluster.majority:
        return Refusal(f"the quorum is lost, or not known: {running} of {cluster.size} nodes are seen to be up")
    if running == cluster.majority and running < cluster.size:
        return Refusal(f"the quorum is at risk: {running} of {cluster.size} nodes are up, exactly the majority")
    return None


def _differing_identity(cluster: Cluster) -> str | None:
    operators = {node.operator.value.keys for node in cluster.nodes if isinstance(node.operator, Seen)}
    if len({frozenset(keys) for keys in operators}) > 1:
        return "operators"
    systems = {node.system_account.value for node in cluster.nodes if isinstance(node.system_account, Seen)}
    if len(systems) > 1:
        return "system accounts"
    preloads = {
        frozenset(
            (entry.account, entry.token.digest if isinstance(entry.token, Token) else entry.token.detail)
            for entry in node.preload.value
        )
        for node in cluster.nodes
        if isinstance(node.preload, Seen)
    }
    return "preloaded accounts" if len(preloads) > 1 else None


def _root_of(found: Reported, report: Report) -> str:
    by_id = {each.id: each for each in report.findings}
    seen: set[str] = set()
    at = found
    while at.cause is not None and at.cause in by_id and at.id not in seen:
        seen.add(at.id)
        at = by_id[at.cause]
    return at.id
