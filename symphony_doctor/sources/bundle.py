"""Support bundles as a source: the observations that a run made, read back; several become one set of evidence."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from symphony_doctor.bundles.manifest import SNAPSHOT, BundleError, Manifest, check_time, from_json
from symphony_doctor.errors import InputError
from symphony_doctor.model.configuration import NatsConfig, SymphonyConfig
from symphony_doctor.model.evidence import Evidence, Seen
from symphony_doctor.sources.archive import Visit, open_bundle
from symphony_doctor.sources.files import failure
from symphony_doctor.sources.observation import NodeFiles, Observation, PortProbe, ServerAnswers, UiAnswers
from symphony_doctor.sources.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read: where from, what it says of itself, and what it holds."""

    path: Path
    manifest: Manifest
    snapshot: Snapshot


def read_bundle(path: Path, visit: Visit | None = None) -> Bundle:
    """Read one bundle; raise ``InputError`` naming the file and what is wrong with it.

    ``visit`` is given every file in it but the manifest.
    """
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise InputError(f"{failure(error, str(path), 'a file').why}") from None
    if not is_file:
        raise InputError(f"{path} is no file: expected what `symphony-doctor bundle collect` wrote")
    try:
        opened = open_bundle(path, visit)
        snapshot: Snapshot = from_json(Snapshot, opened.snapshot, SNAPSHOT)
        check_time(snapshot.observed_at)
    except BundleError as error:
        raise InputError(f"{path} cannot be used as a bundle: {error}") from None
    marked = tuple(_marked(each, opened.manifest.fingerprints) for each in snapshot.observations)
    return Bundle(path, opened.manifest, replace(snapshot, observations=marked))


def merged(bundles: Iterable[Bundle]) -> Snapshot:
    """Join the evidence of several bundles, as if one run had made it. Raises ``InputError``.

    The network was looked at where any bundle did; that a server does not answer is known where any bundle
    asked with credentials, as those reach every server. The earlier sample is that of the newest bundle.
    """
    every = tuple(bundles)
    _refuse_twice(every)
    shared = {name for name, count in Counter(_directories(every)).items() if count > 1}
    snapshots = [each.snapshot for each in every]
    newest = max(snapshots, key=lambda each: each.observed_at)
    return Snapshot(
        observed_at=newest.observed_at,
        network=any(each.network for each in snapshots),
        credentials=any(each.network and each.credentials for each in snapshots),
        files=any(each.files for each in snapshots),
        observations=tuple(
            _apart(observation, each.path, shared) for each in every for observation in each.snapshot.observations
        ),
        earlier=newest.earlier,
    )


def _directories(bundles: Iterable[Bundle]) -> Iterable[str]:
    return (found.directory for each in bundles for found in each.snapshot.observations if isinstance(found, NodeFiles))


def _refuse_twice(bundles: tuple[Bundle, ...]) -> None:
    seen: dict[tuple[str, str], Path] = {}
    for each in bundles:
        for directory in each.manifest.directories:
            place = (each.manifest.host, directory)
            if place in seen:
                raise InputError(
                    f"--bundle: {seen[place]} and {each.path} are both of {directory} on {each.manifest.host}: "
                    "give the newer one"
                )
            seen[place] = each.path


def _apart(observation: Observation, path: Path, shared: set[str]) -> Observation:
    """Tell a directory from the one of the same path in another bundle: it is what joins a node's evidence."""
    if not isinstance(observation, NodeFiles | ServerAnswers | UiAnswers | PortProbe):
        return observation
    if observation.directory not in shared:
        return observation
    return replace(observation, directory=f"{path}:{observation.directory}")


def _marked(observation: Observation, key: str) -> Observation:
    """Note of a node's configurations under which key their secrets were fingerprinted."""
    if not isinstance(observation, NodeFiles):
        return observation
    symphony: Evidence[SymphonyConfig] = observation.symphony_config
    nats: Evidence[NatsConfig] = observation.nats_config
    if isinstance(symphony, Seen):
        symphony = replace(symphony, value=replace(symphony.value, fingerprints=key))
    if isinstance(nats, Seen):
        nats = replace(nats, value=replace(nats.value, fingerprints=key))
    return replace(observation, symphony_config=symphony, nats_config=nats)
