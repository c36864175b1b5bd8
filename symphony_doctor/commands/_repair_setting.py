"""Where a repair works: its actions, its journal, whom it can be, and what carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import click

from symphony_doctor.commands._observing import observe
from symphony_doctor.commands._repair_options import Wishes
from symphony_doctor.engine.diagnose import diagnose
from symphony_doctor.engine.load import Provider, load_actions
from symphony_doctor.errors import LeakError
from symphony_doctor.model.action import Action
from symphony_doctor.model.check import Check
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.redaction import Secrets
from symphony_doctor.remedies.access import Reach, accounts_of
from symphony_doctor.remedies.executor import Executor, Look
from symphony_doctor.remedies.journal import Journal, default_directory
from symphony_doctor.sources.request import Request

BUILTIN = Provider("symphony_doctor.remedies.actions", "symphony-doctor")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a repair works: the request, every rule there is, and the secrets of the run."""

    request: Request
    rules: tuple[Check, ...]
    known: Secrets
    providers: tuple[Provider, ...] = ()


def all_actions(providers: Iterable[Provider], tell: Callable[[str], None]) -> dict[str, Action]:
    """Load the actions, and say which cannot be."""
    loaded = load_actions([BUILTIN, *providers])
    for broken in loaded.broken:
        tell(f"not loaded: {broken.origin}: {broken.error}")
    return loaded.actions


def journal_of(wishes: Wishes, setting: Setting) -> Journal:
    """Return the journal, in ``--journal`` or in the user's state directory."""
    directory = wishes.journal or default_directory(setting.request.environment)
    return Journal(directory.absolute(), setting.known.leaks)


def executor_of(
    setting: Setting,
    wishes: Wishes,
    reach: Reach,
    actions: dict[str, Action],
    journal: Journal,
    tell: Callable[[str], None],
) -> Executor:
    """Return what carries out a plan; it looks with every rule, whatever was selected."""

    async def look_again() -> Look:
        cluster = await observe(setting.request, setting.known)
        return Look(cluster, diagnose(setting.rules, cluster, judging=setting.request.judging))

    return Executor(
        actions=actions,
        reach=reach,
        journal=journal,
        look=look_again,
        tell=lambda text: say(text + "\n", setting.known, tell),
        seconds=setting.request.seconds,
        extra=extra_of(wishes),
    )


def reach_of(request: Request, wishes: Wishes, cluster: Cluster) -> Reach:
    """Return the accounts that were given credentials for, and the node directories on this machine, by node."""
    given = [*wishes.credentials, *filter(None, (request.credentials, *request.further_credentials))]
    directories = {}
    for node in cluster.nodes:
        for each in request.directories:
            files = (str(each.directory / "nats.config"), str(each.directory / "symphony.config"))
            # a directory of another host may have the same path
            is_here = each.host is None and node.directory == each.place
            if is_here and (node.nats_config.where, node.symphony_config.where) == files:
                directories[node.name] = each.directory
    return Reach(accounts_of(given), directories, request.tls)


def extra_of(wishes: Wishes) -> dict[str, str]:
    """Return the parameters that people give to every action."""
    return {"lost": ",".join(wishes.lost)} if wishes.lost else {}


def to_standard_error(text: str) -> None:
    """Say something that belongs to no document."""
    click.echo(text, err=True)


def say(text: str, known: Secrets, tell: Callable[[str], None]) -> None:
    """Say something, unless it holds a secret that this run has read."""
    leaks = known.leaks(text)
    if leaks:
        raise LeakError(f"the plan held a secret and was not shown ({leaks[0]}): this is a fault of the doctor")
    tell(text.rstrip("\n"))


def absolute(request: Request) -> Request:
    """Return the request with absolute paths: the journal must mean the same files from everywhere."""
    return replace(
        request, directories=tuple(replace(each, directory=each.directory.absolute()) for each in request.directories)
    )
