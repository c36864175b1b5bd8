"""Bundles made apart: which secrets can be compared, and how their evidence is joined."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from symphony_doctor.bundles.files import BundleFile
from symphony_doctor.bundles.key import bundle_key, key_name
from symphony_doctor.bundles.manifest import KIND, SCHEMA, Manifest
from symphony_doctor.bundles.write import fit
from symphony_doctor.commands._bundle_file import write_bundle
from symphony_doctor.errors import InputError, LeakError
from symphony_doctor.formats.nkey import Kind, create_seed
from symphony_doctor.model.evidence import Missing, State
from symphony_doctor.redaction import Secrets
from symphony_doctor.sources.bundle import Bundle, merged
from symphony_doctor.sources.observation import NodeFiles, Observation, ServerAnswers
from symphony_doctor.sources.snapshot import Snapshot

LOST = Missing(State.ABSENT, "not there")
MANIFEST = Manifest(KIND, SCHEMA, "0", 1.0, "host", "key", (), ())


def bundle(name: str, *observations: Observation, at: float = 1.0, **asked: bool) -> Bundle:
    places = tuple(os.path.realpath(each.directory) for each in observations if isinstance(each, NodeFiles))
    return Bundle(
        Path(f"{name}.tar.gz"),
        replace(MANIFEST, host=name.partition("-")[0], directories=places),
        Snapshot(
            at,
            network=asked.get("network", False),
            credentials=asked.get("credentials", False),
            files=asked.get("files", True),
            observations=observations,
        ),
    )


def files(directory: str) -> NodeFiles:
    return NodeFiles(None, directory, LOST, LOST, LOST, LOST)


def test_nodes_that_share_the_operators_seed_share_the_key() -> None:
    seed, other = create_seed(Kind.OPERATOR), create_seed(Kind.OPERATOR)
    one, two = bundle_key([f'{{"a": "{seed}"}}']), bundle_key([f"uiport 8081 {seed}", "nothing"])
    assert one == two
    assert key_name(one) == key_name(two)
    assert bundle_key([other]) != one
    assert seed.encode() not in one


def test_without_a_seed_every_key_is_another() -> None:
    account = create_seed(Kind.ACCOUNT)
    assert bundle_key([account]) != bundle_key([account])
    assert key_name(bundle_key([])) != key_name(bundle_key([]))


def test_the_same_directory_on_two_machines_is_two_nodes() -> None:
    one = bundle("n1", files("/opt/symphony"), ServerAnswers("h:1", "/opt/symphony"))
    two = bundle("n2", files("/opt/symphony"), files("/srv/other"))
    found = [getattr(each, "directory", None) for each in merged([one, two]).observations]
    assert found == ["n1.tar.gz:/opt/symphony", "n1.tar.gz:/opt/symphony", "n2.tar.gz:/opt/symphony", "/srv/other"]


def test_two_bundles_of_one_node_are_refused() -> None:
    with pytest.raises(InputError, match="both of /opt/symphony on n1: give the newer one"):
        merged([bundle("n1-old", files("/opt/symphony")), bundle("n1-new", files("/opt/symphony"), at=2.0)])


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((False, False), (False, False), (False, False)),
        ((True, False), (False, False), (True, False)),
        ((True, True), (False, False), (True, True)),
        ((True, False), (False, True), (True, False)),
    ],
)
def test_what_was_asked_for_is_what_any_of_them_asked(
    one: tuple[bool, bool], two: tuple[bool, bool], expected: tuple[bool, bool]
) -> None:
    joined = merged(
        [
            bundle("n1", network=one[0], credentials=one[1]),
            bundle("n2", network=two[0], credentials=two[1], at=5.0),
        ]
    )
    assert (joined.network, joined.credentials) == expected
    assert joined.observed_at == 5.0


def test_what_does_not_fit_is_left_out_and_said() -> None:
    large = bytes(range(256)) * 4 + b"".join(bytes([i * 7 % 256, i % 251]) for i in range(4000))
    chosen, left_out = fit(
        [BundleFile("snapshot.json", b"x")], [BundleFile("a.txt", large), BundleFile("b.txt", b"y")], 6000
    )
    assert [each.name for each in chosen] == ["snapshot.json", "b.txt"]
    assert [(each.name, each.size, each.why) for each in left_out] == [("a.txt", len(large), "--max-size")]


def test_evidence_that_does_not_fit_is_an_error_that_says_how_much_would() -> None:
    with pytest.raises(InputError, match="the evidence alone needs"):
        fit([BundleFile("snapshot.json", bytes(range(256)) * 20)], [], 1000)


@pytest.mark.parametrize("spelling", ["{}", '{{"password": "{}"}}'])
def test_a_secret_that_got_past_the_redaction_stops_the_bundle(spelling: str, tmp_path: Path) -> None:
    known = Secrets(bytes(range(32)))
    known.fingerprint("Tr0ub4dor&3-horse")
    path = tmp_path / "b.tar.gz"
    with pytest.raises(LeakError, match=r"report\.txt.* held a secret"):
        write_bundle(
            path, MANIFEST, [BundleFile("report.txt", spelling.format("Tr0ub4dor&3-horse").encode())], known.leaks
        )
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    path.touch(mode=0o644)
    write_bundle(path, MANIFEST, [BundleFile("report.txt", b"x")], lambda _: ())
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["b.tar.gz"]
