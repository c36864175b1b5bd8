"""Putting back one step of the journal."""

from __future__ import annotations

from typing import Any

from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.commands._repair_setting import Setting, all_actions, executor_of, reach_of, to_standard_error
from symphony_doctor.commands._request import EVIDENCE, request_of
from symphony_doctor.commands.checks import load_rules, providers
from symphony_doctor.commands.fix import NotUndone
from symphony_doctor.model.action import RepairFailed, RepairRefused, RepairUncertain
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.redaction import Secrets
from symphony_doctor.remedies.access import Reach
from symphony_doctor.remedies.history import Past, folders_of
from symphony_doctor.remedies.journal import Journal
from symphony_doctor.remedies.lock import locked
from symphony_doctor.sources.request import Request


async def undo(
    past: Past, journal: Journal, wishes: Wishes, options: dict[str, Any], known: Secrets, number: str
) -> str:
    """Put back what a step replaced and return a sentence on it; raise ``NotUndone`` where that cannot be."""
    if past.before is None:
        raise NotUndone("the journal does not have what it replaced")
    folders = folders_of(past.before)
    if folders:
        # files are put back by the journal alone: no server is asked
        request, cluster = Request(), Cluster(0.0, "", ())
        reach = Reach({}, {str(folder): folder for folder in folders})
    else:
        request = request_of(**{name: options[name] for name in EVIDENCE}, load_balancers=(), logs=(), bundles=())
        cluster = await observe(request, known)
        reach = reach_of(request, wishes, cluster)
    setting = Setting(request, load_rules((), request.judging).checks, known, providers(()))
    actions = all_actions(setting.providers, to_standard_error)
    executor = executor_of(setting, wishes, reach, actions, journal, to_standard_error)
    try:
        with locked([journal.directory, *folders]):
            return await executor.undo(past.last, past.before, number, cluster)
    except (RepairRefused, RepairFailed, RepairUncertain) as error:
        raise NotUndone(f"{past.last.step} is not put back: {error}") from None
