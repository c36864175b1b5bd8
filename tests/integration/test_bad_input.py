"""Files of any condition: each is named, in bounded time and memory, and the other nodes are still judged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .program import Done, doctor, listing

pytestmark = pytest.mark.cluster

LARGE = 1 << 30
Make = Callable[[Path], object]


@pytest.fixture
def tree(origin: Path, tmp_path: Path) -> Path:
    """Copies of the three directories; the third has another rbac.default_role than the others: CF008."""
    for name in ("node1", "node2", "node3"):
        shutil.copytree(origin / name, tmp_path / name)
    path = tmp_path / "node3" / "symphony.config"
    document = json.loads(path.read_bytes())
    document["rbac"]["default_role"] = "somebody-else"
    path.write_text(json.dumps(document))
    return tmp_path


def diagnose(tree: Path, *more: str, powerless: bool = False) -> Done:
    """Run on the three directories, and show that the third is judged and that nothing is written."""
    before = listing(tree)
    nodes = [argument for name in ("node1", "node2", "node3") for argument in ("--node", str(tree / name))]
    done = doctor("run", *nodes, "--offline", "--format", "json", *more, powerless=powerless)
    assert listing(tree) == before
    assert done.seconds < 20
    assert done.report["summary"]["crashed"] == 0
    assert any("node3" in finding["nodes"] for finding in done.findings("CF008")), "node3 is no longer judged"
    return done


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGE)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


MADE: dict[str, tuple[Make, str]] = {
    "missing": (lambda _: None, "does not exist"),
    "directory": (Path.mkdir, "is a directory, expected a file"),
    "fifo": (os.mkfifo, "is a FIFO, expected a file"),
    "symlink-loop": (loop, "is a loop of symbolic links"),
    "dangling-symlink": (dangling, "does not exist"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a character device, expected a file"),
    "sparse-1-gb": (sparse, "has 1,073,741,824 bytes, expected at most"),
    "empty": (content(b""), "expected"),
    "binary": (content(bytes(range(256)) * 4096), "expected"),
    "deep": (content(b'{"a":' * 100_000), "expected at most 200"),
    "cut-in-the-middle": (content(b'{\n "naming": {\n  "product": "x'), "3:"),
}


@pytest.mark.parametrize("name", ["nats.config", "symphony.config"])
@pytest.mark.parametrize("case", MADE)
def test_cf001_fault_unusable_file(case: str, name: str, tree: Path) -> None:
    """A configuration file that is missing, no file, too large or no text is named with what was expected."""
    make, words = MADE[case]
    path = tree / "node2" / name
    path.unlink()
    make(path)
    done = diagnose(tree)
    assert done.status == 1
    found = done.findings("CF001")
    assert [(finding["nodes"], finding["severity"]) for finding in found] == [(["node2"], "error")]
    assert str(path) in found[0]["evidence"][0]["actual"]
    assert words in found[0]["evidence"][0]["actual"]
    assert len(found[0]["title"]) < 200


def test_cf001_fault_no_permission(tree: Path) -> None:
    """A file that the user of the doctor may not read is an error that says so, and what to do."""
    (tree / "node2" / "nats.config").chmod(0)
    done = diagnose(tree, powerless=True)
    assert done.status == 1
    assert "permission denied; run as its owner or as root" in done.findings("CF001")[0]["detail"]


@pytest.mark.parametrize("locked", ["node2", "node2/accounts", "node2/storage/jetstream"])
def test_directory_without_permission(locked: str, tree: Path) -> None:
    """A directory that may not be entered is named, and what was to be read there is not taken for absent."""
    (tree / locked).chmod(0)
    try:
        # what root may read before and after is compared, so only the run itself is without its powers
        done = diagnose(tree, powerless=True)
    finally:
        (tree / locked).chmod(0o700)
    reasons = " ".join(check["reason"] for check in done.report["checks"]) + done.out
    assert f"{tree / locked}" in reasons
    assert "permission denied" in reasons
    assert not done.codes & {"JS002", "AC001", "JS005"}, "lack of permission was taken for absence"


def test_node_directory_in_a_locked_one(tree: Path) -> None:
    """A node's directory that cannot even be looked for is named, and the others are judged."""
    outer = tree / "locked"
    outer.mkdir()
    (tree / "node2").rename(outer / "node2")
    outer.chmod(0)
    nodes = [tree / "node1", outer / "node2", tree / "node3"]
    arguments = [argument for node in nodes for argument in ("--node", str(node))]
    try:
        done = doctor("run", *arguments, "--offline", "--format", "json", powerless=True)
    finally:
        outer.chmod(0o700)
    assert done.status == 1
    assert {"CF001", "CF008"} <= done.codes
    assert "permission denied" in done.out


INVALID = b"\xff\xfe\xc3\x28"


def test_invalid_utf8_in_nats_config(tree: Path) -> None:
    """nats-server takes bytes that are no UTF-8 in a comment: so does the doctor."""
    path = tree / "node2" / "nats.config"
    path.write_bytes(b"# " + INVALID + b"\n" + path.read_bytes())
    done = diagnose(tree)
    assert "CF001" not in done.codes
    assert done.check("CF001")["status"] == "passed"


def test_cf001_fault_invalid_utf8(tree: Path) -> None:
    """symphony.config is JSON, which is UTF-8: the first other byte is named with its place."""
    path = tree / "node2" / "symphony.config"
    path.write_bytes(path.read_bytes().replace(b"viewer", b"vi" + INVALID))
    done = diagnose(tree)
    assert "UTF-8" in done.findings("CF001")[0]["detail"]


@pytest.mark.parametrize("case", ["directory", "fifo", "symlink-loop", "sparse-1-gb", "binary", "empty"])
def test_ac003_fault_unusable_jwt_file(case: str, tree: Path) -> None:
    """An account's JWT file that is no readable JWT is named, whatever it is instead."""
    path = min((tree / "node2" / "accounts").glob("*.jwt"))
    path.unlink()
    MADE[case][0](path)
    done = diagnose(tree)
    assert done.status == 1
    found = done.findings("AC003")
    assert [finding["nodes"] for finding in found] == [["node2"]]
    assert str(path) in json.dumps(found[0]["evidence"])


@pytest.mark.parametrize("case", ["directory", "fifo", "symlink-loop", "sparse-1-gb", "binary", "empty", "missing"])
def test_unusable_meta_inf(case: str, tree: Path) -> None:
    """A stream directory whose meta.inf cannot be read is still a directory that is there."""
    path = next((tree / "node2").glob("storage/jetstream/*/streams/KV_symphony_roles/meta.inf"))
    path.unlink()
    MADE[case][0](path)
    done = diagnose(tree)
    assert "JS002" not in done.codes


@pytest.mark.parametrize("name", ["accounts", "storage"])
@pytest.mark.parametrize("case", ["fifo", "symlink-loop", "empty"])
def test_no_directory_where_one_is_expected(case: str, name: str, tree: Path) -> None:
    """Something else in place of the resolver's directory or of the store: what it is for is not proven."""
    path = tree / "node2" / name
    shutil.rmtree(path)
    MADE[case][0](path)
    done = diagnose(tree)
    undecided = {check["code"]: check["reason"] for check in done.report["checks"] if check["status"] == "skipped"}
    failed = {check["code"] for check in done.report["checks"] if check["status"] == "failed"}
    rule = "AC001" if name == "accounts" else "JS002"
    assert rule in failed or str(path) in undecided[rule]


def test_names_that_are_no_text(tree: Path) -> None:
    """File names may be any bytes: in every format they are shown, and nothing fails."""
    strange = os.fsdecode(b"KV_\xff\x1b[31m\n\xe2\x82")
    stream = next((tree / "node2").glob("storage/jetstream/*/streams/KV_symphony_roles"))
    shutil.copytree(stream, stream.with_name(strange))
    (tree / "node2" / "accounts" / f"{strange}.jwt").write_bytes(b"x")
    assert diagnose(tree).status == 1
    moved = tree / os.fsdecode(b"node\xfe\x1b[2J")
    (tree / "node2").rename(moved)
    nodes = [argument for name in ("node1", moved.name, "node3") for argument in ("--node", str(tree / name))]
    for format_ in ("terminal", "json"):
        done = doctor("run", *nodes, "--offline", "--format", format_)
        assert done.status == 1, done.err
        assert "\x1b" not in done.out
        assert "CF008" in done.out


def test_directory_given_twice(tree: Path) -> None:
    """One directory under two names is no second node: the message says so."""
    done = doctor("run", "--node", tree / "node1", "--node", f"other={tree / 'node1'}", "--offline")
    assert done.status == 2
    assert str(tree / "node1") in done.err


def test_secrets_in_broken_files(tree: Path) -> None:
    """A file that breaks off in a seed shows where, and nothing of what stands there."""
    for name in ("symphony.config", "nats.config"):
        path = tree / "node2" / name
        whole = path.read_bytes()
        marker = b'"signing_seed": "' if name == "symphony.config" else b"resolver_preload"
        at = whole.index(marker) + len(marker) + 30
        path.write_bytes(whole[:at] + b"\n" + whole[at:])
        done = diagnose(tree)
        shown = whole[at - 25 : at + 20].decode()
        assert not any(shown[i : i + 12] in done.out for i in range(len(shown) - 12) if shown[i : i + 12].isalnum())
        path.write_bytes(whole)
